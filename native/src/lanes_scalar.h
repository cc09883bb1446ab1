/* One float at a time in plain C: the reference, and the only set on processors other than x86. */

#define WIDTH 1

typedef float vf;

typedef struct v8 {
    float lane[8];
} v8;

INLINE uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

INLINE float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE vf vf_load(const float *source) { return *source; }
INLINE void vf_store(float *destination, vf value) { *destination = value; }
INLINE vf vf_load_part(const float *source, int n) { return n > 0 ? *source : 0.0f; }

INLINE void vf_store_part(float *destination, vf value, int n)
{
    if (n > 0) {
        *destination = value;
    }
}

INLINE vf vf_broadcast(float value) { return value; }
INLINE vf vf_from_int32(const int32_t *source) { return (float)*source; }
INLINE vf vf_add(vf a, vf b) { return a + b; }
INLINE vf vf_sub(vf a, vf b) { return a - b; }
INLINE vf vf_mul(vf a, vf b) { return a * b; }
INLINE vf vf_div(vf a, vf b) { return a / b; }
INLINE vf vf_sqrt(vf a) { return sqrtf(a); }
INLINE vf vf_fma(vf a, vf b, vf c) { return fmaf(a, b, c); }
INLINE vf vf_min(vf a, vf b) { return a < b ? a : b; }
INLINE vf vf_max(vf a, vf b) { return a > b ? a : b; }
INLINE vf vf_abs(vf a) { return float_of(bits_of(a) & 0x7fffffffu); }

INLINE vf vf_copysign(vf magnitude, vf sign)
{
    return float_of((bits_of(magnitude) & 0x7fffffffu) | (bits_of(sign) & 0x80000000u));
}

INLINE vf vf_select_less(vf a, vf b, vf chosen, vf otherwise) { return a < b ? chosen : otherwise; }
INLINE vf vf_select_equal(vf a, vf b, vf chosen, vf otherwise) { return a == b ? chosen : otherwise; }
INLINE vf vf_exponent(vf a) { return (float)((int32_t)(bits_of(a) >> 23) - 127); }
INLINE vf vf_significand(vf a) { return float_of((bits_of(a) & 0x7fffffu) | 0x3f800000u); }
INLINE vf vf_power_from_low_bits(vf a) { return float_of(bits_of(a) << 23); }

#define V8_EACH(expression)          \
    v8 result;                       \
    for (int i = 0; i < 8; i++) {    \
        result.lane[i] = expression; \
    }                                \
    return result

INLINE v8 v8_load(const float *source) { V8_EACH(source[i]); }

INLINE void v8_store(float *destination, v8 value)
{
    for (int i = 0; i < 8; i++) {
        destination[i] = value.lane[i];
    }
}

INLINE v8 v8_load_part(const float *source, int n) { V8_EACH(i < n ? source[i] : 0.0f); }

INLINE void v8_store_part(float *destination, v8 value, int n)
{
    for (int i = 0; i < n; i++) {
        destination[i] = value.lane[i];
    }
}

INLINE v8 v8_broadcast(float value) { V8_EACH(value); }
INLINE v8 v8_from_int32(const int32_t *source) { V8_EACH((float)source[i]); }
INLINE v8 v8_add(v8 a, v8 b) { V8_EACH(vf_add(a.lane[i], b.lane[i])); }
INLINE v8 v8_sub(v8 a, v8 b) { V8_EACH(vf_sub(a.lane[i], b.lane[i])); }
INLINE v8 v8_mul(v8 a, v8 b) { V8_EACH(vf_mul(a.lane[i], b.lane[i])); }
INLINE v8 v8_div(v8 a, v8 b) { V8_EACH(vf_div(a.lane[i], b.lane[i])); }
INLINE v8 v8_sqrt(v8 a) { V8_EACH(vf_sqrt(a.lane[i])); }
INLINE v8 v8_fma(v8 a, v8 b, v8 c) { V8_EACH(vf_fma(a.lane[i], b.lane[i], c.lane[i])); }
INLINE v8 v8_min(v8 a, v8 b) { V8_EACH(vf_min(a.lane[i], b.lane[i])); }
INLINE v8 v8_max(v8 a, v8 b) { V8_EACH(vf_max(a.lane[i], b.lane[i])); }
INLINE v8 v8_abs(v8 a) { V8_EACH(vf_abs(a.lane[i])); }
INLINE v8 v8_copysign(v8 magnitude, v8 sign) { V8_EACH(vf_copysign(magnitude.lane[i], sign.lane[i])); }

INLINE v8 v8_select_less(v8 a, v8 b, v8 chosen, v8 otherwise)
{
    V8_EACH(vf_select_less(a.lane[i], b.lane[i], chosen.lane[i], otherwise.lane[i]));
}

INLINE v8 v8_select_equal(v8 a, v8 b, v8 chosen, v8 otherwise)
{
    V8_EACH(vf_select_equal(a.lane[i], b.lane[i], chosen.lane[i], otherwise.lane[i]));
}

INLINE v8 v8_exponent(v8 a) { V8_EACH(vf_exponent(a.lane[i])); }
INLINE v8 v8_significand(v8 a) { V8_EACH(vf_significand(a.lane[i])); }
INLINE v8 v8_power_from_low_bits(v8 a) { V8_EACH(vf_power_from_low_bits(a.lane[i])); }

#undef V8_EACH
