/* The vector layer. Every operation is one correctly rounded IEEE operation on each lane, so that any width gives the same bits (of a NaN only
 * that it is one). Two types: vf has WIDTH lanes, as many as the instruction set has; v8 has always 8, for what the contract cuts into eights.
 * The names of vf are vf_add and so on, those of v8 are v8_add and so on.
 *
 *   load, store            WIDTH floats, aligned to a float
 *   load_part, store_part  the first n lanes, 0 < n < WIDTH, and no memory behind them; the other lanes of load_part are 0
 *   broadcast, from_int32  from_int32 converts WIDTH numbers in memory
 *   add, sub, mul, div, sqrt
 *   fma(a, b, c)           a * b + c, rounded once
 *   min, max(a, b)         a < b ? a : b, a > b ? a : b; b where either is NaN
 *   abs, copysign(magnitude, sign)
 *   select_less, select_equal(a, b, chosen, otherwise)   otherwise where a or b is NaN
 *   exponent(x)            e of a positive normal number m * 2^e with 1 <= m < 2; some number for all others
 *   significand(x)         m of a normal number; some number in [1, 2) for all others
 *   power_from_low_bits(x) the bit pattern shifted left by 23: a power of two where the low 8 bits are its exponent field and bit 8 is clear
 */
#ifndef LANES_H
#define LANES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* What a set may use, by the compiler's flags for its file; each includes those before it. The scalar set's file defines RNN_SCALAR: it is plain C under
 * any flags. */
#if !defined(RNN_SCALAR) && defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#define RNN_HAS_AVX2 1
#else
#define RNN_HAS_AVX2 0
#endif

#if RNN_HAS_AVX2 && defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__)
#define RNN_HAS_AVX512 1
#else
#define RNN_HAS_AVX512 0
#endif

#if RNN_HAS_AVX512 && defined(__AVX512VNNI__)
#define RNN_HAS_AVX512VNNI 1
#else
#define RNN_HAS_AVX512VNNI 0
#endif

#if !defined(RNN_SCALAR) && !RNN_HAS_AVX2
#error "CMakeLists.txt gives the set's file no flags"
#endif

/* A set does not use every function of a header. */
#define INLINE static inline __attribute__((always_inline, unused))

/* Before loops over registers, whose counts are constants after inlining: the arrays become registers. Not where a sanitizer looks at each element, which
 * takes a compiler minutes. */
#if defined(RNN_SANITIZED)
#define UNROLL
#elif defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

#define JOIN_NAMES(prefix, name) prefix##_##name
#define JOIN(prefix, name) JOIN_NAMES(prefix, name)

#if RNN_HAS_AVX512
#include "lanes_avx512.h"
#elif RNN_HAS_AVX2
#include "lanes_avx2.h"
#else
#include "lanes_scalar.h"
#endif

#endif
