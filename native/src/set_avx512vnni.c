#define RNN_SET 3
#define RNN_TABLE rnn_set_avx512vnni
#define RNN_NAME "c-avx512vnni"
#define RNN_DESCRIPTION "C, 512-bit, int8 by VNNI"
#define RNN_REQUIREMENT "AVX-512 F, BW, VL, DQ and VNNI, FMA and F16C"
#include "set.h"
