/* y = init + W.x where the zeros of W are left out (Kernels/SparseProduct.cs, SparseWork.cs); the bits are those of the product with them. */
#ifndef SPARSE_H
#define SPARSE_H

#include "job.h"
#include "zero_products.h"

#define SPARSE_VECTORS 4

/* The parts of the scratch of a sparse product, as large as SparseWork.cs makes them. */
typedef struct sparse_work {
    uint8_t *vectors; /* kept columns in whole quads, and a quad of padding; int8 as signed bytes */
    intptr_t vector_stride;
    uint8_t *sums; /* of the kept lanes; float32 only where lanes are dropped */
    intptr_t sum_stride;
    int32_t *counts;
    int8_t *quantized; /* all columns, signed bytes */
    int32_t *lane_sums;
} sparse_work;

INLINE intptr_t to_cache_line(intptr_t bytes) { return (bytes + 63) & ~(intptr_t)63; }

INLINE sparse_work divide_scratch(const rnn_matrix *matrix, uint8_t *start)
{
    const rnn_sparse_matrix *sparse = matrix->sparse;
    const int is_int8 = matrix->format == RNN_INT8;
    sparse_work work;
    work.vectors = start;
    work.vector_stride = to_cache_line((sparse_quads(sparse) + 1) * (is_int8 ? 8 : BLOCK_COLUMNS * (intptr_t)sizeof(float)));
    work.sums = start + work.vector_stride * SPARSE_VECTORS;
    const intptr_t sum_bytes = to_cache_line(sparse_block_rows(sparse) * BLOCK_LANES * (intptr_t)sizeof(int32_t));
    work.sum_stride = sum_bytes / (intptr_t)sizeof(int32_t);
    uint8_t *counts = work.sums + (is_int8 || sparse->lane_map != NULL ? sum_bytes * SPARSE_VECTORS : 0);
    uint8_t *quantized = counts + to_cache_line(sparse_block_rows(sparse) * (intptr_t)sizeof(int32_t));
    work.counts = (int32_t *)counts;
    work.quantized = (int8_t *)quantized;
    work.lane_sums = (int32_t *)(quantized + (is_int8 ? to_cache_line(stored_columns(matrix->columns) * 2 + (intptr_t)sizeof(int32_t)) : 0));
    return work;
}

/* Padding is -0, so that its products with zeros are -0, which change no sum. */
static void keep_columns(const rnn_sparse_matrix *sparse, const float *x, float *kept)
{
    if (sparse->column_map == NULL) {
        memcpy(kept, x, (size_t)sparse->kept_columns * sizeof *kept);
    } else {
        for (int column = 0; column < sparse->kept_columns; column++) {
            kept[column] = x[sparse->column_map[column]];
        }
    }

    for (intptr_t column = sparse->kept_columns; column < (sparse_quads(sparse) + 1) * BLOCK_COLUMNS; column++) {
        kept[column] = -0.0f;
    }
}

static void keep_lanes(const rnn_sparse_matrix *sparse, const float *y, float *sums)
{
    for (int lane = 0; lane < sparse->kept_lanes; lane++) {
        sums[lane] = y[sparse->lane_map[lane]];
    }

    for (intptr_t lane = sparse->kept_lanes; lane < sparse_block_rows(sparse) * BLOCK_LANES; lane++) {
        sums[lane] = 0.0f;
    }
}

/* A dropped lane keeps what it started from, unless zeros times x is NaN. */
static void put_lanes(const rnn_sparse_matrix *sparse, int lanes, const float *sums, float *y, int is_finite)
{
    for (int lane = 0; lane < lanes && !is_finite; lane++) {
        y[lane] = NAN;
    }

    for (int lane = 0; lane < sparse->kept_lanes; lane++) {
        y[sparse->lane_map[lane]] = sums[lane];
    }
}

static void add_zeros(const rnn_matrix *matrix, const float *x, float *y)
{
    int any = 0;
    for (int lane = 0; lane < matrix->lanes; lane++) {
        any |= float_bits(y[lane]) == INT32_MIN;
    }

    if (!any) {
        return;
    }

    for (int lane = 0; lane < matrix->lanes; lane++) {
        if (float_bits(y[lane]) == INT32_MIN && zeros_make_positive(matrix->sparse, matrix->columns, x, lane)) {
            y[lane] = 0.0f;
        }
    }
}

static void sparse_fp32(const rnn_matrix *matrix, const job *to, int vectors, const sparse_work *work)
{
    const rnn_sparse_matrix *sparse = matrix->sparse;
    float *kept = (float *)work->vectors;
    const intptr_t kept_stride = work->vector_stride / (intptr_t)sizeof(float);
    float *sums = sparse->lane_map == NULL ? to->y : (float *)work->sums;
    const intptr_t sum_stride = sparse->lane_map == NULL ? to->y_stride : work->sum_stride;
    for (int v = 0; v < vectors; v++) {
        float *y = to->y + v * to->y_stride;
        keep_columns(sparse, to->x + v * to->x_stride, kept + v * kept_stride);
        if (to->init != to->y) {
            memcpy(y, to->init + v * to->init_stride, (size_t)matrix->lanes * sizeof *y);
        }

        if (sparse->lane_map != NULL) {
            keep_lanes(sparse, y, sums + v * sum_stride);
        }
    }

    add_fp32_blocks(sparse, kept, kept_stride, sums, sum_stride, vectors);
    for (int v = 0; v < vectors; v++) {
        const float *x = to->x + v * to->x_stride;
        float *y = to->y + v * to->y_stride;
        const int is_finite = largest_bits(x, matrix->columns) < 255 << 23;
        if (!is_finite) {
            spread_non_finite(sparse, matrix->columns, x, kept + v * kept_stride, sums + v * sum_stride, work->counts);
        }

        if (sparse->lane_map != NULL) {
            put_lanes(sparse, matrix->lanes, sums + v * sum_stride, y, is_finite);
        }

        add_zeros(matrix, x, y);
    }
}

/* Quantises all columns, as the scale is that of all, and picks the kept ones; returns the scale. */
static float quantize_kept(const rnn_matrix *matrix, const float *x, float *multiplied, int8_t *kept, int8_t *quantized)
{
    const rnn_sparse_matrix *sparse = matrix->sparse;
    const float scale = quantize_vector(matrix, x, multiplied, sparse->column_map == NULL ? kept : quantized);
    if (sparse->column_map != NULL) {
        for (int column = 0; column < sparse->kept_columns; column++) {
            kept[column] = quantized[sparse->column_map[column]];
        }
    }

    memset(kept + sparse->kept_columns, 0, (size_t)((sparse_quads(sparse) + 1) * BLOCK_COLUMNS - sparse->kept_columns));
    return scale;
}

static void dequantize(const int32_t *sums, const float *row_scales, float scale, const float *init, float *y, int lanes)
{
    for (int lane = 0; lane < lanes; lane += 8) {
        const v8 factor = v8_mul(v8_load(row_scales + lane), v8_broadcast(scale));
        v8_store(y + lane, v8_fma(v8_from_int32(sums + lane), factor, v8_load(init + lane)));
    }
}

static void sparse_int8(const rnn_matrix *matrix, const job *to, int vectors, const sparse_work *work, float *multiplied)
{
    const rnn_sparse_matrix *sparse = matrix->sparse;
    float scales[SPARSE_VECTORS];
    int8_t *kept = (int8_t *)work->vectors;
    int32_t *sums = (int32_t *)work->sums;
    for (int v = 0; v < vectors; v++) {
        scales[v] = quantize_kept(matrix, to->x + v * to->x_stride, multiplied, kept + v * work->vector_stride, work->quantized);
        memset(sums + v * work->sum_stride, 0, (size_t)sparse_block_rows(sparse) * BLOCK_LANES * sizeof *sums);
    }

    add_int8_blocks(sparse, kept, work->vector_stride, sums, work->sum_stride, vectors);
    for (int v = 0; v < vectors; v++) {
        const int32_t *lane_sums = sums + v * work->sum_stride;
        if (sparse->lane_map != NULL) {
            memset(work->lane_sums, 0, (size_t)matrix->lanes * sizeof *work->lane_sums);
            for (int lane = 0; lane < sparse->kept_lanes; lane++) {
                work->lane_sums[sparse->lane_map[lane]] = lane_sums[lane];
            }

            lane_sums = work->lane_sums;
        }

        dequantize(lane_sums, matrix->row_scales, scales[v], to->init + v * to->init_stride, to->y + v * to->y_stride, matrix->lanes);
    }
}

static void sparse_multiply(const rnn_matrix *matrix, const job *whole, int vectors, const rnn_scratch *scratch)
{
    const sparse_work work = divide_scratch(matrix, scratch->sparse);
    for (int done = 0; done < vectors; done += SPARSE_VECTORS) {
        const int tile = vectors - done < SPARSE_VECTORS ? vectors - done : SPARSE_VECTORS;
        const job part = job_at(whole, 0, done);
        if (matrix->format == RNN_INT8) {
            sparse_int8(matrix, &part, tile, &work, scratch->multiplied);
        } else {
            sparse_fp32(matrix, &part, tile, &work);
        }
    }
}

#endif
