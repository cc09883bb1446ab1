/* What hosts in C, C++, Python and Rust do alike: the outputs that the C# library gave for a model, in all ways of running it, bit for bit. */

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const sample *current;

static void compare(const char *what, int32_t first, int32_t count, const float *output)
{
    char name[128];
    snprintf(name, sizeof name, "%s: %s", current->name, what);
    check(has_expected_bits(current, first, count, output), name, "other bits than those of the C# library");
}

static void check_ways_of_running(rnn_session session, float *output)
{
    const int32_t steps = current->steps;
    CHECK_OK(run_steps(current, session, 0, steps, output));
    compare("one call", 0, steps, output);

    memset(output, 0, (size_t)steps * (size_t)current->outputs * 4);
    CHECK_OK(rnn_session_reset(session));
    for (int32_t step = 0; step < steps; step++) {
        EXPECT_OK(run_steps(current, session, step, 1, output));
    }

    compare("a reset, then step by step", 0, steps, output);

    memset(output, 0, (size_t)steps * (size_t)current->outputs * 4);
    CHECK_OK(rnn_session_reset(session));
    CHECK_OK(run_in_chunks(current, session, 0, steps, output));
    compare("odd chunks", 0, steps, output);
}

static void check_saved_state(rnn_session session, float *output)
{
    const int32_t half = current->steps / 2, rest = current->steps - half;
    rnn_session_info info = {.struct_size = sizeof info};
    CHECK_OK(rnn_session_get_info(session, &info));
    void *state = guarded((size_t)info.state_bytes);
    CHECK_OK(rnn_session_reset(session));
    CHECK_OK(run_steps(current, session, 0, half, output));
    CHECK_OK(rnn_session_save_state(session, state, (size_t)info.state_bytes));
    CHECK_OK(run_steps(current, session, half, rest, output));
    compare("on after the state was saved", 0, current->steps, output);
    CHECK_OK(rnn_session_load_state(session, state, (size_t)info.state_bytes));
    CHECK_OK(run_steps(current, session, half, rest, output));
    compare("again from the saved state", half, rest, output);

    /* Bytes of a file or a network are aligned to nothing. */
    uint8_t *anywhere = guarded((size_t)info.state_bytes + 1);
    memcpy(anywhere, state, (size_t)info.state_bytes);
    CHECK_OK(rnn_session_load_state(session, anywhere, (size_t)info.state_bytes));
    CHECK_OK(run_steps(current, session, half, rest, output));
    compare("from a state at any address", half, rest, output);
    CHECK_OK(rnn_session_load_state(session, state, (size_t)info.state_bytes));
    memset(anywhere, 0, (size_t)info.state_bytes);
    CHECK_OK(rnn_session_save_state(session, anywhere, (size_t)info.state_bytes));
    check(memcmp(anywhere, state, (size_t)info.state_bytes) == 0, "a state saved at any address", "other bytes");
    release_guarded(anywhere, (size_t)info.state_bytes + 1);
    release_guarded(state, (size_t)info.state_bytes);
}

static void check_fork(rnn_session session, float *output)
{
    const int32_t third = current->steps / 3, rest = current->steps - third;
    rnn_session fork;
    CHECK_OK(rnn_session_reset(session));
    CHECK_OK(run_steps(current, session, 0, third, output));
    CHECK_OK(rnn_session_fork(session, &fork));
    CHECK_OK(run_steps(current, session, third, rest, output));
    compare("the session that was forked", third, rest, output);
    CHECK_OK(run_in_chunks(current, fork, third, rest, output));
    compare("its fork", third, rest, output);
    CHECK_OK(rnn_session_free(fork));
}

static void check_state_variables(rnn_model model, rnn_session session, float *output)
{
    const int32_t half = current->steps / 2, rest = current->steps - half;
    rnn_model_info info = {.struct_size = sizeof info};
    CHECK_OK(rnn_model_get_info(model, &info));
    CHECK_OK(rnn_session_reset(session));
    CHECK_OK(run_steps(current, session, 0, half, output));
    float **values = malloc((size_t)info.state_count * sizeof *values);
    size_t *counts = malloc((size_t)info.state_count * sizeof *counts);
    for (int32_t i = 0; i < info.state_count; i++) {
        rnn_tensor_info state = {.struct_size = sizeof state};
        EXPECT_OK(rnn_model_get_state(model, i, &state));
        counts[i] = (size_t)state.element_count;
        values[i] = guarded(counts[i] * 4);
        EXPECT_OK(rnn_session_get_state(session, i, values[i], counts[i]));
    }

    CHECK_OK(rnn_session_reset(session));
    for (int32_t i = 0; i < info.state_count; i++) {
        EXPECT_OK(rnn_session_set_state(session, i, values[i], counts[i]));
        release_guarded(values[i], counts[i] * 4);
    }

    CHECK_OK(run_steps(current, session, half, rest, output));
    compare("state variables read, reset and written back", half, rest, output);
    free(values);
    free(counts);
}

void check_contract(const sample *sample)
{
    current = sample;
    rnn_model model;
    rnn_session session;
    const size_t bytes = (size_t)sample->steps * (size_t)sample->outputs * 4;
    float *output = guarded(bytes);
    check_status(rnn_model_load_memory(sample->file.data, sample->file.size, NULL, &model), RNN_OK, sample->name);
    CHECK_OK(rnn_session_create(model, NULL, &session));
    check_ways_of_running(session, output);
    check_saved_state(session, output);
    check_fork(session, output);
    check_state_variables(model, session, output);
    CHECK_OK(rnn_model_free(model));
    CHECK_OK(rnn_session_reset(session));
    CHECK_OK(run_steps(sample, session, 0, sample->steps, output));
    compare("the session outlives the model's handle", 0, sample->steps, output);
    CHECK_OK(rnn_session_free(session));
    release_guarded(output, bytes);
}
