/* v8 as one register of AVX2. */

#include <immintrin.h>

typedef __m256 v8;

INLINE __m256i v8_first(int n)
{
    static const int32_t mask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    return _mm256_loadu_si256((const __m256i *)(mask + 8 - n));
}

INLINE v8 v8_load(const float *source) { return _mm256_loadu_ps(source); }
INLINE void v8_store(float *destination, v8 value) { _mm256_storeu_ps(destination, value); }
INLINE v8 v8_load_part(const float *source, int n) { return _mm256_maskload_ps(source, v8_first(n)); }
INLINE void v8_store_part(float *destination, v8 value, int n) { _mm256_maskstore_ps(destination, v8_first(n), value); }
INLINE v8 v8_broadcast(float value) { return _mm256_set1_ps(value); }
INLINE v8 v8_from_int32(const int32_t *source) { return _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)source)); }
INLINE v8 v8_add(v8 a, v8 b) { return _mm256_add_ps(a, b); }
INLINE v8 v8_sub(v8 a, v8 b) { return _mm256_sub_ps(a, b); }
INLINE v8 v8_mul(v8 a, v8 b) { return _mm256_mul_ps(a, b); }
INLINE v8 v8_div(v8 a, v8 b) { return _mm256_div_ps(a, b); }
INLINE v8 v8_sqrt(v8 a) { return _mm256_sqrt_ps(a); }
INLINE v8 v8_fma(v8 a, v8 b, v8 c) { return _mm256_fmadd_ps(a, b, c); }
INLINE v8 v8_min(v8 a, v8 b) { return _mm256_min_ps(a, b); }
INLINE v8 v8_max(v8 a, v8 b) { return _mm256_max_ps(a, b); }
INLINE v8 v8_abs(v8 a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }

INLINE v8 v8_copysign(v8 magnitude, v8 sign)
{
    const v8 mask = _mm256_set1_ps(-0.0f);
    return _mm256_or_ps(_mm256_andnot_ps(mask, magnitude), _mm256_and_ps(mask, sign));
}

INLINE v8 v8_select_less(v8 a, v8 b, v8 chosen, v8 otherwise)
{
    return _mm256_blendv_ps(otherwise, chosen, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}

INLINE v8 v8_select_equal(v8 a, v8 b, v8 chosen, v8 otherwise)
{
    return _mm256_blendv_ps(otherwise, chosen, _mm256_cmp_ps(a, b, _CMP_EQ_OQ));
}

INLINE v8 v8_exponent(v8 a)
{
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_srli_epi32(_mm256_castps_si256(a), 23), _mm256_set1_epi32(127)));
}

INLINE v8 v8_significand(v8 a)
{
    const __m256i fraction = _mm256_and_si256(_mm256_castps_si256(a), _mm256_set1_epi32(0x7fffff));
    return _mm256_castsi256_ps(_mm256_or_si256(fraction, _mm256_set1_epi32(0x3f800000)));
}

INLINE v8 v8_power_from_low_bits(v8 a) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(a), 23)); }
