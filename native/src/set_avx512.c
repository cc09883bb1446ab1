#define RNN_SET 2
#define RNN_TABLE rnn_set_avx512
#define RNN_NAME "c-avx512"
#define RNN_DESCRIPTION "C, 512-bit"
#define RNN_REQUIREMENT "AVX-512 F, BW, VL and DQ, FMA and F16C"
#include "set.h"
