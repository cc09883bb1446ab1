/* The further functions of one argument; Kernels/Activations.cs says what they compute and why so. The same operations in the same order. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include <float.h>

#include "activations.h"

#define SMALLEST_NORMAL 1.17549435e-38f

/* l(f) = (ln(1 + f) - f) / f^2 */
INLINE vf log_quotient(vf f)
{
    vf l = vf_fma(vf_broadcast(-0.0763639957f), f, vf_broadcast(0.127621993f));
    l = vf_fma(l, f, vf_broadcast(-0.131596133f));
    l = vf_fma(l, f, vf_broadcast(0.142015815f));
    l = vf_fma(l, f, vf_broadcast(-0.166234091f));
    l = vf_fma(l, f, vf_broadcast(0.200012416f));
    l = vf_fma(l, f, vf_broadcast(-0.250008196f));
    l = vf_fma(l, f, vf_broadcast(0.333333313f));
    return vf_fma(l, f, vf_broadcast(-0.5f));
}

INLINE vf exponential(vf x)
{
    const vf magic = vf_broadcast(EXP_MAGIC);
    const vf y = vf_min(vf_broadcast(89.0f), vf_max(vf_broadcast(-88.0f), x));
    const vf t = vf_fma(y, vf_broadcast(LOG2_E), magic);
    const vf n = vf_sub(t, magic);
    const vf p = exp_polynomial(exp_reduce(y, n));
    const vf half = vf_fma(n, vf_broadcast(0.5f), magic);
    const vf rest = vf_add(vf_sub(n, vf_sub(half, magic)), magic);
    const vf result = vf_mul(vf_mul(p, vf_power_from_low_bits(half)), vf_power_from_low_bits(rest));
    return vf_select_less(x, vf_broadcast(-87.33654f), vf_broadcast(0.0f), result);
}

/* e^x - 1 for x <= 0, 0 for larger ones */
INLINE vf exp_minus_one(vf x)
{
    const vf y = vf_min(vf_broadcast(0.0f), vf_max(vf_broadcast(-20.0f), x));
    const vf t = vf_fma(y, vf_broadcast(LOG2_E), vf_broadcast(EXP_MAGIC));
    const vf n = vf_sub(t, vf_broadcast(EXP_MAGIC));
    const vf r = exp_reduce(y, n);
    const vf p = vf_fma(vf_mul(r, exp_quotient(r)), r, r);
    const vf scale = vf_power_from_low_bits(t);
    return vf_fma(p, scale, vf_sub(scale, vf_broadcast(1.0f)));
}

INLINE vf logarithm(vf x)
{
    const vf smallest = vf_broadcast(SMALLEST_NORMAL);
    const vf zero = vf_broadcast(0.0f);
    const vf normal = vf_select_less(x, smallest, vf_mul(x, vf_broadcast(4294967296.0f)), x);
    vf m = vf_significand(normal);
    vf e = vf_add(vf_exponent(normal), vf_select_less(x, smallest, vf_broadcast(-32.0f), zero));

    const vf middle = vf_broadcast(1.41421354f);
    e = vf_add(e, vf_select_less(middle, m, vf_broadcast(1.0f), zero));
    m = vf_select_less(middle, m, vf_mul(m, vf_broadcast(0.5f)), m);
    const vf f = vf_sub(m, vf_broadcast(1.0f));
    const vf low = vf_fma(vf_mul(f, log_quotient(f)), f, vf_mul(e, vf_broadcast(LN2_LOW)));
    const vf result = vf_fma(e, vf_broadcast(LN2_HIGH), vf_add(f, low));

    const vf otherwise = vf_select_equal(x, zero, vf_broadcast(-INFINITY), vf_broadcast(-NAN));
    return vf_select_equal(x, vf_broadcast(INFINITY), x, vf_select_less(zero, x, result, otherwise));
}

INLINE vf softplus(vf x)
{
    const vf one = vf_broadcast(1.0f);
    const vf zero = vf_broadcast(0.0f);
    vf t = exp_within_87(vf_max(vf_broadcast(-87.0f), vf_sub(zero, vf_abs(x))));
    t = vf_select_less(t, vf_broadcast(4.0f * SMALLEST_NORMAL), zero, t);

    const vf middle = vf_broadcast(0.41421354f);
    const vf large = vf_mul(vf_sub(t, one), vf_broadcast(0.5f));
    const vf f = vf_select_less(t, middle, t, large);
    const vf start = vf_select_less(t, middle, zero, vf_broadcast(0.693147181f));
    const vf sum = vf_add(start, vf_fma(vf_mul(f, log_quotient(f)), f, f));
    return vf_add(vf_max(zero, x), sum);
}

INLINE vf softsign(vf x)
{
    const vf y = vf_min(vf_broadcast(FLT_MAX), vf_max(vf_broadcast(-FLT_MAX), x));
    return vf_div(y, vf_add(vf_broadcast(1.0f), vf_abs(y)));
}

/* To the nearest integer, of two the even one. */
INLINE vf round_to_even(vf x)
{
    const vf integers = vf_broadcast(8388608.0f);
    const vf magnitude = vf_abs(x);
    const vf rounded = vf_sub(vf_add(magnitude, integers), integers);
    return vf_select_less(magnitude, integers, vf_copysign(rounded, x), x);
}

/* The square root with the signs of C's pow: +0 for -0, +infinity for -infinity. */
INLINE vf root(vf x)
{
    return vf_select_equal(x, vf_broadcast(-INFINITY), vf_broadcast(INFINITY), vf_sqrt(vf_add(x, vf_broadcast(0.0f))));
}

INLINE vf leaky(vf x, vf slope) { return vf_select_less(x, vf_broadcast(0.0f), vf_mul(slope, x), x); }

INLINE vf thresholded(vf x, vf threshold)
{
    const vf zero = vf_broadcast(0.0f);
    return vf_select_less(x, threshold, zero, vf_select_equal(x, threshold, zero, x));
}

/* The lesser, the greater; NaN where either is. Of two zeros the right one. */
INLINE vf lesser(vf a, vf b) { return vf_select_equal(a, a, vf_min(a, b), a); }
INLINE vf greater(vf a, vf b) { return vf_select_equal(a, a, vf_max(a, b), a); }

#endif
