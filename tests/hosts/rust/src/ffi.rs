//! rnn_runtime.h.
use std::ffi::c_void;
use std::os::raw::c_char;

pub type Status = i32;
pub type Handle = *mut c_void;
pub type RunFunction = unsafe extern "C" fn(*mut c_void, *const c_void, *mut c_void, i32);

macro_rules! structs {
    ($($name:ident { $($field:ident: $kind:ty),* })*) => {
        $(
            #[repr(C)]
            pub struct $name {
                pub struct_size: u32,
                $(pub $field: $kind),*
            }

            impl $name {
                /// All zero but for the size.
                pub fn sized() -> Self {
                    // SAFETY: every field is a number, a pointer or an optional function, for which zero is a value.
                    let mut value: Self = unsafe { std::mem::zeroed() };
                    value.struct_size = std::mem::size_of::<Self>() as u32;
                    value
                }
            }
        )*
    };
}

structs! {
    KernelInfo {
        is_available: i32, name: *const c_char, description: *const c_char, unavailable_reason: *const c_char, is_native: i32, is_default: i32
    }
    ModelOptions { threads: i32, kernel: *const c_char, verify_golden: i32, reserved: i32 }
    ModelInfo {
        input_count: i32, output_count: i32, state_count: i32, weight_bytes: i64, kernel: *const c_char, has_golden: i32, threads: i32
    }
    TensorInfo {
        kind: i32, name: *const c_char, dimensions: *const i32, rank: i32, element_count: i32, index_limit: i32, reserved: i32
    }
    SessionOptions { streams: i32, chunk_length: i32, reserved: i32 }
    SessionInfo {
        streams: i32, chunk_length: i32, runs_natively: i32, memory_bytes: u64, memory_alignment: u64, arena_bytes: u64, state_bytes: u64,
        managed_reason: *const c_char
    }
    NativeRun { reserved: i32, program: *mut c_void, run: Option<RunFunction> }
}

extern "C" {
    pub fn rnn_abi_version() -> u32;
    pub fn rnn_version() -> *const c_char;
    pub fn rnn_status_name(status: Status) -> *const c_char;
    pub fn rnn_last_error() -> *const c_char;
    pub fn rnn_start() -> Status;
    pub fn rnn_kernel_count(count: *mut i32) -> Status;
    pub fn rnn_kernel_at(index: i32, info: *mut KernelInfo) -> Status;
    pub fn rnn_model_load(path: *const c_char, options: *const ModelOptions, model: *mut Handle) -> Status;
    pub fn rnn_model_load_memory(data: *const c_void, size: usize, options: *const ModelOptions, model: *mut Handle) -> Status;
    pub fn rnn_model_free(model: Handle) -> Status;
    pub fn rnn_model_get_info(model: Handle, info: *mut ModelInfo) -> Status;
    pub fn rnn_model_get_input(model: Handle, index: i32, info: *mut TensorInfo) -> Status;
    pub fn rnn_model_get_output(model: Handle, index: i32, info: *mut TensorInfo) -> Status;
    pub fn rnn_model_get_state(model: Handle, index: i32, info: *mut TensorInfo) -> Status;
    pub fn rnn_model_get_session_info(model: Handle, options: *const SessionOptions, info: *mut SessionInfo) -> Status;
    pub fn rnn_session_create(model: Handle, options: *const SessionOptions, session: *mut Handle) -> Status;
    pub fn rnn_session_create_in(model: Handle, options: *const SessionOptions, memory: *mut c_void, size: usize, session: *mut Handle) -> Status;
    pub fn rnn_session_fork(session: Handle, fork: *mut Handle) -> Status;
    pub fn rnn_session_fork_in(session: Handle, memory: *mut c_void, size: usize, fork: *mut Handle) -> Status;
    pub fn rnn_session_free(session: Handle) -> Status;
    pub fn rnn_session_get_info(session: Handle, info: *mut SessionInfo) -> Status;
    pub fn rnn_session_run(session: Handle, input: *const f32, input_count: usize, output: *mut f32, output_count: usize) -> Status;
    pub fn rnn_session_run_int32(session: Handle, input: *const i32, input_count: usize, output: *mut f32, output_count: usize) -> Status;
    pub fn rnn_session_set_input(session: Handle, index: i32, data: *const f32, count: usize) -> Status;
    pub fn rnn_session_set_input_int32(session: Handle, index: i32, data: *const i32, count: usize) -> Status;
    pub fn rnn_session_run_inputs(session: Handle, time_steps: i32) -> Status;
    pub fn rnn_session_get_output(session: Handle, index: i32, data: *mut f32, count: usize) -> Status;
    pub fn rnn_session_get_output_int32(session: Handle, index: i32, data: *mut i32, count: usize) -> Status;
    pub fn rnn_session_warm_up(session: Handle, time_steps: i32) -> Status;
    pub fn rnn_session_reset(session: Handle) -> Status;
    pub fn rnn_session_reset_stream(session: Handle, stream: i32) -> Status;
    pub fn rnn_session_save_state(session: Handle, data: *mut c_void, size: usize) -> Status;
    pub fn rnn_session_load_state(session: Handle, data: *const c_void, size: usize) -> Status;
    pub fn rnn_session_get_state(session: Handle, index: i32, data: *mut f32, count: usize) -> Status;
    pub fn rnn_session_set_state(session: Handle, index: i32, data: *const f32, count: usize) -> Status;
    pub fn rnn_session_carry_state(from: Handle, to: Handle, carried: *mut i32) -> Status;
    pub fn rnn_session_get_native_run(session: Handle, run: *mut NativeRun) -> Status;
}
