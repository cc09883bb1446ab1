/* The activations of cells; Kernels/Activations.cs says what they compute and why so. The same operations in the same order. */
#ifndef ACTIVATIONS_H
#define ACTIVATIONS_H

#include "lanes.h"

#define LOG2_E 1.44269504f
#define LN2_HIGH 0.693359375f
#define LN2_LOW (-2.12194440e-4f)
#define EXP_MAGIC (12582912.0f + 127.0f)

/* x^2 + 2^-100 */
INLINE vf square(vf x) { return vf_fma(x, x, vf_broadcast(7.8886091e-31f)); }

INLINE vf exp_quotient(vf r)
{
    vf q = vf_fma(vf_broadcast(0.001381432f), r, vf_broadcast(0.008368852f));
    q = vf_fma(q, r, vf_broadcast(0.0416684f));
    q = vf_fma(q, r, vf_broadcast(0.1666652f));
    return vf_fma(q, r, vf_broadcast(0.49999994f));
}

INLINE vf exp_polynomial(vf r) { return vf_add(vf_broadcast(1.0f), vf_fma(square(r), exp_quotient(r), r)); }

INLINE vf exp_reduce(vf y, vf n) { return vf_fma(n, vf_broadcast(-LN2_LOW), vf_fma(n, vf_broadcast(-LN2_HIGH), y)); }

INLINE vf exp_within_87(vf y)
{
    const vf t = vf_fma(y, vf_broadcast(LOG2_E), vf_broadcast(EXP_MAGIC));
    const vf n = vf_sub(t, vf_broadcast(EXP_MAGIC));
    return vf_mul(exp_polynomial(exp_reduce(y, n)), vf_power_from_low_bits(t));
}

INLINE vf sigmoid(vf x)
{
    const vf one = vf_broadcast(1.0f);
    const vf y = vf_min(vf_broadcast(87.0f), vf_max(vf_broadcast(-87.0f), vf_sub(vf_broadcast(0.0f), x)));
    return vf_div(one, vf_add(one, exp_within_87(y)));
}

INLINE vf hyperbolic_tangent(vf x)
{
    const vf one = vf_broadcast(1.0f);
    const vf a = vf_abs(x);
    const vf e = exp_within_87(vf_min(vf_broadcast(20.0f), vf_add(a, a)));
    const vf large = vf_sub(one, vf_div(vf_broadcast(2.0f), vf_add(e, one)));

    const vf z = square(a);
    vf p = vf_fma(vf_broadcast(-0.0057170424f), z, vf_broadcast(0.020650584f));
    p = vf_fma(p, z, vf_broadcast(-0.053743497f));
    p = vf_fma(p, z, vf_broadcast(0.13331491f));
    p = vf_fma(p, z, vf_broadcast(-0.33333284f));
    const vf small = vf_fma(vf_mul(p, z), a, a);

    return vf_copysign(vf_select_less(a, vf_broadcast(0.625f), small, large), x);
}

INLINE vf relu(vf x)
{
    const vf zero = vf_broadcast(0.0f);
    return vf_select_less(x, zero, zero, vf_add(x, zero));
}

/* Magnitudes below 2^-80 become +0. */
INLINE vf flush(vf x) { return vf_select_less(vf_abs(x), vf_broadcast(8.271806e-25f), vf_broadcast(0.0f), x); }

#endif
