/* Many threads on the same handles, which come and go under them, and threads with little stack. */

#define _DEFAULT_SOURCE
#include "hostile.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, SHARED = 6, STEPS = 3 };

typedef struct crowd {
    world *world;
    int calls;
    _Atomic(rnn_session) sessions[SHARED];
    _Atomic(rnn_model) model;
    rnn_session counted; /* never freed: every run that succeeds is counted */
    atomic_int runs;
    atomic_int busy;
    size_t state_bytes;
    uint64_t seed;
} crowd;

typedef struct member {
    crowd *crowd;
    uint64_t random;
} member;

static void expect_one_of(const char *call, rnn_status status, uint32_t right)
{
    expect(status >= 0 && status < 32 && (right & ALLOW(status)) != 0, "%s: %s: %s", call, rnn_status_name(status), rnn_last_error());
    expect(status == RNN_OK || rnn_last_error()[0] != 0, "%s: no text", call);
}

/* Puts another session into a place; whoever takes the old one out frees it, while others may be inside. */
static void replace(crowd *crowd, int place, rnn_session session)
{
    const rnn_session old = atomic_exchange(&crowd->sessions[place], session);
    rnn_status status;
    do {
        status = rnn_session_free(old);
    } while (status == RNN_BUSY);
    expect_one_of("rnn_session_free", status, ALLOW(RNN_OK));
    expect_one_of("a second rnn_session_free", rnn_session_free(old), ALLOW(RNN_INVALID_HANDLE));
}

static void *take_part(void *argument)
{
    member *self = argument;
    crowd *crowd = self->crowd;
    const sample *cell = &crowd->world->canary;
    const uint32_t usual = ALLOW(RNN_OK) | ALLOW(RNN_BUSY) | ALLOW(RNN_INVALID_HANDLE);
    float *output = calloc((size_t)cell->steps * (size_t)cell->outputs, sizeof *output);
    uint8_t *state = calloc(1, crowd->state_bytes);
    for (int i = 0; i < crowd->calls; i++) {
        const int place = random_below(&self->random, SHARED);
        const rnn_session session = atomic_load(&crowd->sessions[place]);
        const rnn_model model = atomic_load(&crowd->model);
        rnn_session other;
        rnn_status status;
        switch (random_below(&self->random, 16)) {
        case 0:
            status = rnn_session_fork(session, &other);
            expect_one_of("rnn_session_fork", status, usual);
            if (status == RNN_OK) {
                replace(crowd, place, other);
            }
            break;
        case 1:
            status = rnn_session_create(model, NULL, &other);
            expect_one_of("rnn_session_create", status, ALLOW(RNN_OK) | ALLOW(RNN_INVALID_HANDLE));
            if (status == RNN_OK) {
                replace(crowd, place, other);
            }
            break;
        case 2: {
            rnn_model_info info = {.struct_size = sizeof info};
            expect_one_of("rnn_model_get_info", rnn_model_get_info(model, &info), ALLOW(RNN_OK) | ALLOW(RNN_INVALID_HANDLE));
            break;
        }
        case 3:
            /* A new model in place of the old one, whose sessions go on. */
            if (random_below(&self->random, 20) == 0) {
                rnn_model loaded;
                EXPECT_OK(rnn_model_load_memory(cell->file.data, cell->file.size, NULL, &loaded));
                EXPECT_OK(rnn_model_free(atomic_exchange(&crowd->model, loaded)));
            }
            break;
        case 4: expect_one_of("rnn_session_save_state", rnn_session_save_state(session, state, crowd->state_bytes), usual); break;
        case 5: expect_one_of("rnn_session_reset", rnn_session_reset(session), usual); break;
        case 6: expect_one_of("rnn_session_warm_up", rnn_session_warm_up(session, 2), usual); break;
        case 7: expect_one_of("rnn_session_carry_state", rnn_session_carry_state(session, atomic_load(&crowd->sessions[(place + 1) % SHARED]), NULL), usual); break;
        case 8: {
            rnn_session_info info = {.struct_size = sizeof info};
            expect_one_of("rnn_session_get_info", rnn_session_get_info(session, &info), usual);
            break;
        }
        case 9:
        case 10:
        case 11:
            status = run_steps(cell, crowd->counted, 0, STEPS, output);
            expect_one_of("rnn_session_run", status, ALLOW(RNN_OK) | ALLOW(RNN_BUSY));
            atomic_fetch_add(status == RNN_OK ? &crowd->runs : &crowd->busy, 1);
            break;
        default: expect_one_of("rnn_session_run", run_steps(cell, session, 0, STEPS, output), usual); break;
        }
    }

    free(output);
    free(state);
    return NULL;
}

void try_threads(world *world, int calls)
{
    const int before = failures();
    const sample *cell = &world->canary;
    crowd crowd = {.world = world, .calls = calls};
    rnn_model model;
    rnn_session_info info = {.struct_size = sizeof info};
    EXPECT_OK(rnn_model_load_memory(cell->file.data, cell->file.size, NULL, &model));
    atomic_init(&crowd.model, model);
    for (int i = 0; i < SHARED; i++) {
        rnn_session session = NULL;
        EXPECT_OK(rnn_session_create(model, NULL, &session));
        atomic_init(&crowd.sessions[i], session);
    }

    EXPECT_OK(rnn_session_create(model, NULL, &crowd.counted));
    EXPECT_OK(rnn_session_get_info(crowd.counted, &info));
    crowd.state_bytes = (size_t)info.state_bytes;
    pthread_t threads[THREADS];
    member members[THREADS];
    for (int i = 0; i < THREADS; i++) {
        members[i] = (member){.crowd = &crowd, .random = random_bits(&world->random)};
        if (pthread_create(&threads[i], NULL, take_part, &members[i]) != 0) {
            give_up("cannot start a thread");
        }
    }

    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }

    /* As many runs as succeeded, by one thread, lead to the same state. */
    float *output = calloc((size_t)cell->steps * (size_t)cell->outputs, sizeof *output);
    uint8_t *actual = calloc(1, crowd.state_bytes), *expected = calloc(1, crowd.state_bytes);
    EXPECT_OK(rnn_session_save_state(crowd.counted, actual, crowd.state_bytes));
    EXPECT_OK(rnn_session_reset(crowd.counted));
    for (int i = 0; i < atomic_load(&crowd.runs); i++) {
        EXPECT_OK(run_steps(cell, crowd.counted, 0, STEPS, output));
    }

    EXPECT_OK(rnn_session_save_state(crowd.counted, expected, crowd.state_bytes));
    printf("%d threads with %d calls each: %d runs of one session, %d times it was busy\n", THREADS, calls, atomic_load(&crowd.runs), atomic_load(&crowd.busy));
    check(memcmp(actual, expected, crowd.state_bytes) == 0, "calls that found a session busy changed nothing", "another state");
    EXPECT_OK(rnn_session_free(crowd.counted));
    for (int i = 0; i < SHARED; i++) {
        EXPECT_OK(rnn_session_free(atomic_load(&crowd.sessions[i])));
    }

    EXPECT_OK(rnn_model_free(atomic_load(&crowd.model)));
    check(failures() == before, "threads", "%d failures", failures() - before);
    check_canary(world, "after threads");
    free(output);
    free(actual);
    free(expected);
}

/* ---- Small stacks ---- */

static void *run_only(void *argument)
{
    world *world = argument;
    check_canary(world, "on a small stack");
    live *live = &world->sessions[0];
    for (int i = 0; i < SESSIONS; i++, live++) {
        if (live->handle != NULL) {
            EXPECT_OK(rnn_session_warm_up(live->handle, 4));
            expect(rnn_session_run(live->handle, NULL, 1, NULL, 1) == RNN_INVALID_ARGUMENT, "a null pointer on a small stack");
            EXPECT_OK(rnn_session_reset(live->handle));
        }
    }

    /* Managed code wants more: it says so. */
    rnn_model model;
    const rnn_status status = rnn_model_load_memory(world->canary.file.data, world->canary.file.size, NULL, &model);
    expect_one_of("rnn_model_load_memory on a small stack", status, ALLOW(RNN_OK) | ALLOW(RNN_OUT_OF_MEMORY));
    if (status == RNN_OK) {
        EXPECT_OK(rnn_model_free(model));
    }

    return NULL;
}

static void *load_and_run(void *argument)
{
    world *world = argument;
    for (int i = 0; i < MODELS; i++) {
        rnn_model model;
        rnn_session session;
        const rnn_model_options options = {.struct_size = sizeof options, .verify_golden = world->kinds[i].info.has_golden};
        EXPECT_OK(rnn_model_load_memory(world->kinds[i].bytes.data, world->kinds[i].bytes.size, &options, &model));
        EXPECT_OK(rnn_session_create(model, NULL, &session));
        EXPECT_OK(rnn_session_warm_up(session, 1));
        EXPECT_OK(rnn_session_free(session));
        EXPECT_OK(rnn_model_free(model));
        expect(rnn_model_load_memory(world->kinds[i].bytes.data, world->kinds[i].bytes.size / 2, NULL, &model) == RNN_INVALID_MODEL, "half a model on a small stack");
    }

    return NULL;
}

static void on_stack(size_t bytes, void *(*function)(void *), world *world)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, bytes) != 0 || pthread_create(&thread, &attributes, function, world) != 0) {
        give_up("cannot start a thread with a stack of %zu bytes", bytes);
    }

    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

void try_small_stacks(world *world)
{
    const int before = failures();
    on_stack((size_t)PTHREAD_STACK_MIN * 4, run_only, world);
    on_stack((size_t)256 << 10, load_and_run, world);
    check(failures() == before, "small stacks", "%d failures", failures() - before);
}
