/* Functions of elements. */
#ifndef ELEMENTWISE_H
#define ELEMENTWISE_H

#include "activations.h"

#define rnn_unary(function, alpha, beta, x, y, count) ((void)0)
#define rnn_unary_entry NULL
#define rnn_binary_entry NULL
#define rnn_select_entry NULL
#define rnn_softmax_entry NULL

#endif
