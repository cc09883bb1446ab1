/* AVX-512 F, BW, VL and DQ. */

#include "lanes8_avx2.h"

#define WIDTH 16

typedef __m512 vf;

INLINE __mmask16 vf_first(int n) { return (__mmask16)((1u << n) - 1u); }

INLINE vf vf_load(const float *source) { return _mm512_loadu_ps(source); }
INLINE void vf_store(float *destination, vf value) { _mm512_storeu_ps(destination, value); }
INLINE vf vf_load_part(const float *source, int n) { return _mm512_maskz_loadu_ps(vf_first(n), source); }
INLINE void vf_store_part(float *destination, vf value, int n) { _mm512_mask_storeu_ps(destination, vf_first(n), value); }
INLINE vf vf_broadcast(float value) { return _mm512_set1_ps(value); }
INLINE vf vf_from_int32(const int32_t *source) { return _mm512_cvtepi32_ps(_mm512_loadu_si512(source)); }
INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
INLINE vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
INLINE vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
INLINE vf vf_abs(vf a) { return _mm512_abs_ps(a); }

INLINE vf vf_copysign(vf magnitude, vf sign)
{
    const vf mask = _mm512_set1_ps(-0.0f);
    return _mm512_or_ps(_mm512_andnot_ps(mask, magnitude), _mm512_and_ps(mask, sign));
}

INLINE vf vf_select_less(vf a, vf b, vf chosen, vf otherwise)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), otherwise, chosen);
}

INLINE vf vf_select_equal(vf a, vf b, vf chosen, vf otherwise)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ), otherwise, chosen);
}

INLINE vf vf_exponent(vf a)
{
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_srli_epi32(_mm512_castps_si512(a), 23), _mm512_set1_epi32(127)));
}

INLINE vf vf_significand(vf a)
{
    const __m512i fraction = _mm512_and_si512(_mm512_castps_si512(a), _mm512_set1_epi32(0x7fffff));
    return _mm512_castsi512_ps(_mm512_or_si512(fraction, _mm512_set1_epi32(0x3f800000)));
}

INLINE vf vf_power_from_low_bits(vf a) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(a), 23)); }
