#define RNN_TABLE rnn_set_avx512
#define RNN_NAME "c-avx512"
#define RNN_DESCRIPTION "C: 512-bit products"
#define RNN_REQUIREMENT "AVX-512 F, BW, DQ and VL, AVX2, FMA and F16C"
#include "set.h"
