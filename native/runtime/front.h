/* What the files of the C front end share: errors, handles, models and sessions. */
#ifndef FRONT_H
#define FRONT_H

#define RNN_BUILDS_RUNTIME

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "modes.h"
#include "rnn_image.h"
#include "rnn_runtime.h"

_Static_assert(sizeof(void *) == 8, "handles and images are made of words of 64 bits");

/* ---- errors.c ---- */

/* Keeps the text for this thread and returns the status. */
__attribute__((format(printf, 2, 3))) rnn_status fail(rnn_status status, const char *format, ...);

enum { ERROR_TEXT_BYTES = 1024 };

/* The same for a status of the managed side, with the text that it wrote. The thread's own text stays where a call succeeds. */
rnn_status failed(rnn_status status, char managed_text[ERROR_TEXT_BYTES]);

/* Of a struct's first version, up to its last field then: never changes when fields are added. */
#define FIRST_SIZE(type, last) (offsetof(type, last) + sizeof(((type *)0)->last))
enum {
    FIRST_KERNEL_INFO = FIRST_SIZE(rnn_kernel_info, is_default),
    FIRST_MODEL_OPTIONS = FIRST_SIZE(rnn_model_options, reserved),
    FIRST_MODEL_INFO = FIRST_SIZE(rnn_model_info, threads),
    FIRST_TENSOR_INFO = FIRST_SIZE(rnn_tensor_info, reserved),
    FIRST_SESSION_OPTIONS = FIRST_SIZE(rnn_session_options, reserved),
    FIRST_SESSION_INFO = FIRST_SIZE(rnn_session_info, managed_reason),
    FIRST_NATIVE_RUN = FIRST_SIZE(rnn_native_run, run),
};

/* Whether two pieces of memory have a byte in common. */
static inline int overlap(const void *first, uint64_t first_bytes, const void *second, uint64_t second_bytes)
{
    const uint64_t distance = (uint64_t)(uintptr_t)second - (uint64_t)(uintptr_t)first;
    return distance < first_bytes || 0 - distance < second_bytes;
}

/* Refuses what is not from 0 to count - 1. */
rnn_status check_index(const char *kind, int32_t index, int32_t count);

/* What a struct of the caller has of the library's own: at most size bytes, and at least what the first version had. */
rnn_status check_struct(const char *name, const void *structure, size_t first_size);

/* Copies a struct of the library to the caller's, as much as both have, zeros beyond; the caller's struct_size stays. */
void copy_struct(void *target, const void *source, size_t size);

/* Reads options of the caller, which may be null: as much as both have, zeros beyond. What lies beyond the library's own must be zeros. */
rnn_status read_options(const char *name, const void *options, void *target, size_t size, size_t first_size);

/* ---- start.c, conditions.c, processor.c ---- */

/* Refuses calls that need the managed side or a lock where it is missing. */
rnn_status check_process(void);

/* Refuses where memory has come to its end: a thread's first call of the managed side would end the process. */
rnn_status check_room(void);

/* Refuses where the managed side could not start. */
rnn_status check_conditions(void);

/* The text of what the processor lacks, or null. */
const char *missing_instructions(void);

/* ---- models.c ---- */

typedef struct model model;

/* The model of a handle with one more reference. */
rnn_status model_acquire(rnn_model handle, model **result);

/* One more reference for a session of a model that has one. */
void model_retain(model *model);
void model_release(model *model);

const rnn_model_description *model_description(const model *model);

/* The managed side's model. */
void *model_managed(const model *model);

/* ---- sessions.c, handles.c ---- */

/* At the start of a session's memory, which goes on with its image and its arena. */
typedef struct session {
    rnn_image *image;
    uint8_t *arena;
    const rnn_blueprint *blueprint;
    model *model;
    const rnn_model_description *description;
    void *own_memory; /* null where the memory is the caller's */
    /* One time step of a model with one float32 input and one float32 output. */
    size_t step_input;
    size_t step_output;
    int32_t takes_floats;
    int32_t takes_indices;
} session;

/* A session that this thread is inside of. */
typedef struct call {
    session *session;
    _Atomic uint64_t *word;
    uint64_t idle;
    modes modes;
} call;

/* Where a session's handle leads. The word is its generation times four, plus INSIDE while a thread is inside, or UNUSED while there is no session, so that a handle that
 * was guessed is not taken for a busy one: one comparison tells whether the handle lives and nobody is there. Slots are never freed, so that the handle of a session that
 * another thread frees can be looked up. */
enum { INSIDE = 1, UNUSED = 2 };

typedef struct slot {
    _Atomic uint64_t word;
    session *session;
} slot;

/* A slot for a session, and its handle; RNN_OUT_OF_MEMORY. */
rnn_status handle_open(session *session, rnn_session *handle);

/* Ends the handle that the call is inside of. */
void handle_close(rnn_session handle, const call *call);

/* The slot that a handle leads to, and the word that it has while the session is idle; null for what is no handle of a session. */
slot *handle_find(rnn_session handle, uint64_t *idle);

/* Why a session could not be entered; never RNN_OK. */
rnn_status handle_refused(rnn_session handle, uint64_t found, uint64_t idle);

/* Enters a session: from here to leave no other thread is inside, and floating-point modes are the default ones. */
static inline rnn_status enter(rnn_session handle, call *call)
{
    uint64_t idle;
    slot *slot = handle_find(handle, &idle);
    uint64_t found = idle;
    if (slot == NULL || !atomic_compare_exchange_strong_explicit(&slot->word, &found, idle + INSIDE, memory_order_acquire, memory_order_relaxed)) {
        /* The compiler has to see that a call that was not entered is not used. */
        const rnn_status status = handle_refused(handle, slot == NULL ? 0 : found, idle);
        return status == RNN_OK ? RNN_INTERNAL_ERROR : status;
    }

    call->session = slot->session;
    call->word = &slot->word;
    call->idle = idle;
    call->modes = modes_enter();
    return RNN_OK;
}

static inline void leave(const call *call)
{
    modes_leave(call->modes);
    atomic_store_explicit(call->word, call->idle, memory_order_release);
}

/* ---- run.c ---- */

/* A run has been asked for; whatever was given before no longer counts. */
void forget_inputs(rnn_image *image);

/* Runs steps of a session, from and to the caller's memory or, where both are null, its buffers. */
rnn_status execute(const session *session, const void *input, void *output, int32_t time_steps);

/* Refuses indices that are beyond the table that is looked up in. */
rnn_status check_indices(const rnn_tensor *tensor, const int32_t *indices, size_t count);

/* ---- state.c ---- */

/* Puts all streams into the initial state. */
void reset_states(const session *session);

#endif
