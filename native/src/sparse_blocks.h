/* The products of stored blocks (Kernels/SparseMatrix.cs): 8 lanes by 4 columns each, added to the sums of the kept lanes. Neighbouring block rows have
 * other columns, so that 8 lanes are the width of every set. */
#ifndef SPARSE_BLOCKS_H
#define SPARSE_BLOCKS_H

#include "quantize.h"

#define BLOCK_LANES 8
#define BLOCK_COLUMNS 4
#define BLOCK_ELEMENTS 32

INLINE intptr_t segment_blocks(rnn_sparse_segment segment) { return (intptr_t)segment.rows * segment.rounds; }
INLINE intptr_t segment_indices(rnn_sparse_segment segment) { return segment.rows + segment_blocks(segment); }
INLINE intptr_t sparse_quads(const rnn_sparse_matrix *sparse) { return (sparse->kept_columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS; }
INLINE intptr_t sparse_block_rows(const rnn_sparse_matrix *sparse) { return (sparse->kept_lanes + BLOCK_LANES - 1) / BLOCK_LANES; }

#if !RNN_HAS_AVX2

typedef struct block_sum {
    int32_t lane[8];
} block_sum;

INLINE v8 add_fp32_block(v8 sum, const float *block, const float *x)
{
    for (int column = 0; column < BLOCK_COLUMNS; column++) {
        sum = v8_fma(v8_broadcast(x[column]), v8_load(block + column * BLOCK_LANES), sum);
    }

    return sum;
}

INLINE block_sum load_block_sum(const int32_t *source)
{
    block_sum sum;
    memcpy(sum.lane, source, sizeof sum.lane);
    return sum;
}

INLINE void store_block_sum(int32_t *destination, block_sum sum) { memcpy(destination, sum.lane, sizeof sum.lane); }

INLINE block_sum add_int8_block(block_sum sum, const int8_t *block, const int8_t *x)
{
    for (int i = 0; i < BLOCK_ELEMENTS; i++) {
        sum.lane[i / 4] += block[i] * x[i % 4];
    }

    return sum;
}

#else

/* Not __m256i; see vf_int. */
typedef int32_t block_sum __attribute__((vector_size(32)));

INLINE v8 add_fp32_block(v8 sum, const float *block, const float *x)
{
    const v8 columns = _mm256_broadcast_ps((const __m128 *)x);
    sum = v8_fma(_mm256_permute_ps(columns, 0x00), v8_load(block), sum);
    sum = v8_fma(_mm256_permute_ps(columns, 0x55), v8_load(block + 8), sum);
    sum = v8_fma(_mm256_permute_ps(columns, 0xaa), v8_load(block + 16), sum);
    return v8_fma(_mm256_permute_ps(columns, 0xff), v8_load(block + 24), sum);
}

INLINE block_sum load_block_sum(const int32_t *source) { return (block_sum)_mm256_loadu_si256((const __m256i *)source); }
INLINE void store_block_sum(int32_t *destination, block_sum sum) { _mm256_storeu_si256((__m256i *)destination, (__m256i)sum); }

/* Columns take the signs of the weights, whose magnitudes are the unsigned operand: a pair of products is at most 2 * 127 * 127, which 16 bits hold. */
INLINE block_sum add_int8_block(block_sum sum, const int8_t *block, const int8_t *x)
{
    const __m256i weights = _mm256_loadu_si256((const __m256i *)block);
    const __m256i values = _mm256_sign_epi8(_mm256_set1_epi32(load_int32(x)), weights);
#if RNN_HAS_AVX512VNNI
    return (block_sum)_mm256_dpbusd_epi32((__m256i)sum, _mm256_abs_epi8(weights), values);
#else
    return sum + (block_sum)_mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_abs_epi8(weights), values), _mm256_set1_epi16(1));
#endif
}

#endif

INLINE void add_fp32_segment(const int rows, const float *blocks, const uint16_t *indices, intptr_t rounds, const float *x, float *y)
{
    v8 sum[8];
    UNROLL for (int row = 0; row < rows; row++) { sum[row] = v8_load(y + indices[row] * BLOCK_LANES); }

    const uint16_t *quads = indices + rows;
    for (intptr_t round = 0; round < rounds; round++, quads += rows, blocks += rows * BLOCK_ELEMENTS) {
        UNROLL for (int row = 0; row < rows; row++) {
            sum[row] = add_fp32_block(sum[row], blocks + row * BLOCK_ELEMENTS, x + (intptr_t)quads[row] * BLOCK_COLUMNS);
        }
    }

    UNROLL for (int row = 0; row < rows; row++) { v8_store(y + indices[row] * BLOCK_LANES, sum[row]); }
}

INLINE void add_int8_segment(const int rows, const int8_t *blocks, const uint16_t *indices, intptr_t rounds, const int8_t *x, int32_t *sums)
{
    block_sum sum[8];
    UNROLL for (int row = 0; row < rows; row++) { sum[row] = load_block_sum(sums + indices[row] * BLOCK_LANES); }

    const uint16_t *quads = indices + rows;
    for (intptr_t round = 0; round < rounds; round++, quads += rows, blocks += rows * BLOCK_ELEMENTS) {
        UNROLL for (int row = 0; row < rows; row++) {
            sum[row] = add_int8_block(sum[row], blocks + row * BLOCK_ELEMENTS, x + (intptr_t)quads[row] * BLOCK_COLUMNS);
        }
    }

    UNROLL for (int row = 0; row < rows; row++) { store_block_sum(sums + indices[row] * BLOCK_LANES, sum[row]); }
}

/* For vectors of kept columns in whole quads, and a quad of padding. */
static void add_fp32_blocks(const rnn_sparse_matrix *sparse, const float *x, intptr_t x_stride, float *y, intptr_t y_stride, int vectors)
{
    const float *blocks = (const float *)sparse->blocks;
    const uint16_t *indices = sparse->indices;
    for (int i = 0; i < sparse->segment_count; i++) {
        const rnn_sparse_segment segment = sparse->segments[i];
        for (int v = 0; v < vectors; v++) {
            const float *from = x + v * x_stride;
            float *to = y + v * y_stride;
            switch (segment.rows) {
            case 8: add_fp32_segment(8, blocks, indices, segment.rounds, from, to); break;
            case 4: add_fp32_segment(4, blocks, indices, segment.rounds, from, to); break;
            default: add_fp32_segment(1, blocks, indices, segment.rounds, from, to); break;
            }
        }

        blocks += segment_blocks(segment) * BLOCK_ELEMENTS;
        indices += segment_indices(segment);
    }
}

static void add_int8_blocks(const rnn_sparse_matrix *sparse, const int8_t *x, intptr_t x_stride, int32_t *sums, intptr_t sum_stride, int vectors)
{
    const int8_t *blocks = (const int8_t *)sparse->blocks;
    const uint16_t *indices = sparse->indices;
    for (int i = 0; i < sparse->segment_count; i++) {
        const rnn_sparse_segment segment = sparse->segments[i];
        for (int v = 0; v < vectors; v++) {
            const int8_t *from = x + v * x_stride;
            int32_t *to = sums + v * sum_stride;
            switch (segment.rows) {
            case 8: add_int8_segment(8, blocks, indices, segment.rounds, from, to); break;
            case 4: add_int8_segment(4, blocks, indices, segment.rounds, from, to); break;
            default: add_int8_segment(1, blocks, indices, segment.rounds, from, to); break;
            }
        }

        blocks += segment_blocks(segment) * BLOCK_ELEMENTS;
        indices += segment_indices(segment);
    }
}

#endif
