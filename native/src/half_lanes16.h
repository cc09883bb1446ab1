/* 16-bit weights in sixteens. Two blocks of 16 lanes are a pair of vf: for bfloat16 lanes 0-7 with 16-23, and 8-15 with 24-31; for float16 a block
 * each, in the order in memory, 0, 8, 1, 9 and so on. */

INLINE void vf_half_widen(const int format, const uint16_t *source, vf *first, vf *second)
{
    if (format == HALF_BFLOAT16) {
        const __m512i words = _mm512_loadu_si512(source);
        *first = _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
        *second = _mm512_castsi512_ps(_mm512_and_si512(words, _mm512_set1_epi32((int)0xffff0000u)));
    } else {
        *first = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)source));
        *second = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(source + 16)));
    }
}

INLINE vf vf_half_interleave(vf lanes)
{
    return _mm512_permutexvar_ps(_mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15), lanes);
}

INLINE vf vf_half_separate(vf lanes)
{
    return _mm512_permutexvar_ps(_mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15), lanes);
}

INLINE void vf_half_load(const int format, const float *source, vf *first, vf *second)
{
    const vf low = vf_load(source);
    const vf high = vf_load(source + 16);
    *first = format == HALF_BFLOAT16 ? _mm512_shuffle_f32x4(low, high, 0x44) : vf_half_interleave(low);
    *second = format == HALF_BFLOAT16 ? _mm512_shuffle_f32x4(low, high, 0xee) : vf_half_interleave(high);
}

INLINE void vf_half_store(const int format, float *destination, vf first, vf second)
{
    vf_store(destination, format == HALF_BFLOAT16 ? _mm512_shuffle_f32x4(first, second, 0x44) : vf_half_separate(first));
    vf_store(destination + 16, format == HALF_BFLOAT16 ? _mm512_shuffle_f32x4(first, second, 0xee) : vf_half_separate(second));
}
