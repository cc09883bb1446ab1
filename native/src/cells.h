/* The recurrent cells, written once over the products (Kernels/Cells.cs). */
#ifndef CELLS_H
#define CELLS_H

#include "activations.h"
#include "elementwise.h"
#include "product.h"

/* Units lie in groups of 8, and a group's gates side by side. A vector takes its units from one group, or from two that lie `second` floats apart; 0 where
 * there is no second one, whose lanes then repeat the first. */
INLINE vf load_units(const float *group, intptr_t second)
{
#if WIDTH == 16
    return _mm512_insertf32x8(_mm512_castps256_ps512(v8_load(group)), v8_load(group + second), 1);
#else
    (void)second;
    return vf_load(group);
#endif
}

INLINE void store_units(float *destination, vf value, intptr_t second)
{
#if WIDTH == 16
    if (second == 0) {
        v8_store(destination, _mm512_castps512_ps256(value));
        return;
    }
#endif
    (void)second;
    vf_store(destination, value);
}

/* The distance of the second group where a group of gates has this many floats. */
INLINE intptr_t second_group(int unit, int units, intptr_t floats) { return WIDTH == 16 && unit + 8 < units ? floats : 0; }

INLINE void multiply_input(const rnn_cell_weights *weights, const rnn_cell_arguments *a)
{
    const job work = {a->x, a->x_stride, weights->bias, 0, a->gates, a->gates_stride};
    multiply_job(&weights->input, &work, a->time_steps * a->streams, &a->scratch);
}

/* Adds to the sums in y. */
INLINE void multiply_state(const rnn_matrix *matrix, const float *state, float *y, const rnn_cell_arguments *a)
{
    const job work = {state, a->state_stride, y, a->gates_stride, y, a->gates_stride};
    multiply_job(matrix, &work, a->streams, &a->scratch);
}

/* c' = f*c + i*g, h' = o*tanh(c'). Two passes: the second one waits for the results of the first, and one loop would fill the processor's window with
 * waiting work. The first leaves i*g, f and o side by side. */
static void lstm_units(int groups, float *gates, float *cell, float *hidden, float *y)
{
    const int units = groups * 8;
    for (int unit = 0; unit < units; unit += WIDTH) {
        float *group = gates + unit / 8 * 32 + unit % 8;
        const intptr_t second = second_group(unit, units, 32);
        const intptr_t place = second != 0 ? 16 : 8;
        const vf i = sigmoid(load_units(group, second));
        const vf f = sigmoid(load_units(group + 8, second));
        const vf g = hyperbolic_tangent(load_units(group + 16, second));
        const vf o = sigmoid(load_units(group + 24, second));
        store_units(group, vf_mul(i, g), second);
        store_units(group + place, f, second);
        store_units(group + 2 * place, o, second);
    }

    for (int unit = 0; unit < units; unit += WIDTH) {
        const float *group = gates + unit / 8 * 32 + unit % 8;
        const intptr_t second = second_group(unit, units, 8);
        const intptr_t place = second != 0 ? 16 : 8;
        const vf state = load_units(cell + unit, second);
        const vf c = flush(vf_fma(load_units(group + place, second), state, load_units(group, second)));
        const vf h = flush(vf_mul(load_units(group + 2 * place, second), hyperbolic_tangent(c)));
        store_units(cell + unit, c, second);
        store_units(hidden + unit, h, second);
        store_units(y + unit, h, second);
    }
}

static void lstm(const rnn_cell_weights *weights, const rnn_cell_arguments *a)
{
    multiply_input(weights, a);
    for (int32_t t = 0; t < a->time_steps; t++) {
        float *gates = a->gates + (intptr_t)t * a->streams * a->gates_stride;
        float *y = a->y + (intptr_t)t * a->streams * a->y_stride;
        multiply_state(&weights->recurrent, a->hidden, gates, a);
        for (int32_t b = 0; b < a->streams; b++) {
            lstm_units(weights->groups, gates + b * a->gates_stride, a->cell + b * a->state_stride, a->hidden + b * a->state_stride,
                       y + b * a->y_stride);
        }
    }
}

/* n = tanh(x part + r * h part), h' = n + z * (h - n); without an h part the x part holds the whole sum. */
static void gru_units(int groups, const float *gates, const float *recurrent, float *hidden, float *y)
{
    const int units = groups * 8;
    const float *candidates = gates + groups * 16;
    for (int unit = 0; unit < units; unit += WIDTH) {
        const float *group = gates + unit / 8 * 16 + unit % 8;
        const intptr_t gate = second_group(unit, units, 16);
        const intptr_t second = second_group(unit, units, 8);
        vf sum = load_units(candidates + unit, second);
        if (recurrent != NULL) {
            sum = vf_fma(sigmoid(load_units(group, gate)), load_units(recurrent + unit, second), sum);
        }

        const vf z = sigmoid(load_units(group + 8, gate));
        const vf n = hyperbolic_tangent(sum);
        const vf h = flush(vf_fma(z, vf_sub(load_units(hidden + unit, second), n), n));
        store_units(hidden + unit, h, second);
        store_units(y + unit, h, second);
    }
}

/* r applied to U.h + b. */
static void gru_reset_after(const rnn_cell_weights *weights, const rnn_cell_arguments *a)
{
    multiply_input(weights, a);
    const job candidate = {a->hidden, a->state_stride, weights->candidate_bias, 0, a->cell, a->state_stride};
    for (int32_t t = 0; t < a->time_steps; t++) {
        float *gates = a->gates + (intptr_t)t * a->streams * a->gates_stride;
        float *y = a->y + (intptr_t)t * a->streams * a->y_stride;
        multiply_state(&weights->recurrent, a->hidden, gates, a);
        multiply_job(&weights->candidate, &candidate, a->streams, &a->scratch);
        for (int32_t b = 0; b < a->streams; b++) {
            gru_units(weights->groups, gates + b * a->gates_stride, a->cell + b * a->state_stride, a->hidden + b * a->state_stride,
                      y + b * a->y_stride);
        }
    }
}

static void reset_hidden(int groups, const float *gates, const float *hidden, float *result)
{
    const int units = groups * 8;
    for (int unit = 0; unit < units; unit += WIDTH) {
        const vf r = sigmoid(load_units(gates + unit / 8 * 16 + unit % 8, second_group(unit, units, 16)));
        const intptr_t second = second_group(unit, units, 8);
        store_units(result + unit, flush(vf_mul(r, load_units(hidden + unit, second))), second);
    }
}

/* r applied to h before the product. */
static void gru_reset_before(const rnn_cell_weights *weights, const rnn_cell_arguments *a)
{
    multiply_input(weights, a);
    for (int32_t t = 0; t < a->time_steps; t++) {
        float *gates = a->gates + (intptr_t)t * a->streams * a->gates_stride;
        float *y = a->y + (intptr_t)t * a->streams * a->y_stride;
        multiply_state(&weights->recurrent, a->hidden, gates, a);
        for (int32_t b = 0; b < a->streams; b++) {
            reset_hidden(weights->groups, gates + b * a->gates_stride, a->hidden + b * a->state_stride, a->cell + b * a->state_stride);
        }

        multiply_state(&weights->candidate, a->cell, gates + weights->groups * 16, a);
        for (int32_t b = 0; b < a->streams; b++) {
            gru_units(weights->groups, gates + b * a->gates_stride, NULL, a->hidden + b * a->state_stride, y + b * a->y_stride);
        }
    }
}

INLINE void rnn_units(const int32_t activation, int groups, const float *sums, float *hidden, float *y)
{
    const int units = groups * 8;
    for (int unit = 0; unit < units; unit += WIDTH) {
        const intptr_t second = second_group(unit, units, 8);
        const vf sum = load_units(sums + unit, second);
        const vf value = activation == UNARY_TANH ? hyperbolic_tangent(sum)
            : activation == UNARY_SIGMOID         ? sigmoid(sum)
            : activation == UNARY_RELU            ? relu(sum)
                                                  : sum;
        const vf h = flush(value);
        store_units(hidden + unit, h, second);
        store_units(y + unit, h, second);
    }
}

/* h' = activation(W.x + U.h + b). */
static void rnn(const rnn_cell_weights *weights, int32_t activation, const rnn_cell_arguments *a)
{
    multiply_input(weights, a);
    for (int32_t t = 0; t < a->time_steps; t++) {
        float *gates = a->gates + (intptr_t)t * a->streams * a->gates_stride;
        multiply_state(&weights->recurrent, a->hidden, gates, a);
        for (int32_t b = 0; b < a->streams; b++) {
            float *sums = gates + b * a->gates_stride;
            float *hidden = a->hidden + b * a->state_stride;
            float *y = a->y + ((intptr_t)t * a->streams + b) * a->y_stride;
            switch (activation) {
            case UNARY_IDENTITY: rnn_units(UNARY_IDENTITY, weights->groups, sums, hidden, y); break;
            case UNARY_TANH: rnn_units(UNARY_TANH, weights->groups, sums, hidden, y); break;
            case UNARY_SIGMOID: rnn_units(UNARY_SIGMOID, weights->groups, sums, hidden, y); break;
            case UNARY_RELU: rnn_units(UNARY_RELU, weights->groups, sums, hidden, y); break;
            default:
                unary(activation, 0.0f, 0.0f, sums, sums, weights->groups * 8);
                rnn_units(UNARY_IDENTITY, weights->groups, sums, hidden, y);
                break;
            }
        }
    }
}

#endif
