use super::*;
use std::ffi::c_void;
use std::marker::PhantomData;

/// What a session is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// That advance together.
    pub streams: i32,
    /// Steps that run together.
    pub chunk_length: i32,
    /// Whether steps are real-time safe.
    pub runs_natively: bool,
    /// What `create_session_in` wants: states, scratch and the program.
    pub memory_bytes: usize,
    /// Of the start of that memory.
    pub memory_alignment: usize,
    /// States and scratch alone.
    pub arena_bytes: usize,
    /// Bytes of a saved state.
    pub state_bytes: usize,
    /// Why it does not run natively, or None.
    pub managed_reason: Option<String>,
}

impl SessionInfo {
    pub(crate) fn from(info: ffi::SessionInfo) -> SessionInfo {
        SessionInfo {
            streams: info.streams,
            chunk_length: info.chunk_length,
            runs_natively: info.runs_natively != 0,
            memory_bytes: info.memory_bytes as usize,
            memory_alignment: info.memory_alignment as usize,
            arena_bytes: info.arena_bytes as usize,
            state_bytes: info.state_bytes as usize,
            managed_reason: optional_text(info.managed_reason),
        }
    }
}

/// One or more streams: states and scratch, in memory of the library or of the caller.
#[derive(Debug)]
pub struct Session<'memory> {
    handle: ffi::Handle,
    memory: PhantomData<&'memory mut [u8]>,
}

// SAFETY: a session takes one thread at a time, any of them; it is not Sync.
unsafe impl Send for Session<'_> {}

/// A session's program and the function that runs it without checks.
#[derive(Debug)]
pub struct NativeRun<'session> {
    program: *mut c_void,
    run: ffi::RunFunction,
    session: PhantomData<&'session mut ffi::Handle>,
}

impl NativeRun<'_> {
    /// Runs steps of a model with one input and one output.
    ///
    /// # Safety
    ///
    /// The input has the model's type, both slices have so many steps of all streams, indices are in range, and the floating-point modes are the default ones.
    pub unsafe fn run<T: Element>(&mut self, input: &[T], output: &mut [f32], time_steps: i32) {
        (self.run)(self.program, input.as_ptr().cast(), output.as_mut_ptr().cast(), time_steps);
    }
}

/// What a session takes and gives: f32 and i32.
pub trait Element: sealed::Element {}
impl Element for f32 {}
impl Element for i32 {}

mod sealed {
    use super::{ffi, Session};

    /// The functions of a type.
    pub trait Element: Copy + Default {
        fn run(session: &Session<'_>, input: &[Self], output: &mut [f32]) -> ffi::Status;
        fn set(session: &Session<'_>, index: i32, data: &[Self]) -> ffi::Status;
        fn get(session: &Session<'_>, index: i32, data: &mut [Self]) -> ffi::Status;
    }

    macro_rules! element {
        ($kind:ty, $run:ident, $set:ident, $get:ident) => {
            // SAFETY of all: the handle is the session's own, slices bring their pointers and lengths.
            impl Element for $kind {
                fn run(session: &Session<'_>, input: &[Self], output: &mut [f32]) -> ffi::Status {
                    unsafe { ffi::$run(session.handle, input.as_ptr(), input.len(), output.as_mut_ptr(), output.len()) }
                }
                fn set(session: &Session<'_>, index: i32, data: &[Self]) -> ffi::Status {
                    unsafe { ffi::$set(session.handle, index, data.as_ptr(), data.len()) }
                }
                fn get(session: &Session<'_>, index: i32, data: &mut [Self]) -> ffi::Status {
                    unsafe { ffi::$get(session.handle, index, data.as_mut_ptr(), data.len()) }
                }
            }
        };
    }

    element!(f32, rnn_session_run, rnn_session_set_input, rnn_session_get_output);
    element!(i32, rnn_session_run_int32, rnn_session_set_input_int32, rnn_session_get_output_int32);
}

// SAFETY of all calls below: the handle is the session's own, pointers are to locals or slices with their lengths.
impl<'memory> Session<'memory> {
    pub(crate) fn made(make: impl FnOnce(*mut ffi::Handle) -> ffi::Status) -> Result<Session<'memory>> {
        let mut handle = ptr::null_mut();
        check(make(&mut handle))?;
        Ok(Session { handle, memory: PhantomData })
    }

    /// What it is.
    pub fn info(&self) -> Result<SessionInfo> {
        let mut info = ffi::SessionInfo::sized();
        check(unsafe { ffi::rnn_session_get_info(self.handle, &mut info) })?;
        Ok(SessionInfo::from(info))
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
    pub fn fork(&mut self) -> Result<Session<'static>> {
        Session::made(|handle| unsafe { ffi::rnn_session_fork(self.handle, handle) })
    }

    /// The same in memory of the caller, as for `Model::create_session_in`.
    pub fn fork_in<'m>(&mut self, memory: &'m mut [u8]) -> Result<Session<'m>> {
        Session::made(|handle| unsafe { ffi::rnn_session_fork_in(self.handle, memory.as_mut_ptr().cast(), memory.len(), handle) })
    }

    /// Its program, where it runs natively.
    pub fn native_run(&mut self) -> Result<NativeRun<'_>> {
        let mut native = ffi::NativeRun::sized();
        check(unsafe { ffi::rnn_session_get_native_run(self.handle, &mut native) })?;
        let run = native.run.ok_or_else(|| Error { status: INTERNAL_ERROR, text: "There is no function that runs the program.".into() })?;
        Ok(NativeRun { program: native.program, run, session: PhantomData })
    }

    /// Copies the state variables that the other session has too, and returns how many.
    pub fn carry_state_to(&mut self, other: &mut Session<'_>) -> Result<i32> {
        let mut carried = 0;
        check(unsafe { ffi::rnn_session_carry_state(self.handle, other.handle, &mut carried) })?;
        Ok(carried)
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        unsafe { ffi::rnn_session_free(self.handle) };
    }
}
