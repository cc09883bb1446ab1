/* What a session that another thread is inside of gives: RNN_BUSY from every function marked [session], and nothing changed. */

#define _DEFAULT_SOURCE
#include "hostile.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 200 };

/* One long call by a thread of its own. */
typedef struct long_run {
    const sample *sample;
    rnn_session session;
    size_t steps;
    const void *input;
    float *output;
    rnn_status status;
    atomic_int has_ended;
} long_run;

/* Memory for what the refused calls would write and read. */
typedef struct room {
    void *memory;
    size_t memory_bytes;
    void *state;
    size_t state_bytes;
    float *values;
    size_t variable; /* values of the first state variable */
} room;

static rnn_status run_all(const sample *sample, rnn_session session, const void *input, float *output, size_t steps)
{
    const size_t inputs = steps * (size_t)sample->inputs, outputs = steps * (size_t)sample->outputs;
    return sample->is_int32 ? rnn_session_run_int32(session, input, inputs, output, outputs) : rnn_session_run(session, input, inputs, output, outputs);
}

static void *run_long(void *argument)
{
    long_run *run = argument;
    run->status = run_all(run->sample, run->session, run->input, run->output, run->steps);
    atomic_store(&run->has_ended, 1);
    return NULL;
}

/* Each function with right arguments. Returns whether all found the session busy; a first one that did not came when the long call had ended. */
static int all_are_busy(const long_run *run, rnn_session other, const room *room)
{
    const sample *sample = run->sample;
    const rnn_session session = run->session;
    const size_t inputs = (size_t)sample->inputs, outputs = (size_t)sample->outputs;
    const void *input = sample->input;
    rnn_session fork = NULL;
    rnn_session_info info = {.struct_size = sizeof info};
    rnn_native_run native = {.struct_size = sizeof native};
#define IS_BUSY(call)                                                                                                                                        \
    do {                                                                                                                                                     \
        const rnn_status status = (call);                                                                                                                    \
        expect(status == RNN_BUSY || status == RNN_OK, "%s of a busy session: %s", #call, rnn_status_name(status));                                          \
        if (status != RNN_BUSY) {                                                                                                                            \
            rnn_session_free(fork);                                                                                                                          \
            return 0;                                                                                                                                        \
        }                                                                                                                                                    \
    } while (0)
    IS_BUSY(rnn_session_get_info(session, &info));
    IS_BUSY(rnn_session_reset(session));
    IS_BUSY(rnn_session_reset_stream(session, 0));
    IS_BUSY(rnn_session_warm_up(session, 1));
    IS_BUSY(run_all(sample, session, input, room->values, 1));
    IS_BUSY(sample->is_int32 ? rnn_session_set_input_int32(session, 0, input, inputs) : rnn_session_set_input(session, 0, input, inputs));
    IS_BUSY(rnn_session_run_inputs(session, 1));
    IS_BUSY(rnn_session_get_output(session, 0, room->values, outputs));
    IS_BUSY(rnn_session_save_state(session, room->state, room->state_bytes));
    IS_BUSY(rnn_session_load_state(session, room->state, room->state_bytes));
    IS_BUSY(rnn_session_get_state(session, 0, room->values, room->variable));
    IS_BUSY(rnn_session_set_state(session, 0, room->values, room->variable));
    IS_BUSY(rnn_session_carry_state(session, other, NULL));
    IS_BUSY(rnn_session_carry_state(other, session, NULL));
    IS_BUSY(rnn_session_get_native_run(session, &native));
    IS_BUSY(rnn_session_fork(session, &fork));
    IS_BUSY(rnn_session_fork_in(session, room->memory, room->memory_bytes, &fork));
    IS_BUSY(rnn_session_free(session));
#undef IS_BUSY
    return 1;
}

/* A session whose inputs were given and which has run them, so that every call is a right one. */
static rnn_session open_ready(const sample *sample, rnn_model model, float *output)
{
    rnn_session session = NULL;
    EXPECT_OK(rnn_session_create(model, NULL, &session));
    EXPECT_OK(sample->is_int32 ? rnn_session_set_input_int32(session, 0, sample->input, (size_t)sample->inputs)
                               : rnn_session_set_input(session, 0, sample->input, (size_t)sample->inputs));
    EXPECT_OK(rnn_session_run_inputs(session, 1));
    EXPECT_OK(rnn_session_get_output(session, 0, output, (size_t)sample->outputs));
    return session;
}

/* Whether the long call was caught and every other one refused while it went on. */
static int try_once(long_run *run, rnn_model model, const room *room, const float *expected, const void *expected_state)
{
    const size_t bytes = run->steps * (size_t)run->sample->outputs * sizeof(float);
    const rnn_session other = open_ready(run->sample, model, room->values);
    run->session = open_ready(run->sample, model, room->values);
    atomic_store(&run->has_ended, 0);
    memset(run->output, 0, bytes);
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_long, run) != 0) {
        give_up("cannot start a thread");
    }

    /* A call that leaves the session as it is, until it is refused. */
    rnn_session_info info = {.struct_size = sizeof info};
    rnn_status status;
    while ((status = rnn_session_get_info(run->session, &info)) == RNN_OK && !atomic_load(&run->has_ended)) {
        sched_yield();
    }

    expect(status == RNN_OK || status == RNN_BUSY, "rnn_session_get_info beside a long call: %s", rnn_status_name(status));
    const int caught = status == RNN_BUSY && all_are_busy(run, other, room);
    pthread_join(thread, NULL);
    if (caught) {
        check_status(run->status, RNN_OK, "the call that others found the session busy with");
        check(memcmp(run->output, expected, bytes) == 0, "the output of that call", "other bits");
        EXPECT_OK(rnn_session_save_state(run->session, room->state, room->state_bytes));
        check(memcmp(room->state, expected_state, room->state_bytes) == 0, "the state after that call", "another state");
    }

    /* The long call itself is refused where rnn_session_get_info is inside; and a free that came after it has taken the session. */
    expect(caught || run->status == RNN_OK || run->status == RNN_BUSY || run->status == RNN_INVALID_HANDLE, "a long call: %s", rnn_status_name(run->status));
    status = rnn_session_free(run->session);
    expect(status == RNN_OK || (!caught && status == RNN_INVALID_HANDLE), "rnn_session_free after a long call: %s", rnn_status_name(status));
    EXPECT_OK(rnn_session_free(other));
    return caught;
}

static void *repeated(const sample *sample, size_t repeats)
{
    const size_t bytes = (size_t)sample->steps * (size_t)sample->inputs * 4;
    uint8_t *input = malloc(repeats * bytes);
    for (size_t i = 0; i < repeats; i++) {
        memcpy(input + i * bytes, sample->input, bytes);
    }

    return input;
}

static void try_sample(const char *folder, const char *name, size_t repeats)
{
    const sample sample = read_sample(folder, name);
    rnn_model model;
    rnn_session_info info = {.struct_size = sizeof info};
    rnn_tensor_info state = {.struct_size = sizeof state};
    EXPECT_OK(rnn_model_load_memory(sample.file.data, sample.file.size, NULL, &model));
    EXPECT_OK(rnn_model_get_session_info(model, NULL, &info));
    EXPECT_OK(rnn_model_get_state(model, 0, &state));
    const size_t steps = (size_t)sample.steps * repeats, bytes = steps * (size_t)sample.outputs * sizeof(float), variable = (size_t)state.element_count;
    const size_t values = variable > (size_t)sample.outputs ? variable : (size_t)sample.outputs;
    const room room = {
        .memory = guarded((size_t)info.memory_bytes), .memory_bytes = (size_t)info.memory_bytes, .state = malloc((size_t)info.state_bytes),
        .state_bytes = (size_t)info.state_bytes, .values = calloc(values, sizeof(float)), .variable = variable,
    };
    long_run run = {.sample = &sample, .steps = steps, .input = repeated(&sample, repeats), .output = malloc(bytes)};

    /* What one thread alone gets. */
    float *expected = malloc(bytes);
    void *expected_state = malloc(room.state_bytes);
    const rnn_session alone = open_ready(&sample, model, room.values);
    EXPECT_OK(run_all(&sample, alone, run.input, expected, steps));
    EXPECT_OK(rnn_session_save_state(alone, expected_state, room.state_bytes));
    EXPECT_OK(rnn_session_save_state(alone, room.state, room.state_bytes));
    EXPECT_OK(rnn_session_free(alone));

    int attempts = 0, caught = 0;
    while (!caught && attempts < ATTEMPTS) {
        attempts++;
        caught = try_once(&run, model, &room, expected, expected_state);
    }

    printf("%s: a call of %zu steps, caught in attempt %d\n", name, steps, attempts);
    check(caught, "every function of a session that another thread is inside of gives RNN_BUSY", "not in %d attempts", attempts);
    EXPECT_OK(rnn_model_free(model));
    release_guarded(room.memory, room.memory_bytes);
    free(room.state);
    free(room.values);
    free((void *)(uintptr_t)run.input);
    free(run.output);
    free(expected);
    free(expected_state);
    free_sample(&sample);
}

void try_busy(world *world)
{
    const int before = failures();
    /* Long enough for a processor that all threads share to change between them. */
    try_sample(world->folder, "cell", 150);
    try_sample(world->folder, "charlm", 10);
    check(failures() == before, "busy sessions", "%d failures", failures() - before);
}
