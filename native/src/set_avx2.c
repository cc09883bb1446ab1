#define RNN_TABLE rnn_set_avx2
#define RNN_NAME "c-avx2"
#define RNN_DESCRIPTION "C: 256-bit products"
#define RNN_REQUIREMENT "AVX2, FMA and F16C"
#include "set.h"
