#define RNN_SET 0
#define RNN_TABLE rnn_set_scalar
#define RNN_NAME "c-scalar"
#define RNN_DESCRIPTION "C, for any processor"
#define RNN_REQUIREMENT "nothing"
#include "set.h"
