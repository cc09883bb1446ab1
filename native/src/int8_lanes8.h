/* Int8 products in eights: what Int8 tiles need of a vector of 8 int32 sums. */

#if !RNN_HAS_AVX2

typedef struct v8_int {
    int32_t lane[8];
} v8_int;

typedef struct v8_weights {
    int8_t lane[32];
} v8_weights;

typedef struct v8_values {
    int8_t lane[4];
} v8_values;

INLINE v8_int v8_start(int32_t value)
{
    v8_int result;
    for (int i = 0; i < 8; i++) {
        result.lane[i] = value;
    }

    return result;
}

INLINE v8_weights v8_load_weights(const int8_t *source)
{
    v8_weights result;
    memcpy(result.lane, source, sizeof result.lane);
    return result;
}

INLINE v8_values v8_load_values(const int8_t *vector, intptr_t quads, intptr_t quad)
{
    v8_values result;
    (void)quads;
    memcpy(result.lane, vector + quad * 4, sizeof result.lane);
    return result;
}

INLINE v8_int v8_dot(v8_int sum, v8_weights weights, v8_values values)
{
    for (int i = 0; i < 32; i++) {
        sum.lane[i / 4] += weights.lane[i] * values.lane[i % 4];
    }

    return sum;
}

INLINE v8 v8_to_float(v8_int value)
{
    return v8_from_int32(value.lane);
}

#else

/* Not __m256i; see vf_int. */
typedef int32_t v8_int __attribute__((vector_size(32)));
typedef __m256i v8_weights;

INLINE v8_int v8_start(int32_t value) { return (v8_int)_mm256_set1_epi32(value); }
INLINE v8 v8_to_float(v8_int value) { return _mm256_cvtepi32_ps((__m256i)value); }

#if INT8_SIGNED

typedef __m256i v8_values;

INLINE v8_weights v8_load_weights(const int8_t *source)
{
    return _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)source), _mm256_set1_epi8((char)0x80));
}

INLINE v8_values v8_load_values(const int8_t *vector, intptr_t quads, intptr_t quad)
{
    (void)quads;
    return _mm256_set1_epi32(load_int32(vector + quad * 4));
}

INLINE v8_int v8_dot(v8_int sum, v8_weights weights, v8_values values) { return (v8_int)_mm256_dpbusd_epi32((__m256i)sum, weights, values); }

#else

typedef struct v8_values {
    __m256i magnitudes;
    __m256i masks;
} v8_values;

INLINE v8_weights v8_load_weights(const int8_t *source) { return _mm256_loadu_si256((const __m256i *)source); }

INLINE v8_values v8_load_values(const int8_t *vector, intptr_t quads, intptr_t quad)
{
    const v8_values result = {
        _mm256_set1_epi32(load_int32(vector + quad * 4)),
        _mm256_set1_epi32(load_int32(vector + (quads + quad) * 4)),
    };
    return result;
}

INLINE v8_int v8_dot(v8_int sum, v8_weights weights, v8_values values)
{
    const __m256i pairs = _mm256_maddubs_epi16(values.magnitudes, _mm256_xor_si256(weights, values.masks));
    return sum + (v8_int)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

#endif
#endif
