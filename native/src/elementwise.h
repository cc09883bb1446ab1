/* Functions of elements, softmax and select: whole vectors first, then a part of one. Kernels/Elementwise.cs says what holds for each. */
#ifndef ELEMENTWISE_H
#define ELEMENTWISE_H

#include "double_math.h"
#include "functions.h"
#include "functions_of_elements.h"
#include "rnn_kernels.h"

/* A loop for an expression of v, and of a and b, the function's parameters. */
#define MAP(name, expression)                                                                  \
    static void map_##name(float alpha, float beta, const float *x, float *y, int32_t count)   \
    {                                                                                          \
        const vf a = vf_broadcast(alpha), b = vf_broadcast(beta);                              \
        (void)a;                                                                               \
        (void)b;                                                                               \
        int32_t i = 0;                                                                         \
        for (; i <= count - WIDTH; i += WIDTH) {                                               \
            const vf v = vf_load(x + i);                                                       \
            vf_store(y + i, expression);                                                       \
        }                                                                                      \
        if (i < count) {                                                                       \
            const vf v = vf_load_part(x + i, count - i);                                       \
            vf_store_part(y + i, expression, count - i);                                       \
        }                                                                                      \
    }

MAP(tanh, hyperbolic_tangent(v))
MAP(sigmoid, sigmoid(v))
MAP(relu, relu(v))
MAP(exp, exponential(v))
MAP(negate, vf_sub(vf_broadcast(-0.0f), v))
MAP(abs, vf_abs(v))
MAP(flush, flush(v))
MAP(sqrt, vf_sqrt(v))
MAP(reciprocal, vf_div(vf_broadcast(1.0f), v))
MAP(log, logarithm(v))
MAP(leaky_relu, leaky(v, a))
MAP(elu, vf_select_less(v, vf_broadcast(0.0f), vf_mul(a, exp_minus_one(v)), v))
MAP(hard_sigmoid, vf_max(vf_broadcast(0.0f), vf_min(vf_broadcast(1.0f), vf_fma(a, v, b))))
MAP(thresholded_relu, thresholded(v, a))
MAP(scaled_tanh, vf_mul(a, hyperbolic_tangent(vf_mul(b, v))))
MAP(affine, vf_fma(a, v, b))
MAP(softplus, softplus(v))
MAP(softsign, softsign(v))
MAP(not, vf_select_equal(v, vf_broadcast(0.0f), vf_broadcast(1.0f), vf_broadcast(0.0f)))
MAP(round, round_to_even(v))
MAP(square, vf_mul(v, v))
MAP(cube, vf_mul(vf_mul(v, v), v))
MAP(root, root(v))
MAP(reciprocal_root, vf_div(vf_broadcast(1.0f), root(v)))

#undef MAP

static void unary(int32_t function, float alpha, float beta, const float *x, float *y, int32_t count)
{
    switch (function) {
    case UNARY_IDENTITY: memmove(y, x, (size_t)count * sizeof *y); break;
    case UNARY_TANH: map_tanh(alpha, beta, x, y, count); break;
    case UNARY_SIGMOID: map_sigmoid(alpha, beta, x, y, count); break;
    case UNARY_RELU: map_relu(alpha, beta, x, y, count); break;
    case UNARY_EXP: map_exp(alpha, beta, x, y, count); break;
    case UNARY_NEGATE: map_negate(alpha, beta, x, y, count); break;
    case UNARY_ABS: map_abs(alpha, beta, x, y, count); break;
    case UNARY_FLUSH: map_flush(alpha, beta, x, y, count); break;
    case UNARY_SQRT: map_sqrt(alpha, beta, x, y, count); break;
    case UNARY_RECIPROCAL: map_reciprocal(alpha, beta, x, y, count); break;
    case UNARY_LOG: map_log(alpha, beta, x, y, count); break;
    case UNARY_LEAKY_RELU: map_leaky_relu(alpha, beta, x, y, count); break;
    case UNARY_ELU: map_elu(alpha, beta, x, y, count); break;
    case UNARY_HARD_SIGMOID: map_hard_sigmoid(alpha, beta, x, y, count); break;
    case UNARY_THRESHOLDED_RELU: map_thresholded_relu(alpha, beta, x, y, count); break;
    case UNARY_SCALED_TANH: map_scaled_tanh(alpha, beta, x, y, count); break;
    case UNARY_AFFINE: map_affine(alpha, beta, x, y, count); break;
    case UNARY_SOFTPLUS: map_softplus(alpha, beta, x, y, count); break;
    case UNARY_SOFTSIGN: map_softsign(alpha, beta, x, y, count); break;
    case UNARY_NOT: map_not(alpha, beta, x, y, count); break;
    case UNARY_ROUND: map_round(alpha, beta, x, y, count); break;
    default: __builtin_trap();
    }
}

/* A loop for an expression of the operands l and r, each an array or one element; that is read before y is written. */
#define ZIP(name, expression)                                                                                             \
    static void zip_##name(const float *left, int32_t left_is_scalar, const float *right, int32_t right_is_scalar,        \
                           float *y, int32_t count)                                                                       \
    {                                                                                                                     \
        const vf one_left = vf_broadcast(*left), one_right = vf_broadcast(*right);                                        \
        int32_t i = 0;                                                                                                    \
        for (; i <= count - WIDTH; i += WIDTH) {                                                                          \
            const vf l = left_is_scalar ? one_left : vf_load(left + i);                                                   \
            const vf r = right_is_scalar ? one_right : vf_load(right + i);                                                \
            vf_store(y + i, expression);                                                                                  \
        }                                                                                                                 \
        if (i < count) {                                                                                                  \
            const vf l = left_is_scalar ? one_left : vf_load_part(left + i, count - i);                                   \
            const vf r = right_is_scalar ? one_right : vf_load_part(right + i, count - i);                                \
            vf_store_part(y + i, expression, count - i);                                                                  \
        }                                                                                                                 \
    }

ZIP(add, vf_add(l, r))
ZIP(subtract, vf_sub(l, r))
ZIP(multiply, vf_mul(l, r))
ZIP(divide, vf_div(l, r))
ZIP(minimum, lesser(l, r))
ZIP(maximum, greater(l, r))
ZIP(prelu, leaky(l, r))
ZIP(equal, vf_select_equal(l, r, vf_broadcast(1.0f), vf_broadcast(0.0f)))
ZIP(less, vf_select_less(l, r, vf_broadcast(1.0f), vf_broadcast(0.0f)))
ZIP(greater, vf_select_less(r, l, vf_broadcast(1.0f), vf_broadcast(0.0f)))

#undef ZIP

/* The choice that power makes for each element, so that the form of the exponent changes no bit. */
static float power_of(float x, float exponent)
{
    const float positive_root = x == -INFINITY ? INFINITY : sqrtf(x + 0.0f);
    return exponent == -1.0f   ? 1.0f / x
           : exponent == -0.5f ? 1.0f / positive_root
           : exponent == 0.5f  ? positive_root
           : exponent == 1.0f  ? x
           : exponent == 2.0f  ? x * x
           : exponent == 3.0f  ? (x * x) * x
                               : double_power(x, exponent);
}

static void power(const float *left, int32_t left_is_scalar, const float *right, int32_t right_is_scalar, float *y, int32_t count)
{
    const float x = *left, exponent = *right;
    if (right_is_scalar && !left_is_scalar) {
        if (exponent == -1.0f) {
            map_reciprocal(0, 0, left, y, count);
            return;
        }

        if (exponent == -0.5f) {
            map_reciprocal_root(0, 0, left, y, count);
            return;
        }

        if (exponent == 0.5f) {
            map_root(0, 0, left, y, count);
            return;
        }

        if (exponent == 2.0f) {
            map_square(0, 0, left, y, count);
            return;
        }

        if (exponent == 3.0f) {
            map_cube(0, 0, left, y, count);
            return;
        }
    }

    for (int32_t i = 0; i < count; i++) {
        y[i] = power_of(left_is_scalar ? x : left[i], right_is_scalar ? exponent : right[i]);
    }
}

static void binary(int32_t function, const float *left, int32_t left_is_scalar, const float *right, int32_t right_is_scalar, float *y,
                   int32_t count)
{
    switch (function) {
    case BINARY_ADD: zip_add(left, left_is_scalar, right, right_is_scalar, y, count); break;
    case BINARY_SUBTRACT: zip_subtract(left, left_is_scalar, right, right_is_scalar, y, count); break;
    case BINARY_MULTIPLY: zip_multiply(left, left_is_scalar, right, right_is_scalar, y, count); break;
    case BINARY_DIVIDE: zip_divide(left, left_is_scalar, right, right_is_scalar, y, count); break;
    case BINARY_MINIMUM: zip_minimum(left, left_is_scalar, right, right_is_scalar, y, count); break;
    case BINARY_MAXIMUM: zip_maximum(left, left_is_scalar, right, right_is_scalar, y, count); break;
    case BINARY_POWER: power(left, left_is_scalar, right, right_is_scalar, y, count); break;
    case BINARY_PRELU: zip_prelu(left, left_is_scalar, right, right_is_scalar, y, count); break;
    case BINARY_EQUAL: zip_equal(left, left_is_scalar, right, right_is_scalar, y, count); break;
    case BINARY_LESS: zip_less(left, left_is_scalar, right, right_is_scalar, y, count); break;
    case BINARY_GREATER: zip_greater(left, left_is_scalar, right, right_is_scalar, y, count); break;
    default: __builtin_trap();
    }
}

static void select_elements(const float *condition, const float *when_true, const float *when_false, float *y, int32_t count)
{
    const vf zero = vf_broadcast(0.0f);
    int32_t i = 0;
    for (; i <= count - WIDTH; i += WIDTH) {
        vf_store(y + i, vf_select_equal(vf_load(condition + i), zero, vf_load(when_false + i), vf_load(when_true + i)));
    }

    if (i < count) {
        const int32_t rest = count - i;
        const vf chosen = vf_select_equal(vf_load_part(condition + i, rest), zero, vf_load_part(when_false + i, rest), vf_load_part(when_true + i, rest));
        vf_store_part(y + i, chosen, rest);
    }
}

/* Element i belongs to partial sum i mod 8; the eight are added as a tree. */
static void softmax(const float *x, float *y, int32_t count, int32_t is_logarithm)
{
    enum { BLOCK = WIDTH < 8 ? 8 : WIDTH };
    float largest = -INFINITY;
    for (int32_t i = 0; i < count; i++) {
        largest = x[i] > largest || isnan(x[i]) ? x[i] : largest;
    }

    float e[BLOCK], partial[8];
    v8 sums = v8_broadcast(0.0f);
    int32_t done = 0;
    for (; done <= count - BLOCK; done += BLOCK) {
        for (int32_t i = 0; i < BLOCK; i += WIDTH) {
            const vf value = exponential(vf_sub(vf_load(x + done + i), vf_broadcast(largest)));
            vf_store(e + i, value);
            if (!is_logarithm) {
                vf_store(y + done + i, value);
            }
        }

        for (int32_t i = 0; i < BLOCK; i += 8) {
            sums = v8_add(sums, v8_load(e + i));
        }
    }

    v8_store(partial, sums);
    for (; done < count; done += WIDTH) {
        const int32_t rest = count - done < WIDTH ? count - done : WIDTH;
        const vf value = exponential(vf_sub(vf_load_part(x + done, rest), vf_broadcast(largest)));
        vf_store(e, value);
        if (!is_logarithm) {
            vf_store_part(y + done, value, rest);
        }

        for (int32_t i = 0; i < rest; i++) {
            partial[(done + i) & 7] += e[i];
        }
    }

    const float sum = ((partial[0] + partial[4]) + (partial[2] + partial[6])) + ((partial[1] + partial[5]) + (partial[3] + partial[7]));
    if (!is_logarithm) {
        zip_divide(y, 0, &sum, 1, y, count);
        return;
    }

    const float log_sum = (float)double_log(sum);
    zip_subtract(x, 0, &largest, 1, y, count);
    zip_subtract(y, 0, &log_sum, 1, y, count);
}

#endif
