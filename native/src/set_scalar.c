#define RNN_SCALAR
#define RNN_TABLE rnn_set_scalar
#define RNN_NAME "c-scalar"
#define RNN_DESCRIPTION "C: one number at a time"
#define RNN_REQUIREMENT "nothing"
#include "set.h"
