/* Reductions of rows: element i belongs to partial result i mod 8 and the eight are joined as a fixed tree. Kernels/Reductions.cs has the contract. */
#ifndef REDUCTIONS_H
#define REDUCTIONS_H

#include "functions_of_elements.h"
#include "lanes.h"
#include "rnn_kernels.h"

/* 2^-100: see TinySquare in Kernels/Reductions.cs. */
#define TINY_SQUARE 7.8886091e-31f

static inline float one_add(float a, float b) { return a + b; }
static inline float one_maximum(float a, float b) { return a == a ? (a > b ? a : b) : a; }
static inline float one_minimum(float a, float b) { return a == a ? (a < b ? a : b) : a; }
INLINE v8 v8_maximum(v8 a, v8 b) { return v8_select_equal(a, a, v8_max(a, b), a); }
INLINE v8 v8_minimum(v8 a, v8 b) { return v8_select_equal(a, a, v8_min(a, b), a); }

#define JOIN_EIGHT(one)                                            \
    for (int32_t half = 4; half > 0; half >>= 1) {           \
        for (int32_t i = 0; i < half; i++) {                 \
            partial[i] = one(partial[i], partial[i + half]); \
        }                                                    \
    }

/* Joins the elements, in eight chains that begin with start. */
#define FOLD(name, eight, one)                                           \
    static float fold_##name(const float *x, int32_t length, float start) \
    {                                                                    \
        const int32_t whole = length & ~7;                               \
        v8 chains = v8_broadcast(start);                                 \
        for (int32_t i = 0; i < whole; i += 8) {                         \
            chains = eight(chains, v8_load(x + i));                      \
        }                                                                \
        float partial[8];                                                \
        v8_store(partial, chains);                                       \
        for (int32_t i = whole; i < length; i++) {                       \
            partial[i & 7] = one(partial[i & 7], x[i]);                  \
        }                                                                \
        JOIN_EIGHT(one)                                                        \
        return partial[0];                                               \
    }

FOLD(add, v8_add, one_add)
FOLD(maximum, v8_maximum, one_maximum)
FOLD(minimum, v8_minimum, one_minimum)

#undef FOLD

static float squared_distances(const float *x, int32_t length, float mean)
{
    const int32_t whole = length & ~7;
    const v8 means = v8_broadcast(mean);
    v8 chains = v8_broadcast(TINY_SQUARE);
    for (int32_t i = 0; i < whole; i += 8) {
        const v8 distance = v8_sub(v8_load(x + i), means);
        chains = v8_fma(distance, distance, chains);
    }

    float partial[8];
    v8_store(partial, chains);
    for (int32_t i = whole; i < length; i++) {
        const float distance = x[i] - mean;
        partial[i & 7] = fmaf(distance, distance, partial[i & 7]);
    }

    JOIN_EIGHT(one_add)
    return partial[0];
}

#undef JOIN_EIGHT

static void reduce(int32_t function, const float *x, float *y, int32_t rows, int32_t length)
{
    for (int32_t row = 0; row < rows; row++, x += length) {
        switch (function) {
        case REDUCE_SUM: y[row] = fold_add(x, length, 0.0f); break;
        case REDUCE_MEAN: y[row] = fold_add(x, length, 0.0f) / (float)length; break;
        case REDUCE_MAXIMUM: y[row] = fold_maximum(x, length, -INFINITY); break;
        case REDUCE_MINIMUM: y[row] = fold_minimum(x, length, INFINITY); break;
        default: __builtin_trap();
        }
    }
}

/* A part of a vector counts too: n of WIDTH lanes. */
INLINE vf normalized(const float *x, vf mean, vf deviation, const float *scale, const float *bias, int32_t n)
{
    vf z = vf_div(vf_sub(n < WIDTH ? vf_load_part(x, n) : vf_load(x), mean), deviation);
    const vf factor = scale == NULL ? z : n < WIDTH ? vf_load_part(scale, n) : vf_load(scale);
    if (bias == NULL) {
        return scale == NULL ? z : vf_mul(z, factor);
    }

    const vf shift = n < WIDTH ? vf_load_part(bias, n) : vf_load(bias);
    return scale == NULL ? vf_add(z, shift) : vf_fma(z, factor, shift);
}

static void layer_norm(const float *x, float *y, int32_t rows, int32_t length, const float *scale, const float *bias, float epsilon)
{
    for (int32_t row = 0; row < rows; row++, x += length, y += length) {
        const float mean = fold_add(x, length, 0.0f) / (float)length;
        const float variance = squared_distances(x, length, mean) / (float)length;
        const vf means = vf_broadcast(mean), deviations = vf_broadcast(sqrtf(variance + epsilon));
        int32_t i = 0;
        for (; i <= length - WIDTH; i += WIDTH) {
            vf_store(y + i, normalized(x + i, means, deviations, scale == NULL ? NULL : scale + i, bias == NULL ? NULL : bias + i, WIDTH));
        }

        if (i < length) {
            const int32_t n = length - i;
            vf_store_part(y + i, normalized(x + i, means, deviations, scale == NULL ? NULL : scale + i, bias == NULL ? NULL : bias + i, n), n);
        }
    }
}

#endif
