/* Quantisation of activations (Kernels/Product.cs): symmetric, after the columns' factors.
 *
 * A quantised vector has its columns padded with zeros to whole quads of 4. Plain C and VNNI keep the signed bytes. The others keep
 * magnitudes, then masks, all ones where an element is negative (Kernels/IInt8Kernel.cs). 8 bytes a quad from the start lies what the sums start from:
 * magnitudes of negative elements; with VNNI, whose first operand is unsigned and is w + 128, -128 times the sum of the vector. */
#ifndef QUANTIZE_H
#define QUANTIZE_H

#include "lanes.h"
#include "rnn_kernels.h"

#define INT8_SIGNED (!RNN_HAS_AVX2 || RNN_HAS_AVX512VNNI)

INLINE int32_t load_int32(const int8_t *source)
{
    int32_t value;
    memcpy(&value, source, sizeof value);
    return value;
}

INLINE void store_int32(int8_t *destination, int32_t value) { memcpy(destination, &value, sizeof value); }

INLINE int32_t float_bits(float value)
{
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

INLINE float float_from_bits(int32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Bytes of a quantised vector: signed bytes here, in every set that has its own form too. */
INLINE intptr_t stored_columns(intptr_t columns) { return (columns + 3) & ~(intptr_t)3; }

#if !RNN_HAS_AVX2

/* Largest |x| as the bits of a float: infinity and NaN are larger than any number. */
static int32_t largest_bits(const float *x, intptr_t count)
{
    int32_t largest = 0;
    for (intptr_t i = 0; i < count; i++) {
        const int32_t bits = float_bits(x[i]) & 0x7fffffff;
        largest = bits > largest ? bits : largest;
    }

    return largest;
}

/* Rounds x * factor to nearest, ties to even; returns the largest |x|. Beyond 127 what is written has no meaning. */
static int32_t quantize_signed(const float *x, intptr_t count, float factor, int8_t *result)
{
    const intptr_t stored = stored_columns(count);
    for (intptr_t i = 0; i < stored; i++) {
        float value = i < count ? x[i] * factor : 0.0f;
        value = value > -127.0f ? value : -127.0f;
        value = value < 127.0f ? value : 127.0f;
        result[i] = (int8_t)lrintf(value);
    }

    return largest_bits(x, count);
}

#elif !RNN_HAS_AVX512

INLINE int32_t largest_lane(__m256i values)
{
    __m128i half = _mm_max_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
    half = _mm_max_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_max_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    return _mm_cvtsi128_si32(half);
}

INLINE __m256i load_or_part(const float *x, intptr_t left)
{
    return _mm256_castps_si256(left >= 8 ? v8_load(x) : left > 0 ? v8_load_part(x, (int)left) : _mm256_setzero_ps());
}

static int32_t largest_bits(const float *x, intptr_t count)
{
    __m256i largest = _mm256_setzero_si256();
    for (intptr_t i = 0; i < count; i += 8) {
        largest = _mm256_max_epi32(largest, _mm256_and_si256(load_or_part(x + i, count - i), _mm256_set1_epi32(0x7fffffff)));
    }

    return largest_lane(largest);
}

static int32_t quantize_signed(const float *x, intptr_t count, float factor, int8_t *result)
{
    const v8 scale = v8_broadcast(factor);
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    const intptr_t stored = stored_columns(count);
    __m256i largest = _mm256_setzero_si256();
    for (intptr_t i = 0; i < stored; i += 16) {
        const __m256i first = load_or_part(x + i, count - i);
        const __m256i second = load_or_part(x + i + 8, count - i - 8);
        largest = _mm256_max_epi32(largest, _mm256_max_epi32(_mm256_and_si256(first, magnitude), _mm256_and_si256(second, magnitude)));
        const __m256i low = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_castsi256_ps(first), scale));
        const __m256i high = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_castsi256_ps(second), scale));
        const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
        const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        if (stored - i >= 16) {
            _mm_storeu_si128((__m128i *)(result + i), bytes);
        } else {
            int8_t last[16];
            _mm_storeu_si128((__m128i *)last, bytes);
            memcpy(result + i, last, (size_t)(stored - i));
        }
    }

    return largest_lane(largest);
}

#else

INLINE __m512i load_or_part(const float *x, intptr_t left)
{
    return _mm512_castps_si512(left >= 16 ? vf_load(x) : vf_load_part(x, (int)left));
}

static int32_t largest_bits(const float *x, intptr_t count)
{
    __m512i largest = _mm512_setzero_si512();
    for (intptr_t i = 0; i < count; i += 16) {
        largest = _mm512_max_epi32(largest, _mm512_and_si512(load_or_part(x + i, count - i), _mm512_set1_epi32(0x7fffffff)));
    }

    return _mm512_reduce_max_epi32(largest);
}

static int32_t quantize_signed(const float *x, intptr_t count, float factor, int8_t *result)
{
    const vf scale = vf_broadcast(factor);
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    const intptr_t stored = stored_columns(count);
    __m512i largest = _mm512_setzero_si512();
    for (intptr_t i = 0; i < stored; i += 16) {
        const __m512i values = load_or_part(x + i, count - i);
        largest = _mm512_max_epi32(largest, _mm512_and_si512(values, magnitude));
        const __m128i bytes = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(_mm512_castsi512_ps(values), scale)));
        const intptr_t left = stored - i;
        _mm_mask_storeu_epi8(result + i, left >= 16 ? (__mmask16)0xffff : (__mmask16)((1u << left) - 1u), bytes);
    }

    return _mm512_reduce_max_epi32(largest);
}

#endif

/* From signed bytes to the form of this set's products, in place. */
#if !RNN_HAS_AVX2
static void arrange_quantized(int8_t *vector, intptr_t stored) { store_int32(vector + stored * 2, 0); }
#elif RNN_HAS_AVX512VNNI
static void arrange_quantized(int8_t *vector, intptr_t stored)
{
    __m512i sum = _mm512_setzero_si512();
    const __m512i ones = _mm512_set1_epi8(1);
    for (intptr_t i = 0; i < stored; i += 64) {
        const __mmask64 mask = stored - i >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (stored - i)) - 1;
        sum = _mm512_dpbusd_epi32(sum, ones, _mm512_maskz_loadu_epi8(mask, vector + i));
    }

    store_int32(vector + stored * 2, (int32_t)(0u - (uint32_t)_mm512_reduce_add_epi32(sum) * 128u));
}
#else
static void arrange_quantized(int8_t *vector, intptr_t stored)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i negatives = zero;
    intptr_t i = 0;
    for (; i <= stored - 32; i += 32) {
        const __m256i bytes = _mm256_loadu_si256((const __m256i *)(vector + i));
        const __m256i masks = _mm256_cmpgt_epi8(zero, bytes);
        const __m256i magnitudes = _mm256_abs_epi8(bytes);
        _mm256_storeu_si256((__m256i *)(vector + i), magnitudes);
        _mm256_storeu_si256((__m256i *)(vector + stored + i), masks);
        negatives = _mm256_add_epi64(negatives, _mm256_sad_epu8(_mm256_and_si256(magnitudes, masks), zero));
    }

    int64_t parts[4];
    _mm256_storeu_si256((__m256i *)parts, negatives);
    int32_t sum = (int32_t)(parts[0] + parts[1] + parts[2] + parts[3]);
    for (; i < stored; i++) {
        const int value = vector[i];
        vector[i] = (int8_t)(value < 0 ? -value : value);
        vector[stored + i] = (int8_t)(value < 0 ? -1 : 0);
        sum += value < 0 ? -value : 0;
    }

    store_int32(vector + stored * 2, sum);
}
#endif

static void multiply_factors(const float *x, const float *factors, float *multiplied, int count)
{
    int i = 0;
    for (; i <= count - WIDTH; i += WIDTH) {
        vf_store(multiplied + i, vf_mul(vf_load(x + i), vf_load(factors + i)));
    }

    if (i < count) {
        vf_store_part(multiplied + i, vf_mul(vf_load_part(x + i, count - i), vf_load_part(factors + i, count - i)), count - i);
    }
}

/* Signed bytes; returns the real value of one unit. The range becomes 127, or the largest magnitude where it is beyond the range. Without a range, vectors
 * below 2^-100 count as zero. One that holds an infinity or NaN gets the scale NaN, which makes every output NaN. */
static float quantize_vector(const rnn_matrix *matrix, const float *x, float *multiplied, int8_t *result)
{
    const int32_t negligible = 27 << 23;
    const int32_t infinity = 255 << 23;
    const int count = matrix->columns;
    const float range = matrix->range;
    if (matrix->factors != NULL) {
        multiply_factors(x, matrix->factors, multiplied, count);
        x = multiplied;
    }

    if (range > 0.0f && quantize_signed(x, count, 127.0f / range, result) <= float_bits(range)) {
        return range / 127.0f;
    }

    const int32_t bits = largest_bits(x, count);
    if (bits < negligible || bits >= infinity) {
        memset(result, 0, (size_t)stored_columns(count));
        return bits >= infinity ? -NAN : 0.0f;
    }

    const float largest = float_from_bits(bits);
    quantize_signed(x, count, 127.0f / largest, result);
    return largest / 127.0f;
}

#endif
