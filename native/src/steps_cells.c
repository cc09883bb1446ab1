/* Operations that are recurrent layers. */

#include "steps.h"

static void run_cell(const context *c, int32_t cell, int32_t activation, const rnn_cell_weights *weights, const rnn_cell_arguments *arguments)
{
    switch (cell) {
    case RNN_LSTM: c->kernels->lstm(weights, arguments); break;
    case RNN_GRU_RESET_AFTER: c->kernels->gru_reset_after(weights, arguments); break;
    case RNN_GRU_RESET_BEFORE: c->kernels->gru_reset_before(weights, arguments); break;
    case RNN_PLAIN: c->kernels->rnn(weights, activation, arguments); break;
    default: __builtin_trap();
    }
}

/* Between a state and the frames of time step t. */
static void exchange(const context *c, const rnn_buffer *frames, const rnn_buffer *state, int32_t t, int32_t units, int into_state)
{
    for (intptr_t b = 0; frames->start != NULL && state->start != NULL && b < c->streams; b++) {
        float *frame = frame_of(c, frames, (intptr_t)t * c->streams + b);
        float *own = state->start + b * state->stride;
        if (into_state) {
            copy_floats(frame, own, units);
        } else {
            copy_floats(own, frame, units);
        }
    }
}

void step_recurrent(const context *c, const rnn_recurrent *step)
{
    rnn_cell_arguments arguments = {
        .x = frames_of(c, &step->x),
        .x_stride = step->x.stride,
        .gates = frames_of(c, &step->gates),
        .gates_stride = step->gates.stride,
        .hidden = step->hidden.start,
        .cell = step->cell_state.start,
        .state_stride = step->hidden.stride,
        .y = frames_of(c, &step->y),
        .y_stride = step->y.stride,
        .time_steps = c->time_steps,
        .streams = c->streams,
        .scratch = step->scratch,
        .backwards = c->backwards,
    };
    if (step->hidden_input.start == NULL && step->cell_input.start == NULL && step->cell_output.start == NULL) {
        run_cell(c, step->cell, step->activation, &step->weights, &arguments);
        return;
    }

    arguments.time_steps = 1;
    for (int32_t t = 0; t < c->time_steps; t++) {
        exchange(c, &step->hidden_input, &step->hidden, t, step->units, 1);
        exchange(c, &step->cell_input, &step->cell_state, t, step->units, 1);
        run_cell(c, step->cell, step->activation, &step->weights, &arguments);
        exchange(c, &step->cell_output, &step->cell_state, t, step->units, 0);
        arguments.x += c->streams * arguments.x_stride;
        arguments.gates += c->streams * arguments.gates_stride;
        arguments.y += c->streams * arguments.y_stride;
    }
}

/* Copies the units of each row; what is beyond them, up to width, becomes zeros. */
static void copy_rows(int32_t units, const float *from, intptr_t from_stride, float *to, intptr_t to_stride, int32_t rows, int32_t width)
{
    for (intptr_t row = 0; row < rows; row++) {
        copy_floats(from + row * from_stride, to + row * to_stride, units);
        clear_floats(to + row * to_stride + units, width > units ? width - units : 0);
    }
}

/* The same memory from its last row with negative strides. */
static void reverse(rnn_cell_arguments *arguments, int32_t rows)
{
    arguments->x += (rows - 1) * arguments->x_stride;
    arguments->x_stride = -arguments->x_stride;
    arguments->y += (rows - 1) * arguments->y_stride;
    arguments->y_stride = -arguments->y_stride;
    arguments->hidden += (arguments->streams - 1) * arguments->state_stride;
    if (arguments->cell != NULL) {
        arguments->cell += (arguments->streams - 1) * arguments->state_stride;
    }

    arguments->state_stride = -arguments->state_stride;
}

/* Copies the initial states to where the final ones will be, and runs the cell there. */
static void run_sequence(const context *c, const rnn_sequence *step, rnn_cell_arguments arguments, const float *hidden, intptr_t hidden_stride,
                         float *new_hidden, const float *cell, intptr_t cell_stride, float *new_cell)
{
    const int32_t padded_units = (step->units + 7) & ~7;
    arguments.hidden = new_hidden;
    copy_rows(step->units, hidden, hidden_stride, new_hidden, arguments.state_stride, arguments.streams, padded_units);
    if (cell != NULL) {
        arguments.cell = new_cell;
        copy_rows(step->units, cell, cell_stride, new_cell, arguments.state_stride, arguments.streams, padded_units);
    } else {
        arguments.cell = step->candidate;
    }

    if (step->is_reversed) {
        reverse(&arguments, step->time_steps * step->streams);
    }

    run_cell(c, step->cell, step->activation, &step->weights, &arguments);
}

static void run_padded(const context *c, const rnn_sequence *step, rnn_cell_arguments arguments, const float *hidden, float *new_hidden,
                       const float *cell, float *new_cell)
{
    const int32_t padded_units = (step->units + 7) & ~7, units = step->units;
    float *output = arguments.y;
    arguments.y = step->padded_y;
    arguments.y_stride = padded_units;
    arguments.state_stride = padded_units;
    run_sequence(c, step, arguments, hidden, units, step->padded_hidden, cell, units, step->padded_cell);
    copy_rows(units, step->padded_y, padded_units, output, units, step->time_steps * step->streams, units);
    copy_rows(units, step->padded_hidden, padded_units, new_hidden, units, step->streams, units);
    if (new_cell != NULL) {
        copy_rows(units, step->padded_cell, padded_units, new_cell, units, step->streams, units);
    }
}

void step_sequence(const context *c, const rnn_sequence *step)
{
    rnn_cell_arguments arguments = {.gates = step->gates, .gates_stride = step->gates_stride, .scratch = step->scratch, .backwards = c->backwards};
    if (step->is_one_row) {
        arguments.x = frames_of(c, &step->x);
        arguments.x_stride = step->x.stride;
        arguments.y = frames_of(c, &step->y);
        arguments.y_stride = step->y.stride;
        arguments.state_stride = step->new_hidden.stride;
        arguments.time_steps = 1;
        arguments.streams = c->vectors;
        run_sequence(c, step, arguments, frames_of(c, &step->hidden), step->hidden.stride, frames_of(c, &step->new_hidden),
                     frame_or_null(c, &step->cell_state, 0), step->cell_state.stride, frame_or_null(c, &step->new_cell, 0));
        return;
    }

    arguments.x_stride = step->inputs;
    arguments.y_stride = step->units;
    arguments.state_stride = step->units;
    arguments.time_steps = step->time_steps;
    arguments.streams = step->streams;
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        arguments.x = frame_of(c, &step->x, frame);
        arguments.y = frame_of(c, &step->y, frame);
        const float *hidden = frame_of(c, &step->hidden, frame);
        const float *cell = frame_or_null(c, &step->cell_state, frame);
        float *new_hidden = frame_of(c, &step->new_hidden, frame);
        float *new_cell = frame_or_null(c, &step->new_cell, frame);
        if (step->padded_y == NULL) {
            run_sequence(c, step, arguments, hidden, step->units, new_hidden, cell, step->units, new_cell);
        } else {
            run_padded(c, step, arguments, hidden, new_hidden, cell, new_cell);
        }
    }
}

/* General cells: compositions of products and functions of elements, as in Plan/GeneralSequenceStep.cs. */

static void apply(const context *c, const rnn_general_sequence *step, int32_t function, const float *left, const float *right, float *result)
{
    c->kernels->binary(function, left, 0, right, 0, result, step->units);
}

static void flush(const context *c, const float *x, float *y, int32_t count) { c->kernels->unary(UNARY_FLUSH, 0.0f, 0.0f, x, y, count); }

static void function_of(const context *c, const rnn_general_sequence *step, int32_t index, const float *values, float *result)
{
    const rnn_general_activation *activation = &step->activations[index];
    c->kernels->unary(activation->function, activation->alpha, activation->beta, values, result, step->units);
}

static void activate(const context *c, const rnn_general_sequence *step, int32_t index, float *values)
{
    if (step->clip != 0) {
        const float low = -step->clip, high = step->clip;
        c->kernels->binary(BINARY_MINIMUM, values, 0, &high, 1, values, step->units);
        c->kernels->binary(BINARY_MAXIMUM, values, 0, &low, 1, values, step->units);
    }

    function_of(c, step, index, values, values);
}

static void add_product(const context *c, const rnn_general_sequence *step, const rnn_matrix *matrix, const float *vector, float *sums)
{
    c->kernels->multiply(matrix, vector, 0, sums, 0, sums, 0, 1, &step->scratch);
}

static void add_peephole(const context *c, const rnn_general_sequence *step, int32_t gate, float *cell, float *sums)
{
    if (step->peepholes != NULL) {
        float *product = cell + 2 * (intptr_t)step->row_width;
        apply(c, step, BINARY_MULTIPLY, step->peepholes + (intptr_t)gate * step->units, cell, product);
        apply(c, step, BINARY_ADD, sums, product, sums);
    }
}

static void general_lstm(const context *c, const rnn_general_sequence *step, float *i, float *hidden, float *cell)
{
    const intptr_t padded_units = (step->units + 7) & ~7;
    float *f = i + padded_units, *g = f + padded_units, *o = g + padded_units, *result = cell + step->row_width;
    add_product(c, step, &step->weights.recurrent, hidden, i);

    add_peephole(c, step, 0, cell, i);
    activate(c, step, 0, i);
    if (step->input_forget) {
        const float one = 1.0f;
        c->kernels->unary(UNARY_NEGATE, 0.0f, 0.0f, i, f, step->units);
        c->kernels->binary(BINARY_ADD, f, 0, &one, 1, f, step->units);
    } else {
        add_peephole(c, step, 1, cell, f);
        activate(c, step, 0, f);
    }

    activate(c, step, 1, g);
    apply(c, step, BINARY_MULTIPLY, f, cell, cell);
    apply(c, step, BINARY_MULTIPLY, i, g, g);
    apply(c, step, BINARY_ADD, cell, g, cell);
    flush(c, cell, cell, step->units);

    add_peephole(c, step, 2, cell, o);
    activate(c, step, 0, o);
    function_of(c, step, 2, cell, result);
    apply(c, step, BINARY_MULTIPLY, o, result, result);
    flush(c, result, result, step->units);
    if (step->projection.lanes == 0) {
        copy_floats(result, hidden, step->units);
        return;
    }

    c->kernels->multiply(&step->projection, result, 0, step->zeros, 0, hidden, 0, 1, &step->scratch);
    flush(c, hidden, hidden, step->outputs);
}

static void general_gru(const context *c, const rnn_general_sequence *step, float *r, float *hidden)
{
    const intptr_t padded_units = (step->units + 7) & ~7;
    float *z = r + padded_units, *n = z + padded_units, *part = hidden + 2 * (intptr_t)step->row_width;
    add_product(c, step, &step->weights.recurrent, hidden, r);
    activate(c, step, 0, r);
    activate(c, step, 0, z);
    if (step->reset_after) {
        c->kernels->multiply(&step->weights.candidate, hidden, 0, step->weights.candidate_bias, 0, part, 0, 1, &step->scratch);
        apply(c, step, BINARY_MULTIPLY, r, part, part);
        apply(c, step, BINARY_ADD, n, part, n);
    } else {
        apply(c, step, BINARY_MULTIPLY, r, hidden, part);
        flush(c, part, part, step->units);
        add_product(c, step, &step->weights.candidate, part, n);
    }

    activate(c, step, 1, n);
    apply(c, step, BINARY_SUBTRACT, hidden, n, part);
    apply(c, step, BINARY_MULTIPLY, z, part, part);
    apply(c, step, BINARY_ADD, n, part, hidden);
    flush(c, hidden, hidden, step->units);
}

static void general_plain(const context *c, const rnn_general_sequence *step, float *sums, float *hidden)
{
    add_product(c, step, &step->weights.recurrent, hidden, sums);
    activate(c, step, 0, sums);
    flush(c, sums, hidden, step->units);
}

static int32_t length_of(const context *c, const rnn_general_sequence *step, intptr_t frame, intptr_t stream)
{
    if (step->lengths.start == NULL) {
        return step->time_steps;
    }

    const int32_t length = ((const int32_t *)frame_of(c, &step->lengths, frame))[stream];
    return length < 0 ? 0 : length > step->time_steps ? step->time_steps : length;
}

static void run_stream(const context *c, const rnn_general_sequence *step, intptr_t frame, intptr_t stream)
{
    float *hidden = step->rows, *cell = hidden + step->row_width;
    const int32_t length = length_of(c, step, frame, stream);
    copy_floats(frame_of(c, &step->hidden, frame) + stream * step->outputs, hidden, step->outputs);
    if (step->cell_state.start != NULL) {
        copy_floats(frame_of(c, &step->cell_state, frame) + stream * step->units, cell, step->units);
    }

    float *output = frame_of(c, &step->y, frame) + stream * step->outputs;
    const intptr_t output_stride = (intptr_t)step->streams * step->outputs;
    for (int32_t i = 0; i < length; i++) {
        const intptr_t t = step->is_reversed ? length - 1 - i : i;
        float *sums = step->gates + (t * step->streams + stream) * step->gates_stride;
        switch (step->cell) {
        case RNN_GENERAL_LSTM: general_lstm(c, step, sums, hidden, cell); break;
        case RNN_GENERAL_GRU: general_gru(c, step, sums, hidden); break;
        case RNN_GENERAL_PLAIN: general_plain(c, step, sums, hidden); break;
        default: __builtin_trap();
        }

        copy_floats(hidden, output + t * output_stride, step->outputs);
    }

    for (intptr_t t = length; t < step->time_steps; t++) {
        clear_floats(output + t * output_stride, step->outputs);
    }

    copy_floats(hidden, frame_of(c, &step->new_hidden, frame) + stream * step->outputs, step->outputs);
    if (step->new_cell.start != NULL) {
        copy_floats(cell, frame_of(c, &step->new_cell, frame) + stream * step->units, step->units);
    }
}

void step_general_sequence(const context *c, const rnn_general_sequence *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        c->kernels->multiply(&step->weights.input, frame_of(c, &step->x, frame), step->inputs, step->weights.bias, 0, step->gates,
                             step->gates_stride, step->time_steps * step->streams, &step->scratch);
        for (intptr_t stream = 0; stream < step->streams; stream++) {
            run_stream(c, step, frame, stream);
        }
    }
}
