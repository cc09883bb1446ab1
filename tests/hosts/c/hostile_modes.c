/* Floating-point modes of the host's threads: they change no bit, and they are the host's again after every call. */

#define _GNU_SOURCE
#include "hostile.h"

#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

/* Without the flags, which every operation may set. */
static uint64_t get_modes(void) { return (_mm_getcsr() & ~0x3Fu) | (uint64_t)fegetround() << 32 | (uint64_t)fegetexcept() << 48; }

static void flush_to_zero(void) { _mm_setcsr(_mm_getcsr() | 0x8040u); }
#else
static uint64_t get_modes(void) { return (uint64_t)fegetround() << 32; }

static void flush_to_zero(void) { }
#endif

static void round_up(void) { fesetround(FE_UPWARD); }

static void round_to_zero(void) { fesetround(FE_TOWARDZERO); }

static void trap_all(void)
{
    feclearexcept(FE_ALL_EXCEPT);
    feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW | FE_INEXACT);
}

static void everything(void)
{
    flush_to_zero();
    round_up();
    trap_all();
}

typedef struct mode {
    const char *name;
    void (*set)(void);
} mode;

static const mode modes[] = {
    {"flush to zero", flush_to_zero}, {"rounding up", round_up}, {"rounding to zero", round_to_zero}, {"trapped exceptions", trap_all}, {"all of them", everything},
};

/* Inputs whose outputs change where a mode does: from the smallest numbers to the largest, infinities and NaN. */
static void fill(float *input, size_t count)
{
    uint64_t random = 77;
    for (size_t i = 0; i < count; i++) {
        const float value = (float)((int32_t)(random_bits(&random) >> 32) >> 8) * 0x1p-23f;
        const int kind = random_below(&random, 8);
        input[i] = kind == 0 ? value * 0x1p-70f : kind == 1 ? value * 0x1p-130f : kind == 2 ? value * 0x1p40f : value;
    }

    input[count - 1] = INFINITY;
    input[count - 2] = NAN;
}

enum { STEPS = 6 };

/* All that a model can do, into one buffer. Only the statuses are looked at while the modes are the host's. */
static int run_all(const kind *kind, const char *kernel, const float *input, uint8_t *results, size_t room, uint64_t modes_set)
{
    const rnn_model_options options = {.struct_size = sizeof options, .kernel = kernel, .verify_golden = kind->info.has_golden};
    rnn_session_info info = {.struct_size = sizeof info};
    const size_t ins = (size_t)kind->inputs[0].element_count, outs = (size_t)kind->outputs[0].element_count;
    rnn_model model;
    rnn_session session, fork;
    int wrong = 0;
    memset(results, 0, room);
#define TRY(call) (wrong += (call) != RNN_OK || get_modes() != modes_set)
    TRY(rnn_model_load_memory(kind->bytes.data, kind->bytes.size, &options, &model));
    TRY(rnn_session_create(model, NULL, &session));
    TRY(rnn_session_warm_up(session, 3));
    TRY(rnn_session_get_info(session, &info));
    if (kind->info.input_count == 1 && kind->info.output_count == 1) {
        static const int32_t tokens[STEPS] = {1, 2, 3, 5, 8, 13};
        TRY(kind->inputs[0].type == RNN_TYPE_INT32 ? rnn_session_run_int32(session, tokens, STEPS, (float *)(void *)results, STEPS * outs)
                                                   : rnn_session_run(session, input, STEPS * ins, (float *)(void *)results, STEPS * outs));
    } else {
        static const int32_t numbers[16] = {1, -1};
        for (int32_t i = 0; i < 2; i++) {
            const size_t count = (size_t)kind->inputs[i].element_count;
            TRY(kind->inputs[i].type == RNN_TYPE_INT32 ? rnn_session_set_input_int32(session, i, numbers, count) : rnn_session_set_input(session, i, input, count));
        }

        TRY(rnn_session_run_inputs(session, 1));
        TRY(rnn_session_get_output(session, 1, (float *)(void *)results, (size_t)kind->outputs[1].element_count));
    }

    TRY(rnn_session_fork(session, &fork));
    TRY(rnn_session_carry_state(session, fork, NULL));
    TRY(rnn_session_save_state(fork, results + room / 2, (size_t)info.state_bytes));
    TRY(rnn_session_load_state(session, results + room / 2, (size_t)info.state_bytes));
    TRY(rnn_session_reset(session));
    TRY(rnn_session_free(session));
    TRY(rnn_session_free(fork));
    TRY(rnn_model_free(model));
#undef TRY
    wrong += rnn_session_run(session, input, 1, (float *)(void *)results, 1) != RNN_INVALID_HANDLE || get_modes() != modes_set;
    wrong += rnn_model_load_memory(kind->bytes.data, kind->bytes.size / 2, NULL, &model) != RNN_INVALID_MODEL || get_modes() != modes_set;
    wrong += rnn_model_load("/no/such/file", NULL, &model) != RNN_IO_ERROR || get_modes() != modes_set;
    return wrong;
}

void try_modes(world *world)
{
    enum { ROOM = 1 << 16 };
    static uint8_t expected[ROOM], actual[ROOM];
    float *input = calloc(1024, sizeof *input);
    fill(input, 1024);
    fenv_t usual;
    fegetenv(&usual);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        const int before = failures();
        for (int k = 0; k < MODELS * world->kernel_count; k++) {
            rnn_kernel_info kernel = {.struct_size = sizeof kernel};
            EXPECT_OK(rnn_kernel_at(k / MODELS, &kernel));
            if (!kernel.is_available) {
                continue;
            }

            const kind *kind = &world->kinds[k % MODELS];
            const int usually_wrong = run_all(kind, kernel.name, input, expected, ROOM, get_modes());
            modes[i].set();
            const int wrong = run_all(kind, kernel.name, input, actual, ROOM, get_modes());
            fesetenv(&usual);
            expect(usually_wrong == 0, "%s with %s: %d calls failed", kind->file, kernel.name, usually_wrong);
            expect(wrong == 0, "%s with %s and %s: %d calls failed or did not put the modes back", kind->file, kernel.name, modes[i].name, wrong);
            expect(memcmp(expected, actual, ROOM) == 0, "%s with %s and %s: other bits", kind->file, kernel.name, modes[i].name);
        }

        check(failures() == before, modes[i].name, "%d failures", failures() - before);
    }

    free(input);
    check_canary(world, "after other floating-point modes");
}
