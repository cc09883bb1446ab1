/* The same in sixteens. */

/* Not __m512i: GCC 12 copies every sum at each step of a loop where the type of the variable is not that of the instruction. */
typedef int32_t vf_int __attribute__((vector_size(64)));
typedef __m512i vf_weights;

INLINE vf_int vf_start(int32_t value) { return (vf_int)_mm512_set1_epi32(value); }
INLINE vf vf_to_float(vf_int value) { return _mm512_cvtepi32_ps((__m512i)value); }

#if INT8_SIGNED

typedef __m512i vf_values;

INLINE vf_weights vf_load_weights(const int8_t *source)
{
    return _mm512_xor_si512(_mm512_loadu_si512(source), _mm512_set1_epi8((char)0x80));
}

INLINE vf_values vf_load_values(const int8_t *vector, intptr_t quads, intptr_t quad)
{
    (void)quads;
    return _mm512_set1_epi32(load_int32(vector + quad * 4));
}

INLINE vf_int vf_dot(vf_int sum, vf_weights weights, vf_values values) { return (vf_int)_mm512_dpbusd_epi32((__m512i)sum, weights, values); }

#else

typedef struct vf_values {
    __m512i magnitudes;
    __m512i masks;
} vf_values;

INLINE vf_weights vf_load_weights(const int8_t *source) { return _mm512_loadu_si512(source); }

INLINE vf_values vf_load_values(const int8_t *vector, intptr_t quads, intptr_t quad)
{
    const vf_values result = {
        _mm512_set1_epi32(load_int32(vector + quad * 4)),
        _mm512_set1_epi32(load_int32(vector + (quads + quad) * 4)),
    };
    return result;
}

INLINE vf_int vf_dot(vf_int sum, vf_weights weights, vf_values values)
{
    const __m512i pairs = _mm512_maddubs_epi16(values.magnitudes, _mm512_xor_si512(weights, values.masks));
    return sum + (vf_int)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
}

#endif
