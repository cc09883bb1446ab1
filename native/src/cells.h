/* The recurrent cells, written once over the products (Kernels/Cells.cs). */
#ifndef CELLS_H
#define CELLS_H

#include "activations.h"
#include "elementwise.h"
#include "lstm_near.h"
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

INLINE void multiply_inputs(const rnn_cell_weights *weights, const rnn_cell_arguments *a, int32_t step, int32_t steps)
{
    const intptr_t first = (intptr_t)step * a->streams;
    const job work = {
        a->x + first * a->x_stride, a->x_stride, weights->bias, 0, a->gates + first * a->gates_stride, a->gates_stride, 0,
    };
    multiply_job(&weights->input, &work, steps * a->streams, &a->scratch);
}

/* Every other step walks the weights of the recurrent products from their end, from call to call too. */
INLINE int walks_backwards(const rnn_cell_arguments *a, int32_t step) { return (a->backwards ^ step) & 1; }

/* How a cell takes the input product: of all steps at once, before the first; of each step together with the recurrent product, where sums then stay in
 * registers; or of a block of steps beside the recurrent products of the block before. */
typedef struct input_plan {
    enum { AT_ONCE, JOINED, AHEAD } kind;
    fp32_ahead ahead;
} input_plan;

/* The gates of an LSTM and an RNN are the lanes of both matrices, whose products can be joined. */
INLINE void begin_inputs(input_plan *plan, const rnn_cell_weights *weights, const rnn_cell_arguments *a, int can_join)
{
    enum { NEAR_COLUMNS = 16 }; /* More than one step joins products only where the input's weights are near in any case. */
    const int is_fp32 = is_dense_fp32(&weights->input) && is_dense_fp32(&weights->recurrent);
    plan->kind = AT_ONCE;
    if (is_fp32 && can_join && (a->time_steps == 1 || weights->input.columns <= NEAR_COLUMNS)) {
        plan->kind = JOINED;
#if WIDE_LANES == 16
    } else if (is_fp32 && a->streams == 1 && a->time_steps > 2 * AHEAD_STEPS && is_ahead_size(&weights->recurrent)) {
        plan->kind = AHEAD;
#endif
    } else {
        multiply_inputs(weights, a, 0, a->time_steps);
    }
}

/* Before the products of a step. */
INLINE void prepare_step(input_plan *plan, const rnn_cell_weights *weights, const rnn_cell_arguments *a, int32_t step)
{
#if WIDE_LANES == 16
    if (plan->kind != AHEAD || step % AHEAD_STEPS != 0) {
        return;
    }

    if (step == 0) {
        multiply_inputs(weights, a, 0, AHEAD_STEPS);
    } else if (a->time_steps - step >= AHEAD_STEPS) {
        ahead_finish(&plan->ahead);
    } else {
        multiply_inputs(weights, a, step, a->time_steps - step);
    }

    const intptr_t later = step + AHEAD_STEPS;
    const fp32_part part = fp32_part_of(&weights->input, a->x + later * a->x_stride, a->x_stride);
    const fp32_work work = {{part, part}, 1, weights->bias, 0, a->gates + later * a->gates_stride, a->gates_stride, 0};
    ahead_begin(&plan->ahead, &work, a->time_steps - later >= AHEAD_STEPS ? weights->input.lanes : 0);
#else
    (void)plan;
    (void)weights;
    (void)a;
    (void)step;
#endif
}

/* The sums of a step's gates: of both products, or of the recurrent one where those of the input are in the gates already. */
INLINE void multiply_step(input_plan *plan, const rnn_cell_weights *weights, const rnn_cell_arguments *a, int32_t step)
{
    const intptr_t first = (intptr_t)step * a->streams;
    float *gates = a->gates + first * a->gates_stride;
    const fp32_part recurrent = fp32_part_of(&weights->recurrent, a->hidden, a->state_stride);
    prepare_step(plan, weights, a, step);
    if (plan->kind == JOINED) {
        const fp32_part input = fp32_part_of(&weights->input, a->x + first * a->x_stride, a->x_stride);
        const fp32_work work = {{input, recurrent}, 2, weights->bias, 0, gates, a->gates_stride, walks_backwards(a, step)};
        fp32_multiply(weights->input.lanes, &work, a->streams);
#if WIDE_LANES == 16
    } else if (plan->kind == AHEAD) {
        const fp32_work work = {{recurrent, recurrent}, 1, gates, a->gates_stride, gates, a->gates_stride, walks_backwards(a, step)};
        fp32_one_with_slices(weights->recurrent.lanes, &work, &plan->ahead);
#endif
    } else {
        const job work = {a->hidden, a->state_stride, gates, a->gates_stride, gates, a->gates_stride, walks_backwards(a, step)};
        multiply_job(&weights->recurrent, &work, a->streams, &a->scratch);
    }
}

/* Adds to the sums in y. */
INLINE void multiply_state(const rnn_matrix *matrix, const float *state, float *y, const rnn_cell_arguments *a, int backwards)
{
    const job work = {state, a->state_stride, y, a->gates_stride, y, a->gates_stride, backwards};
    multiply_job(matrix, &work, a->streams, &a->scratch);
}

/* c' = f*c + i*g, h' = o*tanh(c'). Two passes: the second one waits for the results of the first, and one loop would fill the processor's window with
 * waiting work. The first leaves i*g, f and o side by side. */
static void lstm_units(int32_t groups, float *gates, float *cell, float *hidden, float *y)
{
    const int units = groups * 8;
    for (int unit = 0; unit < units; unit += WIDTH) {
        float *group = gates + unit / 8 * 32 + unit % 8;
        const intptr_t second = second_group(unit, units, 32);
#if WIDTH == 16
        if (second == 0) {
            const vf if_gates = sigmoid(vf_load(group));
            const vf go_gates = tangent_and_sigmoid(vf_load(group + 16));
            v8_store(group, v8_mul(_mm512_castps512_ps256(if_gates), _mm512_castps512_ps256(go_gates)));
            v8_store(group + 8, _mm512_extractf32x8_ps(if_gates, 1));
            v8_store(group + 16, _mm512_extractf32x8_ps(go_gates, 1));
            break;
        }
#endif
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
    input_plan plan;
    begin_inputs(&plan, weights, a, 1);
#if WIDTH == 16
    if (plan.kind == JOINED && a->streams == 1 && weights->groups <= NEAR_GROUPS) {
        lstm_near(weights, a);
        return;
    }
#endif

    for (int32_t t = 0; t < a->time_steps; t++) {
        float *gates = a->gates + (intptr_t)t * a->streams * a->gates_stride;
        float *y = a->y + (intptr_t)t * a->streams * a->y_stride;
        multiply_step(&plan, weights, a, t);
        for (int32_t b = 0; b < a->streams; b++) {
            lstm_units(weights->groups, gates + b * a->gates_stride, a->cell + b * a->state_stride, a->hidden + b * a->state_stride,
                       y + b * a->y_stride);
        }
    }
}

/* n = tanh(candidates + r * recurrent), h' = n + z * (h - n); without recurrent the candidates are the whole sum. */
static void gru_units(int32_t groups, const float *gates, const float *candidates, const float *recurrent, float *hidden, float *y)
{
    const int units = groups * 8;
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
    input_plan plan;
    begin_inputs(&plan, weights, a, 0);
    job candidate = {a->hidden, a->state_stride, weights->candidate_bias, 0, a->cell, a->state_stride, 0};
    for (int32_t t = 0; t < a->time_steps; t++) {
        float *gates = a->gates + (intptr_t)t * a->streams * a->gates_stride;
        float *y = a->y + (intptr_t)t * a->streams * a->y_stride;
        candidate.backwards = walks_backwards(a, t);
        if (candidate.backwards) {
            multiply_job(&weights->candidate, &candidate, a->streams, &a->scratch);
        }

        multiply_step(&plan, weights, a, t);
        if (!candidate.backwards) {
            multiply_job(&weights->candidate, &candidate, a->streams, &a->scratch);
        }

        for (int32_t b = 0; b < a->streams; b++) {
            float *units = gates + b * a->gates_stride;
            gru_units(weights->groups, units, units + weights->groups * 16, a->cell + b * a->state_stride, a->hidden + b * a->state_stride,
                      y + b * a->y_stride);
        }
    }
}

static void reset_units(int32_t groups, const float *gates, const float *hidden, float *result)
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
    input_plan plan;
    begin_inputs(&plan, weights, a, 0);
    for (int32_t t = 0; t < a->time_steps; t++) {
        float *gates = a->gates + (intptr_t)t * a->streams * a->gates_stride;
        float *y = a->y + (intptr_t)t * a->streams * a->y_stride;
        multiply_step(&plan, weights, a, t);
        for (int32_t b = 0; b < a->streams; b++) {
            reset_units(weights->groups, gates + b * a->gates_stride, a->hidden + b * a->state_stride, a->cell + b * a->state_stride);
        }

        multiply_state(&weights->candidate, a->cell, gates + weights->groups * 16, a, walks_backwards(a, t));
        for (int32_t b = 0; b < a->streams; b++) {
            float *units = gates + b * a->gates_stride;
            gru_units(weights->groups, units, units + weights->groups * 16, NULL, a->hidden + b * a->state_stride, y + b * a->y_stride);
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
    input_plan plan;
    begin_inputs(&plan, weights, a, 1);
    for (int32_t t = 0; t < a->time_steps; t++) {
        float *gates = a->gates + (intptr_t)t * a->streams * a->gates_stride;
        multiply_step(&plan, weights, a, t);
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
