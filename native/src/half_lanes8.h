/* 16-bit weights in eights. A block of 16 lanes is a pair of v8: for bfloat16 lanes 0-7 and 8-15, for float16 the order in memory, 0, 8, 1, 9 and so
 * on, since the conversion of the processor takes neighbours. half_load and half_store put floats in that order. */

/* What a matrix's factor, 2^(112-k), is for weights of 2^k times their values. */
INLINE v8 v8_half_scale(float factor) { return v8_broadcast(factor * 0x1p-112f); }

#if !RNN_HAS_AVX2

/* IEEE binary16, exact. */
INLINE float float16_value(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    const uint32_t magnitude = half & 0x7fffu;
    if (magnitude >= 0x7c00u) {
        return float_of(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
    }

    const float value = magnitude >= 0x400u ? float_of((magnitude << 13) + (112u << 23)) : (float)magnitude * 0x1p-24f;
    return float_of(sign | bits_of(value));
}

INLINE float half_value(const int format, uint16_t half)
{
    return format == HALF_BFLOAT16 ? float_of((uint32_t)half << 16) : float16_value(half);
}

INLINE void v8_half_widen(const int format, const uint16_t *source, v8 *first, v8 *second)
{
    for (int i = 0; i < 8; i++) {
        first->lane[i] = half_value(format, source[2 * i]);
        second->lane[i] = half_value(format, source[2 * i + 1]);
    }
}

INLINE v8 v8_half_narrow(const int format, const uint16_t *source)
{
    v8 result;
    for (int i = 0; i < 8; i++) {
        result.lane[i] = half_value(format, source[i]);
    }

    return result;
}

INLINE void v8_half_load(const int format, const float *source, v8 *first, v8 *second)
{
    (void)format;
    *first = v8_load(source);
    *second = v8_load(source + 8);
}

INLINE void v8_half_store(const int format, float *destination, v8 first, v8 second)
{
    (void)format;
    v8_store(destination, first);
    v8_store(destination + 8, second);
}

#else

INLINE void v8_half_widen(const int format, const uint16_t *source, v8 *first, v8 *second)
{
    if (format == HALF_BFLOAT16) {
        const __m256i words = _mm256_loadu_si256((const __m256i *)source);
        *first = _mm256_castsi256_ps(_mm256_slli_epi32(words, 16));
        *second = _mm256_castsi256_ps(_mm256_and_si256(words, _mm256_set1_epi32((int)0xffff0000u)));
    } else {
        *first = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)source));
        *second = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(source + 8)));
    }
}

INLINE v8 v8_half_narrow(const int format, const uint16_t *source)
{
    const __m128i halves = _mm_loadu_si128((const __m128i *)source);
    return format == HALF_BFLOAT16 ? _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16)) : _mm256_cvtph_ps(halves);
}

INLINE void v8_half_load(const int format, const float *source, v8 *first, v8 *second)
{
    const v8 low = v8_load(source);
    const v8 high = v8_load(source + 8);
    if (format == HALF_BFLOAT16) {
        *first = low;
        *second = high;
    } else {
        const v8 even = _mm256_unpacklo_ps(low, high); /* 0 8 1 9 | 4 12 5 13 */
        const v8 odd = _mm256_unpackhi_ps(low, high);  /* 2 10 3 11 | 6 14 7 15 */
        *first = _mm256_permute2f128_ps(even, odd, 0x20);
        *second = _mm256_permute2f128_ps(even, odd, 0x31);
    }
}

INLINE void v8_half_store(const int format, float *destination, v8 first, v8 second)
{
    if (format == HALF_BFLOAT16) {
        v8_store(destination, first);
        v8_store(destination + 8, second);
    } else {
        const v8 even = _mm256_permute2f128_ps(first, second, 0x20);
        const v8 odd = _mm256_permute2f128_ps(first, second, 0x31);
        v8_store(destination, _mm256_shuffle_ps(even, odd, 0x88));
        v8_store(destination + 8, _mm256_shuffle_ps(even, odd, 0xdd));
    }
}

#endif
