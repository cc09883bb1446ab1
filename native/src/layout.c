#include "rnn_layout.h"

#include <stddef.h>

#define FIELD(structure, field) {#structure, #field, (int32_t)offsetof(structure, field), (int32_t)sizeof(((structure *)0)->field)}

static const rnn_layout layouts[] = {
    FIELD(rnn_sparse_segment, rows),
    FIELD(rnn_sparse_segment, rounds),

    FIELD(rnn_sparse_matrix, segments),
    FIELD(rnn_sparse_matrix, segment_count),
    FIELD(rnn_sparse_matrix, blocks),
    FIELD(rnn_sparse_matrix, indices),
    FIELD(rnn_sparse_matrix, column_map),
    FIELD(rnn_sparse_matrix, kept_columns),
    FIELD(rnn_sparse_matrix, lane_map),
    FIELD(rnn_sparse_matrix, kept_lanes),
    FIELD(rnn_sparse_matrix, bytes),

    FIELD(rnn_matrix, data),
    FIELD(rnn_matrix, row_scales),
    FIELD(rnn_matrix, lanes),
    FIELD(rnn_matrix, columns),
    FIELD(rnn_matrix, format),
    FIELD(rnn_matrix, range),
    FIELD(rnn_matrix, factors),
    FIELD(rnn_matrix, largest_pair),
    FIELD(rnn_matrix, factor),
    FIELD(rnn_matrix, sparse),
    FIELD(rnn_matrix, density),

    FIELD(rnn_scratch, quantized),
    FIELD(rnn_scratch, scales),
    FIELD(rnn_scratch, sums),
    FIELD(rnn_scratch, stride),
    FIELD(rnn_scratch, sparse),
    FIELD(rnn_scratch, multiplied),

    FIELD(rnn_cell_weights, groups),
    FIELD(rnn_cell_weights, input),
    FIELD(rnn_cell_weights, recurrent),
    FIELD(rnn_cell_weights, candidate),
    FIELD(rnn_cell_weights, bias),
    FIELD(rnn_cell_weights, candidate_bias),

    FIELD(rnn_cell_arguments, x),
    FIELD(rnn_cell_arguments, x_stride),
    FIELD(rnn_cell_arguments, gates),
    FIELD(rnn_cell_arguments, gates_stride),
    FIELD(rnn_cell_arguments, hidden),
    FIELD(rnn_cell_arguments, cell),
    FIELD(rnn_cell_arguments, state_stride),
    FIELD(rnn_cell_arguments, y),
    FIELD(rnn_cell_arguments, y_stride),
    FIELD(rnn_cell_arguments, time_steps),
    FIELD(rnn_cell_arguments, streams),
    FIELD(rnn_cell_arguments, scratch),

    FIELD(rnn_kernels, name),
    FIELD(rnn_kernels, description),
    FIELD(rnn_kernels, requirement),
    FIELD(rnn_kernels, is_supported),
    FIELD(rnn_kernels, reserved),
    FIELD(rnn_kernels, multiply),
    FIELD(rnn_kernels, multiply_add),
    FIELD(rnn_kernels, lstm),
    FIELD(rnn_kernels, gru_reset_after),
    FIELD(rnn_kernels, gru_reset_before),
    FIELD(rnn_kernels, rnn),
    FIELD(rnn_kernels, unary),
    FIELD(rnn_kernels, binary),
    FIELD(rnn_kernels, select),
    FIELD(rnn_kernels, softmax),
    FIELD(rnn_kernels, reduce),
    FIELD(rnn_kernels, layer_norm),
};

const rnn_layout *rnn_kernels_layout(int32_t *count)
{
    *count = (int32_t)(sizeof layouts / sizeof layouts[0]);
    return layouts;
}
