use super::*;

/// What a session takes and gives: f32 and i32.
pub trait Element: sealed::Element {}
impl Element for f32 {}
impl Element for i32 {}

mod sealed {
    use super::{ffi, Session};

    /// The functions of a type.
    pub trait Element: Copy + Default {
        fn run(session: &Session, input: &[Self], output: &mut [f32]) -> ffi::Status;
        fn set(session: &Session, index: i32, data: &[Self]) -> ffi::Status;
        fn get(session: &Session, index: i32, data: &mut [Self]) -> ffi::Status;
    }

    macro_rules! element {
        ($kind:ty, $run:ident, $set:ident, $get:ident) => {
            // SAFETY of all: the handle is the session's own, slices bring their pointers and lengths.
            impl Element for $kind {
                fn run(session: &Session, input: &[Self], output: &mut [f32]) -> ffi::Status {
                    unsafe { ffi::$run(session.handle, input.as_ptr(), input.len(), output.as_mut_ptr(), output.len()) }
                }
                fn set(session: &Session, index: i32, data: &[Self]) -> ffi::Status {
                    unsafe { ffi::$set(session.handle, index, data.as_ptr(), data.len()) }
                }
                fn get(session: &Session, index: i32, data: &mut [Self]) -> ffi::Status {
                    unsafe { ffi::$get(session.handle, index, data.as_mut_ptr(), data.len()) }
                }
            }
        };
    }

    element!(f32, rnn_session_run, rnn_session_set_input, rnn_session_get_output);
    element!(i32, rnn_session_run_int32, rnn_session_set_input_int32, rnn_session_get_output_int32);
}

// SAFETY of all calls below: the handle is the session's own, pointers are to locals or slices with their lengths.
impl Session {
    /// What it is.
    pub fn info(&self) -> Result<SessionInfo> {
        let mut info = ffi::SessionInfo::sized();
        check(unsafe { ffi::rnn_session_get_info(self.handle, &mut info) })?;
        Ok(SessionInfo {
            streams: info.streams,
            chunk_length: info.chunk_length,
            runs_natively: info.runs_natively != 0,
            state_bytes: info.state_bytes as usize,
            managed_reason: optional_text(info.managed_reason),
        })
    }

    /// Runs as many steps as the input holds, of a model with one input and one output.
    pub fn run<T: Element>(&mut self, input: &[T], output: &mut [f32]) -> Result<()> {
        check(T::run(self, input, output))
    }

    /// Gives an input for the next `run_inputs`.
    pub fn set_input<T: Element>(&mut self, index: i32, data: &[T]) -> Result<()> {
        check(T::set(self, index, data))
    }

    /// Runs steps with the inputs that were given.
    pub fn run_inputs(&mut self, time_steps: i32) -> Result<()> {
        check(unsafe { ffi::rnn_session_run_inputs(self.handle, time_steps) })
    }

    /// Takes an output of the last `run_inputs`.
    pub fn get_output<T: Element>(&mut self, index: i32, data: &mut [T]) -> Result<()> {
        check(T::get(self, index, data))
    }

    /// Runs steps of zeros and puts the session into its initial state.
    pub fn warm_up(&mut self, time_steps: i32) -> Result<()> {
        check(unsafe { ffi::rnn_session_warm_up(self.handle, time_steps) })
    }

    /// Puts all streams into the initial state.
    pub fn reset(&mut self) -> Result<()> {
        check(unsafe { ffi::rnn_session_reset(self.handle) })
    }

    /// Puts one stream into the initial state.
    pub fn reset_stream(&mut self, stream: i32) -> Result<()> {
        check(unsafe { ffi::rnn_session_reset_stream(self.handle, stream) })
    }

    /// The state of all streams.
    pub fn save_state(&mut self) -> Result<Vec<u8>> {
        let mut state = vec![0; self.info()?.state_bytes];
        check(unsafe { ffi::rnn_session_save_state(self.handle, state.as_mut_ptr().cast::<c_void>(), state.len()) })?;
        Ok(state)
    }

    /// Takes a state that `save_state` gave.
    pub fn load_state(&mut self, state: &[u8]) -> Result<()> {
        check(unsafe { ffi::rnn_session_load_state(self.handle, state.as_ptr().cast::<c_void>(), state.len()) })
    }

    /// Reads a state variable.
    pub fn get_state(&mut self, index: i32, data: &mut [f32]) -> Result<()> {
        check(unsafe { ffi::rnn_session_get_state(self.handle, index, data.as_mut_ptr(), data.len()) })
    }

    /// Writes a state variable.
    pub fn set_state(&mut self, index: i32, data: &[f32]) -> Result<()> {
        check(unsafe { ffi::rnn_session_set_state(self.handle, index, data.as_ptr(), data.len()) })
    }

    /// A new session in the state of this one.
    pub fn fork(&mut self) -> Result<Session> {
        let mut handle = ptr::null_mut();
        check(unsafe { ffi::rnn_session_fork(self.handle, &mut handle) })?;
        Ok(Session { handle })
    }

    /// Copies the state variables that the other session has too, and returns how many.
    pub fn carry_state_to(&mut self, other: &mut Session) -> Result<i32> {
        let mut carried = 0;
        check(unsafe { ffi::rnn_session_carry_state(self.handle, other.handle, &mut carried) })?;
        Ok(carried)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        unsafe { ffi::rnn_session_free(self.handle) };
    }
}
