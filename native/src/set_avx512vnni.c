#define RNN_TABLE rnn_set_avx512vnni
#define RNN_NAME "c-avx512vnni"
#define RNN_DESCRIPTION "C: 512-bit products, int8 with VNNI"
#define RNN_REQUIREMENT "AVX-512 F, BW, DQ, VL and VNNI, AVX2, FMA and F16C"
#include "set.h"
