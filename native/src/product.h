/* y = init + W.x for any number of vectors, whatever the precision of W (Kernels/Product.cs), and sums of elementwise products. */
#ifndef PRODUCT_H
#define PRODUCT_H

#include "fp32.h"
#include "half.h"
#include "int8.h"
#include "sparse.h"

static void multiply_job(const rnn_matrix *matrix, const job *work, int vectors, const rnn_scratch *scratch)
{
    if (matrix->sparse != NULL) {
        sparse_multiply(matrix, work, vectors, scratch);
        return;
    }

    switch (matrix->format) {
    case RNN_INT8: int8_multiply(matrix, work, vectors, scratch); break;
    case RNN_BFLOAT16:
    case RNN_FLOAT16: half_multiply(matrix, work, vectors); break;
    default: fp32_multiply((const float *)matrix->data, matrix->lanes, matrix->columns, work, vectors); break;
    }
}

static void multiply(const rnn_matrix *matrix, const float *x, intptr_t x_stride, const float *init, intptr_t init_stride, float *y,
                     intptr_t y_stride, int32_t vectors, const rnn_scratch *scratch)
{
    const job work = {x, x_stride, init, init_stride, y, y_stride};
    multiply_job(matrix, &work, vectors, scratch);
}

INLINE void multiply_add_vectors(const int registers, const float *a, intptr_t a_stride, const float *b, intptr_t b_stride, int32_t terms,
                                 const float *init, float *y)
{
    vf sum[4];
    UNROLL for (int r = 0; r < registers; r++) { sum[r] = vf_load(init + r * WIDTH); }

    for (int32_t term = 0; term < terms; term++, a += a_stride, b += b_stride) {
        UNROLL for (int r = 0; r < registers; r++) { sum[r] = vf_fma(vf_load(a + r * WIDTH), vf_load(b + r * WIDTH), sum[r]); }
    }

    UNROLL for (int r = 0; r < registers; r++) { vf_store(y + r * WIDTH, sum[r]); }
}

static void multiply_add(const float *a, intptr_t a_stride, const float *b, intptr_t b_stride, int32_t terms, const float *init, float *y,
                         int32_t count)
{
    int32_t i = 0;
    for (; i <= count - 4 * WIDTH; i += 4 * WIDTH) {
        multiply_add_vectors(4, a + i, a_stride, b + i, b_stride, terms, init + i, y + i);
    }

    for (; i <= count - WIDTH; i += WIDTH) {
        multiply_add_vectors(1, a + i, a_stride, b + i, b_stride, terms, init + i, y + i);
    }

    if (i < count) {
        const int left = count - i;
        vf sum = vf_load_part(init + i, left);
        for (int32_t term = 0; term < terms; term++) {
            sum = vf_fma(vf_load_part(a + term * a_stride + i, left), vf_load_part(b + term * b_stride + i, left), sum);
        }

        vf_store_part(y + i, sum, left);
    }
}

#endif
