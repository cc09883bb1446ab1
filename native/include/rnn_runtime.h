/* RnnRuntime for native hosts: recurrent networks, loaded from .rnn files and run step by step.
 *
 *     rnn_model model;
 *     rnn_session session;
 *     if (rnn_model_load("model.rnn", NULL, &model) != RNN_OK || rnn_session_create(model, NULL, &session) != RNN_OK) {
 *         fprintf(stderr, "%s\n", rnn_last_error());
 *     }
 *     rnn_session_run(session, input, input_count, output, output_count);
 *
 * Errors. Every function that can fail returns a status. RNN_OK is 0; any other leaves a text that says what was found and what was expected
 * (rnn_last_error), and leaves results and states as they were. A null pointer, a handle that was freed or never made,
 * a wrong length, a broken model, a call from a second thread: each is a status. No function ends the process, throws, or prints. What cannot be checked is that
 * a pointer leads to as many elements as its count says.
 *
 * Handles. A handle is a number that only looks like a pointer. One that is not of this library, or was freed, is found out, also by a function that runs while
 * another thread frees it. Null is never a valid handle. A model and its sessions may be freed in any order.
 *
 * Threads. A function may be called on any thread. Each function says how it treats concurrent calls:
 *   [any]      any number of threads at once.
 *   [session]  one thread at a time for each session; a second one gets RNN_BUSY and changes nothing. Different sessions are independent.
 *
 * Real time. [real-time] marks functions that allocate nothing, take no lock, make no system call and take a time that depends on the model and the counts
 * alone, for sessions with runs_natively (rnn_session_info). A call that fails writes its text, and the first text on a thread may allocate: a real-time thread
 * that calls rnn_last_error once when it starts is free of that too. All other functions may do any of these things and may wait for others.
 *
 * Processes. A child of fork(2) may use the sessions that it has got, by [real-time] functions and on the thread that called fork; it starts, loads, creates and frees nothing.
 *
 * The process. The first call that needs it (rnn_start) starts a .NET runtime without a JIT: one thread, some 1.1 GB of address space, handlers of SIGSEGV, SIGFPE and
 * SIGRTMIN, which pass on what is not theirs; it draws from lrand48. The library cannot be unloaded; several copies of it do not disturb each other. Variables named DOTNET_... change nothing.
 *
 * Stack. Loading a model and making sessions need 256 KB of stack; less is RNN_OUT_OF_MEMORY. Everything else needs 64 KB.
 *
 * Numbers. Results have the same bits on every machine and with every kernel. Floating-point modes of the calling thread (flush to zero, rounding, trapped
 * exceptions) are set aside during a call and put back; they change nothing. Infinity and NaN are numbers like all others. Magnitudes below 2^-80 in inputs and states
 * count as zero, so that a signal that fades out slows nothing down.
 *
 * Data is laid out [time step][stream][shape], dense, in native byte order. Strings are UTF-8 and end with a zero. */
#ifndef RNN_RUNTIME_H
#define RNN_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && defined(RNN_BUILDS_RUNTIME)
#define RNN_API __declspec(dllexport)
#elif defined(_WIN32)
#define RNN_API __declspec(dllimport)
#else
#define RNN_API __attribute__((visibility("default")))
#endif

/* Of this header. It rises when a function or a field changes its meaning; functions, statuses and fields at the end of structs may be added without. */
#define RNN_ABI_VERSION 1

typedef struct rnn_model_handle *rnn_model;
typedef struct rnn_session_handle *rnn_session;

typedef int32_t rnn_status;
enum {
    RNN_OK = 0,
    RNN_INVALID_ARGUMENT = 1,      /* a null pointer, a number out of range, a struct_size that is no version of the struct */
    RNN_INVALID_HANDLE = 2,        /* no handle of this library, one of another kind, or one that was freed */
    RNN_WRONG_LENGTH = 3,          /* a count does not fit */
    RNN_WRONG_TYPE = 4,            /* float32 values for an int32 tensor or the other way round, or a model with other inputs and outputs than the call takes */
    RNN_BUSY = 5,                  /* another thread is inside this session */
    RNN_NOT_READY = 6,             /* an input was not given, nothing has run yet, or the process is a child of fork(2) */
    RNN_IO_ERROR = 7,              /* the file cannot be read */
    RNN_INVALID_MODEL = 8,         /* the bytes are no valid model, or do not give their own golden outputs */
    RNN_UNKNOWN_KERNEL = 9,        /* the kernel is unknown, or cannot run here; the text lists those that can */
    RNN_OUT_OF_MEMORY = 10,        /* the memory or the address space is not to be had */
    RNN_UNSUPPORTED_PROCESSOR = 11, /* the processor lacks instructions that the library is compiled for */
    RNN_STATE_MISMATCH = 12,       /* the saved state is of another model, version or number of streams */
    RNN_NOT_NATIVE = 13,           /* the session's steps are run by managed code */
    RNN_INTERNAL_ERROR = 14        /* a defect of the library */
};

/* ---- The library ---- */

/* RNN_ABI_VERSION of the library. [any] [real-time] */
RNN_API uint32_t rnn_abi_version(void);

/* Its version, as in "0.1.0". [any] [real-time] */
RNN_API const char *rnn_version(void);

/* The name of a status, as in "RNN_OK"; never null. [any] [real-time] */
RNN_API const char *rnn_status_name(rnn_status status);

/* What the last failed call on this thread said; "" before one failed. A call that succeeds leaves it. Valid until the next failure on the thread, and never null.
 * [any] [real-time] but for the first call on a thread. */
RNN_API const char *rnn_last_error(void);

/* Makes the library ready: a few milliseconds, once a process. Whatever needs it does so by itself; a host that wants to choose the moment calls this.
 * RNN_UNSUPPORTED_PROCESSOR, RNN_OUT_OF_MEMORY. [any] */
RNN_API rnn_status rnn_start(void);

/* ---- Kernels ---- */

typedef struct rnn_kernel_info {
    uint32_t struct_size; /* set to sizeof(rnn_kernel_info) by the caller, here and in all structs below */
    int32_t is_available; /* whether it can run here */
    const char *name;     /* what rnn_model_options.kernel takes */
    const char *description;
    const char *unavailable_reason; /* null where it is available */
    int32_t is_native;    /* whether sessions with it run natively */
    int32_t is_default;   /* whether a model takes it where none is named */
} rnn_kernel_info;

/* How many kernels there are, best first. [any] */
RNN_API rnn_status rnn_kernel_count(int32_t *count);

/* One of them; its strings live as long as the process. [any] */
RNN_API rnn_status rnn_kernel_at(int32_t index, rnn_kernel_info *info);

/* ---- Models ---- */

typedef struct rnn_model_options {
    uint32_t struct_size;
    int32_t threads;      /* 0 or 1: the calling thread alone. More share large layers, with the same bits; then sessions do not run natively. */
    const char *kernel;   /* null: the environment variable RNNRUNTIME_KERNEL, or the best that can run here */
    int32_t verify_golden; /* whether to run the golden input that the file holds, and to refuse other outputs */
    int32_t reserved;     /* 0 */
} rnn_model_options;

typedef struct rnn_model_info {
    uint32_t struct_size;
    int32_t input_count;
    int32_t output_count;
    int32_t state_count;
    int64_t weight_bytes; /* packed weights: one copy for all sessions */
    const char *kernel;   /* the kernel in use; lives as long as the model */
    int32_t has_golden;
    int32_t threads;
} rnn_model_info;

enum { RNN_TYPE_FLOAT32 = 0, RNN_TYPE_INT32 = 1 };

typedef struct rnn_tensor_info {
    uint32_t struct_size;
    int32_t type;              /* RNN_TYPE_ */
    const char *name;          /* name and dimensions live as long as the model */
    const int32_t *dimensions; /* of one step of one stream, outermost first */
    int32_t rank;              /* 0: a scalar */
    int32_t element_count;     /* product of the dimensions */
    int32_t index_limit;       /* values of an int32 input are at least 0 and below this; 0: any */
    int32_t reserved;
} rnn_tensor_info;

/* Loads a .rnn file (`rnn convert` makes them of ONNX, Keras, PyTorch, ... files). The file is not needed afterwards. Options may be null.
 * The caller owns the model. [any] */
RNN_API rnn_status rnn_model_load(const char *path, const rnn_model_options *options, rnn_model *model);

/* The same of bytes in memory, which are not needed afterwards. [any] */
RNN_API rnn_status rnn_model_load_memory(const void *data, size_t size, const rnn_model_options *options, rnn_model *model);

/* Gives the handle up. Weights are freed with the last session of the model. [any] */
RNN_API rnn_status rnn_model_free(rnn_model model);

/* What is in it. [any] */
RNN_API rnn_status rnn_model_get_info(rnn_model model, rnn_model_info *info);
RNN_API rnn_status rnn_model_get_input(rnn_model model, int32_t index, rnn_tensor_info *info);
RNN_API rnn_status rnn_model_get_output(rnn_model model, int32_t index, rnn_tensor_info *info);
RNN_API rnn_status rnn_model_get_state(rnn_model model, int32_t index, rnn_tensor_info *info);

/* ---- Sessions ---- */

typedef struct rnn_session_options {
    uint32_t struct_size;
    int32_t streams;      /* that advance together, 1 to 65,536; 0: 1. Streams times chunk_length, and times the elements of a tensor: at most 2^29. */
    int32_t chunk_length; /* steps that run together inside a long call, and at most in rnn_session_run_inputs, 1 to 65,536; 0: what makes good use of the weights;
                             1 makes the smallest session */
    int32_t reserved;     /* 0 */
} rnn_session_options;

typedef struct rnn_session_info {
    uint32_t struct_size;
    int32_t streams;
    int32_t chunk_length;
    int32_t runs_natively;      /* whether the functions marked [real-time] are */
    uint64_t memory_bytes;      /* what rnn_session_create_in wants: all memory of a session, states, scratch and its program */
    uint64_t memory_alignment;  /* of the start of that memory */
    uint64_t arena_bytes;       /* of memory_bytes: states and scratch */
    uint64_t state_bytes;       /* of a saved state */
    const char *managed_reason; /* why it does not run natively, or null; lives as long as the model */
} rnn_session_info;

/* What a session with these options would be, before one is made. Options may be null, here and below. [any] */
RNN_API rnn_status rnn_model_get_session_info(rnn_model model, const rnn_session_options *options, rnn_session_info *info);

/* Makes a session in its initial state, in memory of the library. The caller owns it. Each pair of streams and chunk_length that a model's sessions are made with
 * keeps a few kilobytes until the model is freed. [any] */
RNN_API rnn_status rnn_session_create(rnn_model model, const rnn_session_options *options, rnn_session *session);

/* The same in the caller's memory: at least memory_bytes, which nobody else touches until the session is freed. [any] */
RNN_API rnn_status rnn_session_create_in(rnn_model model, const rnn_session_options *options, void *memory, size_t size, rnn_session *session);

/* A new session of the same model and options in the state of this one, which goes its own way from here. Inputs that were given are not carried over. [session] */
RNN_API rnn_status rnn_session_fork(rnn_session session, rnn_session *fork);
RNN_API rnn_status rnn_session_fork_in(rnn_session session, void *memory, size_t size, rnn_session *fork);

/* Frees a session; memory of the caller is the caller's again. [session] */
RNN_API rnn_status rnn_session_free(rnn_session session);

/* What it is. [session] [real-time] */
RNN_API rnn_status rnn_session_get_info(rnn_session session, rnn_session_info *info);

/* ---- Running ---- */

/* Runs T steps of a model with one input and one output, float32 each: input_count is T * streams * elements of the input, output_count T * streams * elements of
 * the output. The output may be the input's memory where both have as many elements a step; otherwise they do not overlap. [session] [real-time] */
RNN_API rnn_status rnn_session_run(rnn_session session, const float *input, size_t input_count, float *output, size_t output_count);

/* The same where the input is int32 (token ids). An index that is out of range is refused before anything runs. [session] [real-time] */
RNN_API rnn_status rnn_session_run_int32(rnn_session session, const int32_t *input, size_t input_count, float *output, size_t output_count);

/* Models with more inputs or outputs: give each input for T steps (T * streams * elements, T at most chunk_length), run T steps, get each output. An input stays until it
 * is given again, or a plain call (rnn_session_run) or a warm-up runs; outputs are those of the last rnn_session_run_inputs. [session] [real-time] */
RNN_API rnn_status rnn_session_set_input(rnn_session session, int32_t index, const float *data, size_t count);
RNN_API rnn_status rnn_session_set_input_int32(rnn_session session, int32_t index, const int32_t *data, size_t count);
RNN_API rnn_status rnn_session_run_inputs(rnn_session session, int32_t time_steps);
RNN_API rnn_status rnn_session_get_output(rnn_session session, int32_t index, float *data, size_t count);
RNN_API rnn_status rnn_session_get_output_int32(rnn_session session, int32_t index, int32_t *data, size_t count);

/* Runs steps of zeros (at least 1) and puts the session into its initial state, so that the first real step finds memory, caches and branch predictors ready. Inputs have
 * to be given anew. [session] [real-time] */
RNN_API rnn_status rnn_session_warm_up(rnn_session session, int32_t time_steps);

/* ---- State ---- */

/* Puts all streams, or one, into the initial state. [session] [real-time] */
RNN_API rnn_status rnn_session_reset(rnn_session session);
RNN_API rnn_status rnn_session_reset_stream(rnn_session session, int32_t stream);

/* Writes and reads the state of all streams: exactly state_bytes, the same for all kernels, chunk lengths and machines. [session] [real-time] */
RNN_API rnn_status rnn_session_save_state(rnn_session session, void *data, size_t size);
RNN_API rnn_status rnn_session_load_state(rnn_session session, const void *data, size_t size);

/* One state variable: streams * elements. [session] [real-time] */
RNN_API rnn_status rnn_session_get_state(rnn_session session, int32_t index, float *data, size_t count);
RNN_API rnn_status rnn_session_set_state(rnn_session session, int32_t index, const float *data, size_t count);

/* Copies the state variables of one session to those of another that have the same name, number of elements and, where both are kept as rings (delays, causal convolutions), length;
 * the others keep what they have. Both sessions have as
 * many streams; the models may differ, as when one replaces the other while a signal goes on. carried, which may be null, receives how many were copied.
 * [session] for both [real-time] */
RNN_API rnn_status rnn_session_carry_state(rnn_session from, rnn_session to, int32_t *carried);

/* ---- Without checks ---- */

typedef struct rnn_native_run {
    uint32_t struct_size;
    int32_t reserved;
    void *program;
    /* input and output as for rnn_session_run, of time_steps steps; int32 inputs where the model takes those. */
    void (*run)(void *program, const void *input, void *output, int32_t time_steps);
} rnn_native_run;

/* The session's program and the function that runs it, for a host that has checked lengths, indices and threads itself and has default floating-point modes.
 * Valid until the session is freed. RNN_NOT_NATIVE, RNN_WRONG_TYPE. [session] [real-time] */
RNN_API rnn_status rnn_session_get_native_run(rnn_session session, rnn_native_run *run);

#ifdef __cplusplus
}
#endif

#endif
