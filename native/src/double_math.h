/* Functions in double precision made of basic operations only: Kernels/DoubleMath.cs says what they compute. The same operations in the same order.
 * NaN is -NAN here, which has the bits of .NET's. */
#ifndef DOUBLE_MATH_H
#define DOUBLE_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline double double_of(int64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline double double_log(double x)
{
    if (!(x > 0) || isinf(x)) {
        return x == 0 ? -INFINITY : x > 0 ? x : -NAN;
    }

    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int32_t exponent = (int32_t)(bits >> 52) - 1023;
    double m = double_of((bits & INT64_C(0xFFFFFFFFFFFFF)) | (INT64_C(1023) << 52));
    if (m > 1.4142135623730951) {
        m *= 0.5;
        exponent++;
    }

    const double s = (m - 1) / (m + 1);
    const double z = s * s;
    double series = 1.0 / 23;
    series = (series * z) + (1.0 / 21);
    series = (series * z) + (1.0 / 19);
    series = (series * z) + (1.0 / 17);
    series = (series * z) + (1.0 / 15);
    series = (series * z) + (1.0 / 13);
    series = (series * z) + (1.0 / 11);
    series = (series * z) + (1.0 / 9);
    series = (series * z) + (1.0 / 7);
    series = (series * z) + (1.0 / 5);
    series = (series * z) + (1.0 / 3);
    series = (series * z) + 1.0;
    return (exponent * 0.6931471805599453) + (2 * s * series);
}

static inline double double_exp(double x)
{
    if (!(x >= -708 && x <= 709)) {
        return x > 709 ? INFINITY : x < -708 ? 0 : -NAN;
    }

    const double n = floor((x * 1.4426950408889634) + 0.5);
    const double r = (x - (n * 0.69314670562744141)) - (n * 4.7493250390316726e-7);
    double series = 1.0 / 6227020800;
    series = (series * r) + (1.0 / 479001600);
    series = (series * r) + (1.0 / 39916800);
    series = (series * r) + (1.0 / 3628800);
    series = (series * r) + (1.0 / 362880);
    series = (series * r) + (1.0 / 40320);
    series = (series * r) + (1.0 / 5040);
    series = (series * r) + (1.0 / 720);
    series = (series * r) + (1.0 / 120);
    series = (series * r) + (1.0 / 24);
    series = (series * r) + (1.0 / 6);
    series = (series * r) + 0.5;
    series = (series * r) + 1.0;
    series = (series * r) + 1.0;
    return series * double_of(((int64_t)n + 1023) << 52);
}

static inline float double_power(float x, float y)
{
    if (y == 0 || x == 1) {
        return 1;
    }

    if (isnan(x) || isnan(y)) {
        return -NAN;
    }

    const float magnitude = fabsf(x);
    const double power = magnitude == 1 ? 1 : double_exp((double)y * double_log(magnitude));
    const float result = power < 1.1754943508222875e-38 ? 0.0f : (float)power;
    if (!signbit(x)) {
        return result;
    }

    if (floorf(y) != y) {
        return x == 0 || isinf(x) ? result : -NAN;
    }

    const int odd = fabsf(y) < 16777216.0f && ((int32_t)y & 1) != 0;
    return odd ? -result : result;
}

#endif
