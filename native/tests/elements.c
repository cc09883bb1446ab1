#include "test.h"

#include <math.h>
#include <string.h>

#include "../src/functions_of_elements.h"

static const int counts[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 24, 31, 32, 33, 63, 64, 65, 100, 257};
enum { COUNTS = sizeof counts / sizeof counts[0], LONGEST = 257, UNARIES = UNARY_ROUND + 1, BINARIES = BINARY_GREATER + 1 };

static float *vector_of(int count, int kind)
{
    float *x = guarded((size_t)count * sizeof *x);
    fill_vector(x, count, kind);
    for (int i = 0; i < count; i++) {
        x[i] *= kind == ORDINARY ? 20.0f : 1.0f;
    }

    return x;
}

static void test_unary(const test_run *run, const rnn_kernels *set, int count, int kind)
{
    const float alpha = 0.3f, beta = 0.7f;
    const float *x = vector_of(count, kind);
    float *expected = guarded((size_t)count * sizeof *expected), *y = guarded((size_t)count * sizeof *y);
    float *in_place = guarded((size_t)count * sizeof *in_place);
    for (int function = 0; function < UNARIES; function++) {
        run->scalar->unary(function, alpha, beta, x, expected, count);
        set->unary(function, alpha, beta, x, y, count);
        const int at = first_difference(expected, y, count);
        check(at < 0, "%s, unary %d of %d elements: element %d of %a is %a, expected %a", set->name, function, count, at, (double)x[at < 0 ? 0 : at],
              (double)y[at < 0 ? 0 : at], (double)expected[at < 0 ? 0 : at]);
        memcpy(in_place, x, (size_t)count * sizeof *x);
        set->unary(function, alpha, beta, in_place, in_place, count);
        check(first_difference(expected, in_place, count) < 0, "%s, unary %d of %d elements in place", set->name, function, count);
    }
}

static void test_binary(const test_run *run, const rnn_kernels *set, int count, int kind)
{
    static const float exponents[] = {-1.0f, -0.5f, 0.5f, 1.0f, 2.0f, 3.0f, 0.3f, -2.0f, 0.0f};
    const float *left = vector_of(count, kind);
    float *right = vector_of(count, kind);
    float *expected = guarded((size_t)count * sizeof *expected), *y = guarded((size_t)count * sizeof *y);
    float *in_place = guarded((size_t)count * sizeof *in_place);
    for (int i = 0; i < count; i += 2) {
        right[i] = exponents[random_below(sizeof exponents / sizeof exponents[0])];
    }

    for (int function = 0; function < BINARIES; function++) {
        for (int form = 0; form < 3; form++) {
            const int left_is_scalar = form == 1 && count > 1, right_is_scalar = form == 2 && count > 1;
            run->scalar->binary(function, left, left_is_scalar, right, right_is_scalar, expected, count);
            set->binary(function, left, left_is_scalar, right, right_is_scalar, y, count);
            check(first_difference(expected, y, count) < 0, "%s, binary %d of %d elements, form %d", set->name, function, count, form);

            /* Each element by itself gives the same: no form and no place changes a bit. */
            for (int i = 0; i < count; i += 1 + count / 5) {
                run->scalar->binary(function, left + (left_is_scalar ? 0 : i), 0, right + (right_is_scalar ? 0 : i), 0, y, 1);
                check(first_difference(expected + i, y, 1) < 0, "binary %d, element %d of %d alone, form %d", function, i, count, form);
            }

            memcpy(in_place, left_is_scalar ? right : left, (size_t)count * sizeof *in_place);
            set->binary(function, left_is_scalar ? left : in_place, left_is_scalar, left_is_scalar ? in_place : right, right_is_scalar, in_place, count);
            check(first_difference(expected, in_place, count) < 0, "%s, binary %d of %d elements, form %d, in place", set->name, function, count, form);
        }
    }
}

static void test_rows(const test_run *run, const rnn_kernels *set, int count, int kind)
{
    enum { ROWS = 3 };
    const float *x = vector_of(ROWS * count, kind), *scale = vector_of(count, ORDINARY), *bias = vector_of(count, ORDINARY);
    float *expected = guarded(ROWS * (size_t)count * sizeof *expected), *y = guarded(ROWS * (size_t)count * sizeof *y);
    for (int logarithm = 0; logarithm < 2; logarithm++) {
        run->scalar->softmax(x, expected, count, logarithm);
        set->softmax(x, y, count, logarithm);
        check(first_difference(expected, y, count) < 0, "%s, softmax %d of %d elements", set->name, logarithm, count);
    }

    for (int function = REDUCE_SUM; function <= REDUCE_MINIMUM; function++) {
        run->scalar->reduce(function, x, expected, ROWS, count);
        set->reduce(function, x, y, ROWS, count);
        check(first_difference(expected, y, ROWS) < 0, "%s, reduction %d of %d elements", set->name, function, count);
    }

    for (int form = 0; form < 4; form++) {
        const float *factor = form & 1 ? scale : NULL, *shift = form & 2 ? bias : NULL;
        run->scalar->layer_norm(x, expected, ROWS, count, factor, shift, 1e-5f);
        set->layer_norm(x, y, ROWS, count, factor, shift, 1e-5f);
        check(first_difference(expected, y, ROWS * count) < 0, "%s, layer norm of %d elements, form %d", set->name, count, form);
    }

    const float *when_true = vector_of(count, kind), *when_false = vector_of(count, kind);
    run->scalar->select(x, when_true, when_false, expected, count);
    set->select(x, when_true, when_false, y, count);
    check(first_difference(expected, y, count) < 0, "%s, select of %d elements", set->name, count);
    for (int i = 0; i < count; i++) {
        const float chosen = x[i] == 0 ? when_false[i] : when_true[i];
        check(first_difference(&chosen, y + i, 1) < 0, "%s, select of %d elements: element %d", set->name, count, i);
    }
}

static double reference_of(int function, double x)
{
    switch (function) {
    case UNARY_TANH: return tanh(x);
    case UNARY_SIGMOID: return 1 / (1 + exp(-x));
    case UNARY_EXP: return exp(x);
    case UNARY_LOG: return log(x);
    case UNARY_SOFTPLUS: return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
    case UNARY_SOFTSIGN: return x / (1 + fabs(x));
    case UNARY_SQRT: return sqrt(x);
    case UNARY_ROUND: return nearbyint(x);
    default: return fabs(x);
    }
}

/* Against the C library, so that not all sets are wrong together. */
static void test_values(const rnn_kernels *set)
{
    static const int functions[] = {UNARY_TANH, UNARY_SIGMOID, UNARY_EXP, UNARY_LOG, UNARY_SOFTPLUS, UNARY_SOFTSIGN, UNARY_SQRT, UNARY_ROUND, UNARY_ABS};
    float x[1000], y[1000];
    for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++) {
        for (int i = 0; i < 1000; i++) {
            x[i] = random_float() * 30.0f;
            x[i] = functions[f] == UNARY_LOG || functions[f] == UNARY_SQRT ? fabsf(x[i]) + 1e-6f : x[i];
        }

        set->unary(functions[f], 0, 0, x, y, 1000);
        for (int i = 0; i < 1000; i++) {
            const double expected = reference_of(functions[f], (double)x[i]);
            const double tolerance = 3e-7 * (fabs(expected) > 1 || functions[f] == UNARY_EXP ? fabs(expected) : 1);
            check(fabs((double)y[i] - expected) <= tolerance, "%s, unary %d of %a is %a, expected %a", set->name, functions[f], (double)x[i],
                  (double)y[i], expected);
        }
    }

    for (int i = 0; i < 1000; i++) {
        const float base = fabsf(random_float()) * 10.0f, exponent = random_float() * 5.0f;
        float result;
        set->binary(BINARY_POWER, &base, 0, &exponent, 0, &result, 1);
        const double expected = pow((double)base, (double)exponent);
        check(fabs((double)result - expected) <= 1e-7 * fabs(expected), "%s, %a to the power %a", set->name, (double)base, (double)exponent);
    }
}

void test_elements(const test_run *run)
{
    for (int s = 0; s < run->count; s++) {
        test_values(run->sets[s]);
        for (int i = 0; i < COUNTS; i++) {
            for (int kind = 0; kind < KINDS && (!run->quick || counts[i] < 40); kind++) {
                test_unary(run, run->sets[s], counts[i], kind);
                release_buffers();
                test_binary(run, run->sets[s], counts[i], kind);
                release_buffers();
                test_rows(run, run->sets[s], counts[i], kind);
                release_buffers();
            }
        }
    }
}
