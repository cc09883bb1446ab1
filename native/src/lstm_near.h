/* A float32 LSTM of up to 32 units and one stream, whose sums, gates and states fit into 32 registers of 512 bits: such a step is a chain of latencies, and each
 * pass through memory is one more. The same operations as those of lstm_units. */
#ifndef LSTM_NEAR_H
#define LSTM_NEAR_H

#include "activations.h"
#include "fp32.h"

#if WIDTH == 16

enum { NEAR_GROUPS = 4 };

/* Registers of a group: i and f, g and o. */
INLINE void near_product(const int groups, vf *sum, const fp32_part *part)
{
    const int width = groups == 4 ? 64 : groups * 32;
    const float *panel = part->panel;
    const float *next = panel + 64 * part->columns;
    for (const float *x = part->x, *end = x + part->columns; x < end; x++, panel += width, next += width) {
        const vf value = vf_broadcast(*x);
        UNROLL for (int r = 0; r < groups * 2; r++) {
            sum[r] = vf_fma(vf_load(r * 16 < width ? panel + r * 16 : next + r * 16 - width), value, sum[r]);
        }
    }
}

INLINE void near_step(const int groups, const rnn_cell_weights *weights, const rnn_cell_arguments *a, int32_t step)
{
    vf sum[2 * NEAR_GROUPS];
    UNROLL for (int r = 0; r < groups * 2; r++) { sum[r] = vf_load(weights->bias + r * 16); }
    const fp32_part input = fp32_part_of(&weights->input, a->x + step * a->x_stride, 0);
    const fp32_part recurrent = fp32_part_of(&weights->recurrent, a->hidden, 0);
    near_product(groups, sum, &input);
    near_product(groups, sum, &recurrent);

    const int pairs = groups / 2;
    vf c[NEAR_GROUPS];
    vf o[NEAR_GROUPS];
    UNROLL for (int p = 0; p < pairs; p++) {
        const vf *gates = sum + p * 4;
        const vf i = sigmoid(_mm512_shuffle_f32x4(gates[0], gates[2], 0x44));
        const vf f = sigmoid(_mm512_shuffle_f32x4(gates[0], gates[2], 0xee));
        const vf g = hyperbolic_tangent(_mm512_shuffle_f32x4(gates[1], gates[3], 0x44));
        o[p] = sigmoid(_mm512_shuffle_f32x4(gates[1], gates[3], 0xee));
        c[p] = flush(vf_fma(f, vf_load(a->cell + p * 16), vf_mul(i, g)));
    }

    if (groups % 2 != 0) {
        const vf i_and_f = sigmoid(sum[groups * 2 - 2]);
        const vf g_and_o = tangent_and_sigmoid(sum[groups * 2 - 1]);
        const vf f = _mm512_shuffle_f32x4(i_and_f, i_and_f, 0xee);
        const vf state = _mm512_zextps256_ps512(v8_load(a->cell + pairs * 16));
        o[pairs] = _mm512_shuffle_f32x4(g_and_o, g_and_o, 0xee);
        c[pairs] = flush(vf_fma(f, state, vf_mul(i_and_f, g_and_o)));
    }

    float *y = a->y + step * a->y_stride;
    UNROLL for (int p = 0; p < pairs + groups % 2; p++) {
        const vf h = flush(vf_mul(o[p], hyperbolic_tangent(c[p])));
        if (p < pairs) {
            vf_store(a->hidden + p * 16, h);
            vf_store(a->cell + p * 16, c[p]);
            vf_store(y + p * 16, h);
        } else {
            v8_store(a->hidden + p * 16, _mm512_castps512_ps256(h));
            v8_store(a->cell + p * 16, _mm512_castps512_ps256(c[p]));
            v8_store(y + p * 16, _mm512_castps512_ps256(h));
        }
    }
}

#define NEAR_LSTM(GROUPS)                                                                            \
    static void lstm_near_##GROUPS(const rnn_cell_weights *weights, const rnn_cell_arguments *a)     \
    {                                                                                                \
        for (int32_t step = 0; step < a->time_steps; step++) {                                       \
            near_step(GROUPS, weights, a, step);                                                     \
        }                                                                                            \
    }
NEAR_LSTM(1)
NEAR_LSTM(2)
NEAR_LSTM(3)
NEAR_LSTM(4)
#undef NEAR_LSTM

static void lstm_near(const rnn_cell_weights *weights, const rnn_cell_arguments *a)
{
    switch (weights->groups) {
    case 1: lstm_near_1(weights, a); break;
    case 2: lstm_near_2(weights, a); break;
    case 3: lstm_near_3(weights, a); break;
    default: lstm_near_4(weights, a); break;
    }
}

#endif
#endif
