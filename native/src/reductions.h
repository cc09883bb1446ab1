/* Reductions of rows. */
#ifndef REDUCTIONS_H
#define REDUCTIONS_H

#include "activations.h"

#define rnn_reduce_entry NULL
#define rnn_layer_norm_entry NULL

#endif
