/* 16-bit weights in sixteens. Two blocks of 16 lanes are a pair of vf: lanes 0-7 with 16-23, and 8-15 with 24-31.
 *
 * Float16 is widened by integer operations (Kernels/Float16Bits.cs) to the weight times 2^-112: the 512-bit conversion of the processor takes longer than
 * they do, and much longer than two of 256 bits. */

INLINE vf vf_half_scale(float factor) { return vf_broadcast(factor); }

INLINE void vf_half_widen(const int format, const uint16_t *source, vf *first, vf *second)
{
    if (format == HALF_BFLOAT16) {
        const __m512i words = _mm512_loadu_si512(source);
        *first = _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
        *second = _mm512_castsi512_ps(_mm512_and_si512(words, _mm512_set1_epi32((int)0xffff0000u)));
    } else {
        const __m512i words = _mm512_loadu_si512(source);
        const __m512i mask = _mm512_set1_epi32((int)0x8fffe000u);
        *first = _mm512_castsi512_ps(_mm512_and_si512(_mm512_madd_epi16(words, _mm512_set1_epi32(1 << 13)), mask));
        *second = _mm512_castsi512_ps(_mm512_and_si512(_mm512_srai_epi32(words, 3), mask));
    }
}

INLINE void vf_half_load(const int format, const float *source, vf *first, vf *second)
{
    const vf low = vf_load(source);
    const vf high = vf_load(source + 16);
    (void)format;
    *first = _mm512_shuffle_f32x4(low, high, 0x44);
    *second = _mm512_shuffle_f32x4(low, high, 0xee);
}

INLINE void vf_half_store(const int format, float *destination, vf first, vf second)
{
    (void)format;
    vf_store(destination, _mm512_shuffle_f32x4(first, second, 0x44));
    vf_store(destination + 16, _mm512_shuffle_f32x4(first, second, 0xee));
}
