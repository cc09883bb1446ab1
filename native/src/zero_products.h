/* What the products of zero weights do to a float32 sum where it is not nothing (Kernels/ZeroProducts.cs): zero times infinity or NaN is NaN, and -0 plus 0
 * is 0. Both are rare. */
#ifndef ZERO_PRODUCTS_H
#define ZERO_PRODUCTS_H

#include "sparse_blocks.h"

static int32_t count_non_finite(const float *x, intptr_t count)
{
    int32_t result = 0;
    for (intptr_t i = 0; i < count; i++) {
        result += (float_bits(x[i]) & 0x7fffffff) >= 255 << 23;
    }

    return result;
}

/* Makes NaN of the sums of each block row that leaves out a column which is not finite in x. Counts: an int32 a block row. */
static void spread_non_finite(const rnn_sparse_matrix *sparse, intptr_t columns, const float *x, const float *kept, float *sums, int32_t *counts)
{
    const int32_t all = count_non_finite(x, columns);
    const intptr_t rows = sparse_block_rows(sparse);
    memset(counts, 0, (size_t)rows * sizeof *counts);
    const uint16_t *indices = sparse->indices;
    for (int i = 0; i < sparse->segment_count; i++) {
        const rnn_sparse_segment segment = sparse->segments[i];
        for (intptr_t block = 0; block < segment_blocks(segment); block++) {
            counts[indices[block % segment.rows]] += count_non_finite(kept + (intptr_t)indices[segment.rows + block] * BLOCK_COLUMNS, BLOCK_COLUMNS);
        }

        indices += segment_indices(segment);
    }

    for (intptr_t row = 0; row < rows; row++) {
        for (int lane = 0; lane < BLOCK_LANES && counts[row] < all; lane++) {
            sums[row * BLOCK_LANES + lane] = NAN;
        }
    }
}

static int any_positive(const float *x, intptr_t count)
{
    for (intptr_t i = 0; i < count; i++) {
        if (float_bits(x[i]) >= 0) {
            return 1;
        }
    }

    return 0;
}

/* Where a lane is among the kept ones, or -1. */
static intptr_t kept_place(const rnn_sparse_matrix *sparse, int32_t lane)
{
    if (sparse->lane_map == NULL) {
        return lane;
    }

    intptr_t from = 0;
    intptr_t to = sparse->kept_lanes;
    while (from < to) {
        const intptr_t middle = from + (to - from) / 2;
        if (sparse->lane_map[middle] < lane) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }

    return from < sparse->kept_lanes && sparse->lane_map[from] == lane ? from : -1;
}

/* Whether the sum of a lane, -0 without the products of zero weights, is 0 with them: whether one of them is 0 and not -0, and comes after the last product
 * that is not zero, before which no sign of a zero matters. */
static int zeros_make_positive(const rnn_sparse_matrix *sparse, intptr_t columns, const float *x, int32_t lane)
{
    const intptr_t place = kept_place(sparse, lane);
    int positive = 0;
    intptr_t next = 0;
    const float *blocks = (const float *)sparse->blocks;
    const uint16_t *indices = sparse->indices;
    for (int i = 0; i < sparse->segment_count && place >= 0; i++) {
        const rnn_sparse_segment segment = sparse->segments[i];
        intptr_t at = 0;
        while (at < segment.rows && indices[at] != place / BLOCK_LANES) {
            at++;
        }

        for (intptr_t block = at; at < segment.rows && block < segment_blocks(segment); block += segment.rows) {
            const intptr_t first = (intptr_t)indices[segment.rows + block] * BLOCK_COLUMNS;
            for (intptr_t column = first; column < first + BLOCK_COLUMNS && column < sparse->kept_columns; column++) {
                const intptr_t original = sparse->column_map == NULL ? column : sparse->column_map[column];
                const float weight = blocks[block * BLOCK_ELEMENTS + (column - first) * BLOCK_LANES + place % BLOCK_LANES];
                positive |= any_positive(x + next, original - next);
                positive = (double)weight * (double)x[original] == 0.0 && (positive || (float_bits(weight) < 0) == (float_bits(x[original]) < 0));
                next = original + 1;
            }
        }

        blocks += segment_blocks(segment) * BLOCK_ELEMENTS;
        indices += segment_indices(segment);
    }

    return positive || any_positive(x + next, columns - next);
}

#endif
