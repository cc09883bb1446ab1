//! RnnRuntime for Rust: a safe layer over rnn_runtime.h, which says what each function does and what is real-time safe.
//!
//! A `Model` is shared by threads; a `Session` moves between them and takes `&mut self` where it runs. Values are slices, laid out
//! `[time step][stream][shape]`. A session may outlive its model.

#![deny(warnings, missing_docs)]

mod error;
mod ffi;

use std::ffi::{CStr, CString};
use std::os::raw::c_char;
use std::{ptr, slice};

pub use error::*;

const ABI_VERSION: u32 = 1;

fn check(status: ffi::Status) -> Result<()> {
    if status == 0 {
        return Ok(());
    }
    // SAFETY: the text is valid until the next failure on this thread, and is copied here.
    Err(Error { status, text: text(unsafe { ffi::rnn_last_error() }) })
}

fn text(pointer: *const c_char) -> String {
    optional_text(pointer).unwrap_or_default()
}

fn optional_text(pointer: *const c_char) -> Option<String> {
    // SAFETY: strings of the library end with a zero and live longer than this call.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

fn c_text(value: &str) -> Result<CString> {
    CString::new(value).map_err(|_| Error { status: INVALID_ARGUMENT, text: format!("{value:?} holds a zero.") })
}

/// Makes the library ready. Whatever needs it does so by itself; a host that wants to choose the moment calls this.
pub fn start() -> Result<()> {
    // SAFETY: no arguments.
    check(unsafe { ffi::rnn_start() })
}

/// The library's version, as in "0.1.0".
pub fn version() -> String {
    // SAFETY: no arguments, and a string that lives as long as the process.
    text(unsafe { ffi::rnn_version() })
}

/// A way to multiply.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// What `ModelOptions::kernel` takes.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Why it cannot run here, or None.
    pub unavailable_reason: Option<String>,
    /// Whether sessions with it run natively.
    pub is_native: bool,
    /// Whether a model takes it where none is named.
    pub is_default: bool,
}

/// All kernels, best first.
pub fn kernels() -> Result<Vec<Kernel>> {
    let mut count = 0;
    // SAFETY: the pointer is to a local.
    check(unsafe { ffi::rnn_kernel_count(&mut count) })?;
    (0..count)
        .map(|index| {
            let mut info = ffi::KernelInfo::sized();
            // SAFETY: as above.
            check(unsafe { ffi::rnn_kernel_at(index, &mut info) })?;
            let unavailable_reason = if info.is_available != 0 { None } else { Some(text(info.unavailable_reason)) };
            let (name, description) = (text(info.name), text(info.description));
            Ok(Kernel { name, description, unavailable_reason, is_native: info.is_native != 0, is_default: info.is_default != 0 })
        })
        .collect()
}

/// How a model is loaded.
#[derive(Clone, Debug, Default)]
pub struct ModelOptions {
    /// That share large layers; 0 and 1: none.
    pub threads: i32,
    /// None: the best that can run here.
    pub kernel: Option<String>,
    /// Whether to hold the model to the golden output in its file.
    pub verify_golden: bool,
}

/// Type of an input, output or state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// 32-bit floating point.
    Float32,
    /// 32-bit integers, as token ids are.
    Int32,
}

/// An input, an output or a state variable.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its type.
    pub element_type: ElementType,
    /// Of one step of one stream, outermost first.
    pub dimensions: Vec<i32>,
    /// Their product.
    pub element_count: usize,
    /// Values of an int32 input are below this; 0: any.
    pub index_limit: i32,
}

/// Weights and plan, shared by all its sessions.
#[derive(Debug)]
pub struct Model {
    handle: ffi::Handle,
}

// SAFETY: every function of a model may be called by any number of threads at once.
unsafe impl Send for Model {}
// SAFETY: as above.
unsafe impl Sync for Model {}

impl Model {
    /// Loads a .rnn file.
    pub fn load(path: &str, options: &ModelOptions) -> Result<Model> {
        let path = c_text(path)?;
        // SAFETY: a string with its zero, and pointers that are valid during the call.
        Self::with(options, |options, model| unsafe { ffi::rnn_model_load(path.as_ptr(), options, model) })
    }

    /// Loads the bytes of one.
    pub fn from_bytes(bytes: &[u8], options: &ModelOptions) -> Result<Model> {
        // SAFETY: the bytes are not needed after the call.
        Self::with(options, |options, model| unsafe { ffi::rnn_model_load_memory(bytes.as_ptr().cast(), bytes.len(), options, model) })
    }

    fn with(options: &ModelOptions, load: impl FnOnce(*const ffi::ModelOptions, *mut ffi::Handle) -> ffi::Status) -> Result<Model> {
        // SAFETY: no arguments.
        let found = unsafe { ffi::rnn_abi_version() };
        if found != ABI_VERSION {
            return Err(Error { status: INTERNAL_ERROR, text: format!("The library has version {found} of the interface; expected {ABI_VERSION}.") });
        }
        let kernel = options.kernel.as_deref().map(c_text).transpose()?;
        let mut native = ffi::ModelOptions::sized();
        native.threads = options.threads;
        native.kernel = kernel.as_ref().map_or(ptr::null(), |name| name.as_ptr());
        native.verify_golden = options.verify_golden.into();
        let mut handle = ptr::null_mut();
        check(load(&native, &mut handle))?;
        Ok(Model { handle })
    }

    fn info(&self) -> Result<ffi::ModelInfo> {
        let mut info = ffi::ModelInfo::sized();
        // SAFETY: the handle is this model's own, the pointer is to a local.
        check(unsafe { ffi::rnn_model_get_info(self.handle, &mut info) })?;
        Ok(info)
    }

    /// The kernel in use.
    pub fn kernel(&self) -> Result<String> {
        Ok(text(self.info()?.kernel))
    }

    /// Bytes of packed weights.
    pub fn weight_bytes(&self) -> Result<i64> {
        Ok(self.info()?.weight_bytes)
    }

    /// What it takes.
    pub fn inputs(&self) -> Result<Vec<Tensor>> {
        self.tensors(ffi::rnn_model_get_input, self.info()?.input_count)
    }

    /// What it gives.
    pub fn outputs(&self) -> Result<Vec<Tensor>> {
        self.tensors(ffi::rnn_model_get_output, self.info()?.output_count)
    }

    /// What its sessions remember.
    pub fn states(&self) -> Result<Vec<Tensor>> {
        self.tensors(ffi::rnn_model_get_state, self.info()?.state_count)
    }

    fn tensors(&self, get: unsafe extern "C" fn(ffi::Handle, i32, *mut ffi::TensorInfo) -> ffi::Status, count: i32) -> Result<Vec<Tensor>> {
        (0..count)
            .map(|index| {
                let mut info = ffi::TensorInfo::sized();
                // SAFETY: the handle is this model's own, the pointer is to a local.
                check(unsafe { get(self.handle, index, &mut info) })?;
                let dimensions = if info.rank == 0 {
                    Vec::new()
                } else {
                    // SAFETY: rank dimensions, which live as long as the model.
                    unsafe { slice::from_raw_parts(info.dimensions, info.rank as usize) }.to_vec()
                };
                let element_type = if info.kind == 0 { ElementType::Float32 } else { ElementType::Int32 };
                Ok(Tensor {
                    name: text(info.name),
                    element_type,
                    dimensions,
                    element_count: info.element_count as usize,
                    index_limit: info.index_limit,
                })
            })
            .collect()
    }

    /// What a session with these options would be, before one is made.
    pub fn session_info(&self, streams: i32, chunk_length: i32) -> Result<SessionInfo> {
        let (options, mut info) = (session_options(streams, chunk_length), ffi::SessionInfo::sized());
        // SAFETY: the handle is this model's own, the pointers are to locals.
        check(unsafe { ffi::rnn_model_get_session_info(self.handle, &options, &mut info) })?;
        Ok(SessionInfo::from(info))
    }

    /// A session in its initial state. A chunk length of 0 is what makes good use of the weights.
    pub fn create_session(&self, streams: i32, chunk_length: i32) -> Result<Session<'static>> {
        let options = session_options(streams, chunk_length);
        // SAFETY: the handle is this model's own, the pointers are to locals.
        Session::made(|handle| unsafe { ffi::rnn_session_create(self.handle, &options, handle) })
    }

    /// The same in memory of the caller: `SessionInfo::memory_bytes` at an address of `SessionInfo::memory_alignment`.
    pub fn create_session_in<'m>(&self, memory: &'m mut [u8], streams: i32, chunk_length: i32) -> Result<Session<'m>> {
        let options = session_options(streams, chunk_length);
        // SAFETY: as above, and the memory is the session's as long as it lives.
        Session::made(|handle| unsafe { ffi::rnn_session_create_in(self.handle, &options, memory.as_mut_ptr().cast(), memory.len(), handle) })
    }
}

fn session_options(streams: i32, chunk_length: i32) -> ffi::SessionOptions {
    let mut options = ffi::SessionOptions::sized();
    (options.streams, options.chunk_length) = (streams, chunk_length);
    options
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: the handle is this model's own and is given up once.
        unsafe { ffi::rnn_model_free(self.handle) };
    }
}

mod session;
pub use session::*;
