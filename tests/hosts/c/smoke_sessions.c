/* Sessions: memory of the caller, streams, several inputs, native runs, state carried from one model to another, memory of a thousand. */

#include "memory_use.h"
#include "smoke.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rnn_model load(const sample *sample)
{
    rnn_model model = NULL;
    check_status(rnn_model_load_memory(sample->file.data, sample->file.size, NULL, &model), RNN_OK, sample->name);
    return model;
}

static float *output_of(const sample *sample) { return calloc((size_t)sample->steps * (size_t)sample->outputs, sizeof(float)); }

/* The session's memory lies between pages that must not be touched, and its end is the end of a page where the size allows. */
void check_caller_memory(const sample *sample)
{
    rnn_model model = load(sample);
    rnn_session session, fork;
    rnn_session_options options = {.struct_size = sizeof options, .chunk_length = 4};
    rnn_session_info info = {.struct_size = sizeof info};
    CHECK_OK(rnn_model_get_session_info(model, &options, &info));
    const size_t size = (size_t)info.memory_bytes, alignment = (size_t)info.memory_alignment;
    check(size >= info.arena_bytes && alignment != 0 && (alignment & (alignment - 1)) == 0 && info.state_bytes > 0 && info.chunk_length == 4 && info.streams == 1,
        "what a session would be", "%zu bytes, aligned to %zu", size, alignment);

    /* From the last aligned address from where the size fits. */
    const size_t room = (size + alignment - 1) / alignment * alignment;
    void *memory = guarded(room), *other = guarded(room);
    float *output = output_of(sample);
    CHECK_OK(rnn_session_create_in(model, &options, memory, size, &session));
    rnn_session_info actual = {.struct_size = sizeof actual};
    CHECK_OK(rnn_session_get_info(session, &actual));
    check(memcmp(&info, &actual, sizeof info) == 0, "the session is what was announced", "%llu bytes", (unsigned long long)actual.memory_bytes);
    CHECK_OK(run_steps(sample, session, 0, sample->steps / 2, output));
    CHECK_OK(rnn_session_fork_in(session, other, size, &fork));
    CHECK_OK(run_in_chunks(sample, fork, sample->steps / 2, sample->steps - sample->steps / 2, output));
    check(has_expected_bits(sample, 0, sample->steps, output), "in the caller's memory", "other bits");
    CHECK_OK(rnn_session_free(session));
    memset(memory, 0xFF, room);
    CHECK_OK(rnn_session_reset(fork));
    CHECK_OK(run_in_chunks(sample, fork, 0, sample->steps, output));
    check(has_expected_bits(sample, 0, sample->steps, output), "a fork outlives the memory of its session", "other bits");
    CHECK_OK(rnn_session_free(fork));
    CHECK_OK(rnn_session_create_in(model, &options, memory, size, &session));
    CHECK_OK(run_steps(sample, session, 0, sample->steps, output));
    check(has_expected_bits(sample, 0, sample->steps, output), "in memory that holds something else", "other bits");
    CHECK_OK(rnn_session_free(session));
    release_guarded(memory, room);
    release_guarded(other, room);
    check_status(rnn_session_create_in(model, &options, guarded(size), size - 1, &session), RNN_WRONG_LENGTH, "a byte too little");
    check_status(rnn_session_create_in(model, &options, (char *)guarded(room + 4096) + 1, size, &session), RNN_INVALID_ARGUMENT, "an address that is not aligned");
    CHECK_OK(rnn_model_free(model));
    free(output);
}

void check_streams(const char *folder, const sample *cell)
{
    enum { STREAMS = 3 };
    const blob input = read_file(folder, "streams-input.f32"), expected = read_file(folder, "streams-output.f32");
    const size_t steps = input.size / 4 / STREAMS / (size_t)cell->inputs;
    const size_t ins = STREAMS * (size_t)cell->inputs, outs = STREAMS * (size_t)cell->outputs;
    rnn_model model = load(cell);
    rnn_session session;
    rnn_session_options options = {.struct_size = sizeof options, .streams = STREAMS, .chunk_length = 5};
    CHECK_OK(rnn_session_create(model, &options, &session));
    float *output = guarded(expected.size);
    CHECK_OK(rnn_session_run(session, (const float *)input.data, input.size / 4, output, steps * outs));
    check(memcmp(output, expected.data, expected.size) == 0, "streams in one call", "other bits");
    CHECK_OK(rnn_session_reset(session));
    for (size_t step = 0; step < steps; step++) {
        EXPECT_OK(rnn_session_run(session, (const float *)input.data + step * ins, ins, output + step * outs, outs));
    }

    check(memcmp(output, expected.data, expected.size) == 0, "streams step by step", "other bits");

    /* One stream starts anew, the others go on: over the same inputs it gives the first outputs, they do not. */
    CHECK_OK(rnn_session_reset_stream(session, 1));
    CHECK_OK(rnn_session_run(session, (const float *)input.data, ins, output, outs));
    const size_t stream = (size_t)cell->outputs, bytes = stream * 4;
    const float *first = (const float *)expected.data;
    check(memcmp(output + stream, first + stream, bytes) == 0, "the stream that was reset", "does not start anew");
    check(memcmp(output, first, bytes) != 0 && memcmp(output + 2 * stream, first + 2 * stream, bytes) != 0, "the streams beside it", "start anew");
    check_status(rnn_session_reset_stream(session, STREAMS), RNN_INVALID_ARGUMENT, "there is no further stream");
    CHECK_OK(rnn_session_free(session));
    CHECK_OK(rnn_model_free(model));
    release_guarded(output, expected.size);
    free(input.data);
    free(expected.data);
}

static void check_numbers(const char *folder)
{
    rnn_model model;
    rnn_session session;
    const int32_t ids[] = {0, -1, INT32_MIN, INT32_MAX};
    const float x[6] = {1, 2, 3, 4, 5, 6};
    int32_t *same = guarded(sizeof ids);
    CHECK_OK(rnn_model_load(path_of(folder, "ids.rnn"), NULL, &model));
    CHECK_OK(rnn_session_create(model, NULL, &session));
    check_status(rnn_session_run(session, x, 3, (float *)same, 2), RNN_WRONG_TYPE, "a plain run of a model with two inputs");
    CHECK_OK(rnn_session_set_input_int32(session, 0, ids, 4));
    CHECK_OK(rnn_session_set_input(session, 1, x, 6));
    CHECK_OK(rnn_session_run_inputs(session, 2));
    CHECK_OK(rnn_session_get_output_int32(session, 0, same, 4));
    check(memcmp(ids, same, sizeof ids) == 0, "an int32 output", "other numbers");
    check_status(rnn_session_get_output(session, 0, (float *)same, 4), RNN_WRONG_TYPE, "an int32 output as float32");
    CHECK_OK(rnn_session_free(session));
    CHECK_OK(rnn_model_free(model));
    release_guarded(same, sizeof ids);
}

/* Two inputs and two outputs, in calls of a few steps. */
void check_ports(const char *folder)
{
    const blob inputs[] = {read_file(folder, "ports-x.f32"), read_file(folder, "ports-z.f32")};
    const blob outputs[] = {read_file(folder, "ports-sum.f32"), read_file(folder, "ports-h.f32")};
    rnn_model model;
    rnn_session session;
    rnn_session_options options = {.struct_size = sizeof options, .chunk_length = 4};
    CHECK_OK(rnn_model_load(path_of(folder, "ports.rnn"), NULL, &model));
    CHECK_OK(rnn_session_create(model, &options, &session));
    rnn_tensor_info tensor = {.struct_size = sizeof tensor};
    size_t in[2], out[2];
    for (int32_t i = 0; i < 2; i++) {
        CHECK_OK(rnn_model_get_input(model, i, &tensor));
        in[i] = (size_t)tensor.element_count;
        CHECK_OK(rnn_model_get_output(model, i, &tensor));
        out[i] = (size_t)tensor.element_count;
    }

    check_status(rnn_session_run_inputs(session, 1), RNN_NOT_READY, "a run before inputs were given");
    float *output = guarded(4 * out[1] * 4);
    check_status(rnn_session_get_output(session, 1, output, out[1]), RNN_NOT_READY, "an output before a run");
    const size_t steps = inputs[0].size / 4 / in[0];
    int same = 1;
    for (size_t done = 0, count; done < steps; done += count) {
        count = steps - done < 3 ? steps - done : 3;
        for (int32_t i = 0; i < 2; i++) {
            EXPECT_OK(rnn_session_set_input(session, i, (const float *)inputs[i].data + done * in[i], count * in[i]));
        }

        EXPECT_OK(rnn_session_run_inputs(session, (int32_t)count));
        for (int32_t i = 0; i < 2; i++) {
            EXPECT_OK(rnn_session_get_output(session, i, output, count * out[i]));
            same &= memcmp(output, (const float *)outputs[i].data + done * out[i], count * out[i] * 4) == 0;
        }
    }

    check(same, "two inputs and two outputs", "other bits");
    check_status(rnn_session_run_inputs(session, 5), RNN_WRONG_LENGTH, "more steps than a chunk has");
    CHECK_OK(rnn_session_warm_up(session, 2));
    check_status(rnn_session_run_inputs(session, 1), RNN_NOT_READY, "inputs have to be given anew after a warm-up");
    CHECK_OK(rnn_session_free(session));
    CHECK_OK(rnn_model_free(model));
    release_guarded(output, 4 * out[1] * 4);
    for (int i = 0; i < 2; i++) {
        free(inputs[i].data);
        free(outputs[i].data);
    }

    check_numbers(folder);
}

void check_native_run(const sample *sample)
{
    rnn_model model = load(sample);
    rnn_session session;
    rnn_session_info info = {.struct_size = sizeof info};
    rnn_native_run run = {.struct_size = sizeof run};
    float *output = output_of(sample);
    CHECK_OK(rnn_session_create(model, NULL, &session));
    CHECK_OK(rnn_session_get_info(session, &info));
    check_status(rnn_session_get_native_run(session, &run), info.runs_natively ? RNN_OK : RNN_NOT_NATIVE, "the function that runs a session");
    if (info.runs_natively) {
        const int32_t half = sample->steps / 2;
        run.run(run.program, sample->input, output, half);
        CHECK_OK(run_steps(sample, session, half, sample->steps - half, output));
        check(has_expected_bits(sample, 0, sample->steps, output), "half of the steps by that function", "other bits");
    }

    CHECK_OK(rnn_session_free(session));
    CHECK_OK(rnn_model_free(model));
    free(output);
}

/* The output in the input's memory, where a step has as many elements of both. */
void check_in_place(const sample *square)
{
    rnn_model model = load(square);
    rnn_session session;
    const size_t count = (size_t)square->steps * (size_t)square->inputs, bytes = count * sizeof(float);
    float *memory = guarded(bytes);
    memcpy(memory, square->input, bytes);
    CHECK_OK(rnn_session_create(model, NULL, &session));
    check(square->inputs == square->outputs, "a step has as many inputs as outputs", "%d and %d", square->inputs, square->outputs);
    CHECK_OK(rnn_session_run(session, memory, count, memory, count));
    check(has_expected_bits(square, 0, square->steps, memory), "in place", "other bits");
    CHECK_OK(rnn_session_free(session));
    CHECK_OK(rnn_model_free(model));
    release_guarded(memory, bytes);
}

void check_warm_up(const sample *sample)
{
    rnn_model model = load(sample);
    rnn_session session;
    float *output = output_of(sample);
    CHECK_OK(rnn_session_create(model, NULL, &session));
    CHECK_OK(run_steps(sample, session, 0, 3, output));
    CHECK_OK(rnn_session_warm_up(session, 100));
    CHECK_OK(run_steps(sample, session, 0, sample->steps, output));
    check(has_expected_bits(sample, 0, sample->steps, output), "after a warm-up", "other bits");
    check_status(rnn_session_warm_up(session, 0), RNN_WRONG_LENGTH, "a warm-up of no steps");
    CHECK_OK(rnn_session_free(session));
    CHECK_OK(rnn_model_free(model));
    free(output);
}

/* The first half by the cell, the second by its quantised form from the same state. */
void check_carried_state(const char *folder, const sample *cell)
{
    const sample quantised = read_sample(folder, "cell-int8");
    const blob expected = read_file(folder, "carry-output.f32");
    rnn_model model = load(cell), other = load(&quantised);
    rnn_session from, to;
    rnn_model_info info = {.struct_size = sizeof info};
    float *output = output_of(cell);
    CHECK_OK(rnn_session_create(model, NULL, &from));
    CHECK_OK(rnn_session_create(other, NULL, &to));
    CHECK_OK(rnn_model_get_info(model, &info));
    const int32_t half = cell->steps / 2;
    int32_t carried = -1;
    CHECK_OK(run_steps(cell, from, 0, half, output));
    CHECK_OK(rnn_session_warm_up(to, 4));
    CHECK_OK(rnn_session_carry_state(from, to, &carried));
    check(carried == info.state_count, "all states were carried", "%d of %d", carried, info.state_count);
    CHECK_OK(run_steps(cell, to, half, cell->steps - half, output));
    check(memcmp(output, expected.data, expected.size) == 0, "the quantised cell goes on where the other one was", "other bits");
    CHECK_OK(rnn_session_free(from));
    CHECK_OK(rnn_session_free(to));
    CHECK_OK(rnn_model_free(model));
    CHECK_OK(rnn_model_free(other));
    free(output);
    free(expected.data);
    free_sample(&quantised);
}

/* A session costs its own memory, not that of the weights; sessions that were freed leave room for others. */
void check_memory(const sample *sample)
{
    enum { SESSIONS = 1000 };
    static rnn_session sessions[SESSIONS];
    rnn_model model = load(sample);
    rnn_model_info model_info = {.struct_size = sizeof model_info};
    rnn_session_info info = {.struct_size = sizeof info};
    rnn_session_options options = {.struct_size = sizeof options, .chunk_length = 1};
    CHECK_OK(rnn_model_get_info(model, &model_info));
    CHECK_OK(rnn_model_get_session_info(model, &options, &info));
    float *output = output_of(sample);
    size_t grown[2];
    for (int round = 0; round < 2; round++) {
        const size_t before = read_memory_use().resident;
        for (int i = 0; i < SESSIONS; i++) {
            EXPECT_OK(rnn_session_create(model, &options, &sessions[i]));
            EXPECT_OK(run_steps(sample, sessions[i], 0, 1, output));
        }

        const size_t after = read_memory_use().resident;
        grown[round] = after > before ? after - before : 0;
        for (int i = 0; i < SESSIONS; i++) {
            EXPECT_OK(rnn_session_free(sessions[i]));
        }
    }

    printf("a thousand sessions of %llu bytes: %zu bytes each, then %zu; weights of %lld bytes\n", (unsigned long long)info.memory_bytes, grown[0] / SESSIONS,
        grown[1] / SESSIONS, (long long)model_info.weight_bytes);
#ifdef __SANITIZE_ADDRESS__
    printf("SKIPPED what a thousand sessions cost: the allocator is that of the sanitizer\n");
    grown[0] = 0;
#endif
    if (grown[0] != 0) {
        /* A page for what is around each, and the managed part's heap. */
        const size_t expected = SESSIONS * ((size_t)info.memory_bytes + 8192);
        check(grown[0] < expected, "a thousand sessions cost their own memory", "%zu bytes instead of at most %zu", grown[0], expected);
        check(expected < SESSIONS / 4 * (size_t)model_info.weight_bytes, "which is far from that of the weights", "%zu bytes", expected);
        check(grown[1] < expected, "a thousand more take no more", "%zu bytes", grown[1]);
    }

    CHECK_OK(rnn_model_free(model));
    free(output);
}
