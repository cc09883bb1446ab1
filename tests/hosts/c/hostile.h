/* What the parts of the hostile host share. A call is put together of arguments that are right and, now and then, wrong; each picker that gives a wrong one
 * says which statuses it allows. A call whose arguments are all right has to succeed, one with a wrong one has to fail with one of those. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "support.h"

enum { MODELS = 5, SESSIONS = 24, FREED = 64 };

#define ALLOW(status) (1u << (status))

typedef struct kind {
    const char *file;
    blob bytes;
    rnn_model_info info;
    rnn_tensor_info inputs[2];
    rnn_tensor_info outputs[2];
} kind;

typedef struct live {
    rnn_session handle; /* null: free */
    int kind;
    int32_t streams;
    int32_t chunk_length;
    int runs_natively;
    size_t state_bytes;
    void *memory; /* of the caller, or null */
    size_t memory_bytes;
} live;

typedef struct world {
    uint64_t random;
    const char *folder;
    kind kinds[MODELS];
    rnn_model models[MODELS];
    live sessions[SESSIONS];
    const void *freed[FREED];
    unsigned freed_count;
    int32_t kernel_count;
    int has_threads;      /* whether models may have two threads here */
    int wrong_in_hundred; /* how often an argument is wrong */
    sample canary;
    rnn_model canary_model;
    rnn_session canary_session;

    /* Of the call that is under way. */
    uint32_t allowed;  /* statuses, one of which it has to fail with; 0: it has to succeed */
    uint32_t possible; /* statuses that are right too, since what was called before is not kept track of */
    const live *touched[2];
    struct {
        uint8_t *start;
        size_t bytes;
    } outputs[3]; /* what must stay as it was where the call fails */
    int output_count;

    int statuses[STATUS_COUNT]; /* how often each came */
} world;

/* Whether the next argument is to be a wrong one. */
int is_wrong(world *world);
void allow(world *world, rnn_status status);
void may_give(world *world, rnn_status status);

rnn_model pick_model(world *world, int *kind);
rnn_session pick_session(world *world, live **session);
int32_t pick_index(world *world, int32_t count);
size_t pick_count(world *world, size_t right);
/* Buffers that end at a guard page, or null. */
void *pick_input(world *world, size_t bytes);
void *pick_output(world *world, size_t bytes);
/* A struct to be filled in, with a struct_size. */
void *pick_info(world *world, size_t bytes);
uint32_t pick_struct_size(world *world, size_t right);
/* Where a handle is to be put. */
void *pick_place(world *world, void *place);
void remember_freed(world *world, const void *handle);
live *free_slot(world *world);
void fill_floats(world *world, float *values, size_t count);

/* A session with right arguments in a free slot. */
void open_session(world *world);

/* One call of a function chosen by chance. */
void call_library_or_model(world *world);
void call_session(world *world);
void call_run(world *world);

/* Checks the status of a call against what its arguments allow. */
void judge(world *world, const char *function, rnn_status status);

/* The parts that are no single calls. */
void try_models(world *world, int rounds);
void try_leaks(world *world, int rounds);
void try_modes(world *world);
void try_threads(world *world, int calls);
void try_busy(world *world);
void try_small_stacks(world *world);
void check_canary(world *world, const char *when);

#endif
