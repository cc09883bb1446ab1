#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LSTM, GRU_AFTER, GRU_BEFORE, RNN, CELLS };

static const char *const names[] = {"lstm", "gru_reset_after", "gru_reset_before", "rnn"};

typedef struct cell_case {
    int cell;
    int format;
    int groups;
    int inputs;
    int steps;
    int streams;
    int activation;
    int kind;
    float scale; /* of weights */
} cell_case;

typedef struct dense_cell {
    float *input;
    float *recurrent;
    float *candidate;
    float *bias;
    float *candidate_bias;
} dense_cell;

static float *make_weights(int format, int lanes, int columns, float scale)
{
    float *weights = malloc((size_t)lanes * (size_t)columns * sizeof *weights);
    fill_vector(weights, lanes * columns, ORDINARY);
    for (int i = 0; i < lanes * columns; i++) {
        weights[i] *= format == RNN_INT8 ? 1.0f : scale;
    }

    round_weights(format, weights, lanes * columns);
    return weights;
}

static double logistic(double x) { return 1.0 / (1.0 + exp(-x)); }

static double dot(const float *weights, const double *x, int count, double start)
{
    for (int i = 0; i < count; i++) {
        start += (double)weights[i] * x[i];
    }

    return start;
}

/* One stream in double precision, float32 weights. */
static void reference(const cell_case *c, const dense_cell *w, const float *x, int x_stride, double *hidden, double *cell, double *y)
{
    const int units = c->groups * 8;
    double *next = malloc((size_t)units * sizeof *next);
    double *reset = malloc((size_t)units * sizeof *reset);
    double *in = malloc((size_t)c->inputs * sizeof *in);
    for (int t = 0; t < c->steps; t++) {
        for (int i = 0; i < c->inputs; i++) {
            in[i] = (double)x[t * x_stride + i];
        }

        for (int unit = 0; unit < units && c->cell == GRU_BEFORE; unit++) {
            const int lane = unit / 8 * 16 + unit % 8;
            const double sum = dot(w->input + lane * c->inputs, in, c->inputs, (double)w->bias[lane]);
            reset[unit] = logistic(dot(w->recurrent + lane * units, hidden, units, sum)) * hidden[unit];
        }

        for (int unit = 0; unit < units; unit++) {
            const int gates = c->cell == LSTM ? 4 : c->cell == RNN ? 1 : 2;
            double sum[4];
            for (int gate = 0; gate < gates; gate++) {
                const int lane = unit / 8 * 8 * gates + gate * 8 + unit % 8;
                sum[gate] = dot(w->input + lane * c->inputs, in, c->inputs, (double)w->bias[lane]);
                sum[gate] = dot(w->recurrent + lane * units, hidden, units, sum[gate]);
            }

            if (c->cell == LSTM) {
                cell[unit] = logistic(sum[1]) * cell[unit] + logistic(sum[0]) * tanh(sum[2]);
                next[unit] = logistic(sum[3]) * tanh(cell[unit]);
            } else if (c->cell == RNN) {
                next[unit] = c->activation == 1 ? tanh(sum[0]) : c->activation == 2 ? logistic(sum[0]) : c->activation == 3 ? fmax(sum[0], 0) : sum[0];
            } else {
                const int lane = c->groups * 16 + unit;
                const double part = dot(w->input + lane * c->inputs, in, c->inputs, (double)w->bias[lane]);
                const double n = c->cell == GRU_BEFORE
                    ? tanh(dot(w->candidate + unit * units, reset, units, part))
                    : tanh(part + logistic(sum[0]) * dot(w->candidate + unit * units, hidden, units, (double)w->candidate_bias[unit]));
                next[unit] = n + logistic(sum[1]) * (hidden[unit] - n);
            }
        }

        memcpy(hidden, next, (size_t)units * sizeof *hidden);
        memcpy(y + t * units, next, (size_t)units * sizeof *y);
    }

    free(next);
    free(reset);
    free(in);
}

static void call(const rnn_kernels *set, const cell_case *c, const rnn_cell_weights *weights, const rnn_cell_arguments *a)
{
    switch (c->cell) {
    case LSTM: set->lstm(weights, a); break;
    case GRU_AFTER: set->gru_reset_after(weights, a); break;
    case GRU_BEFORE: set->gru_reset_before(weights, a); break;
    default: set->rnn(weights, c->activation, a); break;
    }
}

static void check_reference(const cell_case *c, const dense_cell *w, const float *x, int x_stride, const float *first_hidden,
                            const float *first_cell, const float *y, int y_stride)
{
    const int units = c->groups * 8;
    double *states = malloc((size_t)(units * (2 + c->steps)) * sizeof *states);
    double worst = 0.0;
    for (int b = 0; b < c->streams; b++) {
        for (int unit = 0; unit < units; unit++) {
            states[unit] = (double)first_hidden[b * units + unit];
            states[units + unit] = (double)first_cell[b * units + unit];
        }

        reference(c, w, x + b * x_stride, x_stride * c->streams, states, states + units, states + 2 * units);
        for (int i = 0; i < c->steps * units; i++) {
            const double error = fabs((double)y[(i / units * c->streams + b) * y_stride + i % units] - states[2 * units + i]);
            worst = error > worst ? error : worst;
        }
    }

    free(states);
    check(worst < 2e-5, "%s of %d units, %d inputs: error %g", names[c->cell], units, c->inputs, worst);
}

static void run_case(const test_run *run, const cell_case *c)
{
    const int units = c->groups * 8;
    const int gates = c->cell == LSTM ? 4 : c->cell == RNN ? 1 : 2;
    const int is_gru = c->cell == GRU_AFTER || c->cell == GRU_BEFORE;
    const int lanes = units * (is_gru ? 3 : gates);
    const int rows = c->steps * c->streams;
    dense_cell w = {
        make_weights(c->format, lanes, c->inputs, c->scale),
        make_weights(c->format, units * gates, units, c->scale),
        make_weights(c->format, units, units, c->scale),
        guarded((size_t)lanes * sizeof(float)),
        guarded((size_t)units * sizeof(float)),
    };
    fill_vector(w.bias, lanes, ORDINARY);
    fill_vector(w.candidate_bias, units, ORDINARY);
    rnn_cell_weights weights = {0};
    weights.groups = c->groups;
    weights.input = pack(c->format, w.input, lanes, c->inputs);
    weights.recurrent = pack(c->format, w.recurrent, units * gates, units);
    weights.candidate = pack(c->format, w.candidate, units, units);
    weights.bias = w.bias;
    weights.candidate_bias = w.candidate_bias;
    weights.recurrent.range = 1.0f;

    const rnn_matrix matrices[3] = {weights.input, weights.recurrent, weights.candidate};
    const size_t state_floats = (size_t)(units * c->streams);
    const int x_stride = c->inputs + 1;
    const int y_stride = units + 8;
    float *x = guarded(((size_t)x_stride * (size_t)(rows - 1) + (size_t)c->inputs) * sizeof *x);
    float *first = malloc(2 * state_floats * sizeof *first);
    float *expected = malloc(((size_t)(y_stride * rows) + 2 * state_floats) * sizeof *expected);
    for (int row = 0; row < rows; row++) {
        fill_vector(x + row * x_stride, c->inputs, row % 2 == 0 ? c->kind : ORDINARY);
    }

    fill_vector(first, 2 * (int)state_floats, c->kind == TINY ? TINY : ORDINARY);
    rnn_cell_arguments a = {0};
    a.x = x;
    a.x_stride = x_stride;
    a.gates_stride = lanes + 8;
    a.gates = guarded(((size_t)a.gates_stride * (size_t)(rows - 1) + (size_t)lanes) * sizeof(float));
    a.hidden = guarded(state_floats * sizeof(float));
    a.cell = guarded(state_floats * sizeof(float));
    a.state_stride = units;
    a.y_stride = y_stride;
    a.y = guarded(((size_t)y_stride * (size_t)(rows - 1) + (size_t)units) * sizeof(float));
    a.time_steps = c->steps;
    a.streams = c->streams;
    a.scratch = make_scratch(matrices, 3, rows);

    for (int s = -1; s < run->count; s++) {
        const rnn_kernels *set = s < 0 ? run->scalar : run->sets[s];
        memcpy(a.hidden, first, state_floats * sizeof(float));
        memcpy(a.cell, first + state_floats, state_floats * sizeof(float));
        call(set, c, &weights, &a);
        if (s < 0) {
            for (int row = 0; row < rows; row++) {
                memcpy(expected + row * y_stride, a.y + row * y_stride, (size_t)units * sizeof(float));
            }

            memcpy(expected + y_stride * rows, a.hidden, state_floats * sizeof(float));
            memcpy(expected + (size_t)(y_stride * rows) + state_floats, a.cell, state_floats * sizeof(float));
            if (c->format == RNN_FLOAT32 && (c->kind == ORDINARY || c->kind == TINY) && c->activation <= 3) {
                check_reference(c, &w, x, x_stride, first, first + state_floats, a.y, y_stride);
            }

            continue;
        }

        int bad = 0;
        for (int row = 0; row < rows; row++) {
            bad |= first_difference(expected + row * y_stride, a.y + row * y_stride, units) >= 0;
        }

        bad |= first_difference(expected + y_stride * rows, a.hidden, (int)state_floats) >= 0;
        bad |= c->cell == LSTM && first_difference(expected + y_stride * rows + units * c->streams, a.cell, (int)state_floats) >= 0;
        check(!bad, "%s: %s, format %d, %d groups, %d inputs, %d steps of %d streams, activation %d, kind %d", set->name, names[c->cell], c->format,
              c->groups, c->inputs, c->steps, c->streams, c->activation, c->kind);
    }

    free(w.input);
    free(w.recurrent);
    free(w.candidate);
    free(first);
    free(expected);
    release_buffers();
}

void test_cells(const test_run *run)
{
    for (int cell = 0; cell < CELLS; cell++) {
        for (int format = RNN_FLOAT32; format <= RNN_INT8; format++) {
            for (int groups = 1; groups <= 10; groups += run->quick ? 5 : 1) {
                for (int i = 0; i < 6; i++) {
                    const cell_case c = {
                        .cell = cell,
                        .format = format,
                        .groups = groups,
                        .inputs = i == 0 ? 1 : 1 + random_below(20),
                        .steps = i < 2 ? 1 : 1 + random_below(5),
                        .streams = i < 3 ? 1 : 1 + random_below(9),
                        .activation = random_below(4),
                        .kind = random_below(3) == 0 ? random_below(KINDS) : ORDINARY,
                        .scale = 0.3f,
                    };
                    run_case(run, &c);
                }
            }
        }

        /* Rows of more than a first-level cache: walked in pairs of panels, from alternating ends. */
        static const int far_groups[] = {18, 30, 31, 58};
        for (int format = RNN_FLOAT32; format <= RNN_INT8; format++) {
            const cell_case c = {.cell = cell, .format = format, .groups = far_groups[format], .inputs = 9, .steps = 3, .streams = 1, .scale = 0.05f};
            run_case(run, &c);
        }

        /* Many steps of one stream, where weights are far: input products go ahead of the steps, in blocks and in rests. */
        static const int inputs[] = {17, 64, 150};
        for (int i = 0; i < 3; i++) {
            for (int steps = 16; steps <= 40; steps += run->quick ? 24 : 5) {
                const cell_case c = {.cell = cell, .groups = 17 + i, .inputs = inputs[i], .steps = steps, .streams = 1, .activation = 1, .scale = 0.1f};
                run_case(run, &c);
            }
        }
    }
}
