/* The body of a set: everything above, compiled for one instruction set, and its table. A set's file defines RNN_TABLE (the name of the table),
 * RNN_NAME, RNN_DESCRIPTION and RNN_REQUIREMENT, and includes this file and nothing else; CMakeLists.txt gives that file its flags, from which lanes.h
 * derives what the body may use. */

#include "cells.h"
#include "elementwise.h"
#include "reductions.h"
#include "sets.h"

const rnn_kernels RNN_TABLE = {
    .name = RNN_NAME,
    .description = RNN_DESCRIPTION,
    .requirement = RNN_REQUIREMENT,
    .multiply = multiply,
    .multiply_add = multiply_add,
    .lstm = lstm,
    .gru_reset_after = gru_reset_after,
    .gru_reset_before = gru_reset_before,
    .rnn = rnn,
    .lstm_units = lstm_units,
    .gru_units = gru_units,
    .reset_units = reset_units,
    .unary = unary,
    .binary = binary,
    .select = select_elements,
    .softmax = softmax,
    .reduce = reduce,
    .layer_norm = layer_norm,
};
