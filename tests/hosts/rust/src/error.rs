use super::{ffi, text};
use std::fmt;

/// What was found and what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// A status of the header.
    pub status: i32,
    /// The library's words.
    pub text: String,
}

impl Error {
    /// As in "RNN_WRONG_LENGTH".
    pub fn status_name(&self) -> String {
        status_name(self.status)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.status_name(), self.text)
    }
}

impl std::error::Error for Error {}

/// Ok, or why not.
pub type Result<T> = std::result::Result<T, Error>;

/// The name of a status, as in "RNN_OK".
pub fn status_name(status: i32) -> String {
    // SAFETY: the name of any status is a string that lives as long as the process.
    text(unsafe { ffi::rnn_status_name(status) })
}

/// RNN_OK.
pub const OK: i32 = 0;
/// RNN_INVALID_ARGUMENT.
pub const INVALID_ARGUMENT: i32 = 1;
/// RNN_INVALID_HANDLE.
pub const INVALID_HANDLE: i32 = 2;
/// RNN_WRONG_LENGTH.
pub const WRONG_LENGTH: i32 = 3;
/// RNN_WRONG_TYPE.
pub const WRONG_TYPE: i32 = 4;
/// RNN_BUSY.
pub const BUSY: i32 = 5;
/// RNN_NOT_READY.
pub const NOT_READY: i32 = 6;
/// RNN_IO_ERROR.
pub const IO_ERROR: i32 = 7;
/// RNN_INVALID_MODEL.
pub const INVALID_MODEL: i32 = 8;
/// RNN_UNKNOWN_KERNEL.
pub const UNKNOWN_KERNEL: i32 = 9;
/// RNN_OUT_OF_MEMORY.
pub const OUT_OF_MEMORY: i32 = 10;
/// RNN_UNSUPPORTED_PROCESSOR.
pub const UNSUPPORTED_PROCESSOR: i32 = 11;
/// RNN_STATE_MISMATCH.
pub const STATE_MISMATCH: i32 = 12;
/// RNN_NOT_NATIVE.
pub const NOT_NATIVE: i32 = 13;
/// RNN_INTERNAL_ERROR.
pub const INTERNAL_ERROR: i32 = 14;
