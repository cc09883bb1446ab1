#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "../src/functions_of_elements.h"
#include "rnn_program.h"

/* A program of an LSTM, a tanh and a linear layer, and whether it runs once a time step. */
enum { INPUTS = 5, UNITS = 16, OUTPUTS = 8, STEPS = 7, STREAMS = 3, GATES = 4 * UNITS };

typedef struct layers {
    rnn_cell_weights cell;
    rnn_matrix linear;
    const float *bias;
} layers;

static float *zeros(int count)
{
    float *buffer = guarded((size_t)count * sizeof *buffer);
    memset(buffer, 0, (size_t)count * sizeof *buffer);
    return buffer;
}

static rnn_buffer frames(int elements, int chunk)
{
    return (rnn_buffer){zeros(chunk * STREAMS * elements), STREAMS * elements, elements};
}

static rnn_buffer state(void) { return (rnn_buffer){zeros(STREAMS * UNITS), 0, UNITS}; }

static void run_program(const rnn_kernels *set, const layers *layers, int chunk, int has_feedback, const float *input, float *output)
{
    const int32_t offset = 0;
    const rnn_buffer x = frames(INPUTS, chunk), h = frames(UNITS, chunk), activated = frames(UNITS, chunk), y = frames(OUTPUTS, chunk);
    const rnn_recurrent recurrent = {
        .weights = layers->cell, .cell = RNN_LSTM, .units = UNITS, .x = x, .gates = frames(GATES, chunk), .hidden = state(), .cell_state = state(), .y = h,
    };
    float *slots[2];
    const rnn_element_input operand = {h, &offset, 0};
    const rnn_element_operation tanh = {.operands = 1, .function = UNARY_TANH, .first = 0, .result = 1};
    const rnn_elementwise elementwise = {
        .inputs = &operand, .operations = &tanh, .slots = slots, .input_count = 1, .operation_count = 1, .rows = 1, .row_length = UNITS, .y = activated,
    };
    const rnn_linear linear = {.matrix = layers->linear, .bias = layers->bias, .outputs = OUTPUTS, .rows_per_frame = 1, .x = activated, .y = y};
    const rnn_operation operations[] = {{RNN_OP_RECURRENT, 0, &recurrent}, {RNN_OP_ELEMENTWISE, 0, &elementwise}, {RNN_OP_LINEAR, 0, &linear}};
    rnn_program program = {
        .kernels = set,
        .operations = operations,
        .operation_count = 3,
        .streams = STREAMS,
        .chunk_length = chunk,
        .has_feedback = has_feedback,
        .input = {x, INPUTS, 0},
        .output = {y, OUTPUTS, 0},
    };
    rnn_run(&program, input, output, STEPS);
}

void test_programs(const test_run *run)
{
    float *weights = malloc(GATES * UNITS * sizeof *weights);
    fill_vector(weights, GATES * UNITS, ORDINARY);
    float *bias = guarded(GATES * sizeof *bias);
    fill_vector(bias, GATES, ORDINARY);
    const layers layers = {
        .cell = {.groups = UNITS / 8, .input = pack(RNN_FLOAT32, weights, GATES, INPUTS), .recurrent = pack(RNN_FLOAT32, weights, GATES, UNITS), .bias = bias},
        .linear = pack(RNN_FLOAT32, weights, OUTPUTS, UNITS),
        .bias = bias,
    };
    float *input = guarded(STEPS * STREAMS * INPUTS * sizeof *input);
    fill_vector(input, STEPS * STREAMS * INPUTS, ORDINARY);
    float *expected = guarded(STEPS * STREAMS * OUTPUTS * sizeof *expected), *output = guarded(STEPS * STREAMS * OUTPUTS * sizeof *output);
    run_program(run->scalar, &layers, STEPS, 0, input, expected);
    for (int s = 0; s < run->count; s++) {
        for (int chunk = 1; chunk <= STEPS + 2; chunk++) {
            for (int has_feedback = 0; has_feedback < 2; has_feedback++) {
                memset(output, 0, STEPS * STREAMS * OUTPUTS * sizeof *output);
                run_program(run->sets[s], &layers, chunk, has_feedback, input, output);
                check(first_difference(expected, output, STEPS * STREAMS * OUTPUTS) < 0, "%s, a program in chunks of %d steps, feedback %d",
                      run->sets[s]->name, chunk, has_feedback);
            }
        }
    }

    free(weights);
    release_buffers();
}
