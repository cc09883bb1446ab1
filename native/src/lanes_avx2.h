/* AVX2 and FMA: vf is v8. */

#include "lanes8_avx2.h"

#define WIDTH 8

typedef v8 vf;

#define vf_load v8_load
#define vf_store v8_store
#define vf_load_part v8_load_part
#define vf_store_part v8_store_part
#define vf_broadcast v8_broadcast
#define vf_from_int32 v8_from_int32
#define vf_add v8_add
#define vf_sub v8_sub
#define vf_mul v8_mul
#define vf_div v8_div
#define vf_sqrt v8_sqrt
#define vf_fma v8_fma
#define vf_min v8_min
#define vf_max v8_max
#define vf_abs v8_abs
#define vf_copysign v8_copysign
#define vf_select_less v8_select_less
#define vf_select_equal v8_select_equal
#define vf_exponent v8_exponent
#define vf_significand v8_significand
#define vf_power_from_low_bits v8_power_from_low_bits
