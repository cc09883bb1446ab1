/* The C kernels: one table of functions for each instruction set.
 *
 * The structs mirror those of src/RnnRuntime/Kernels field by field, and each function does what the method of KernelVariant with its name
 * documents there, with the same bits. Nothing here allocates, locks, makes a system call or keeps state: every function may run on any thread,
 * and on several at once as long as they write to different memory. Nothing is checked: the plan has checked sizes. */
#ifndef RNN_KERNELS_H
#define RNN_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define RNN_EXPORT __declspec(dllexport)
#else
#define RNN_EXPORT __attribute__((visibility("default")))
#endif

/* Of all headers of this folder: changes whenever a struct, a signature, or the number of a format, function, cell or operation in one of them does
 * (rnn_program.h, rnn_image.h and rnn_layout.h too). AbiVersion of src/RnnRuntime/Interop/NativeKernels.cs is the same number. */
#define RNN_KERNELS_ABI 2

enum rnn_format { RNN_FLOAT32, RNN_BFLOAT16, RNN_FLOAT16, RNN_INT8 };

/* SparseSegment */
typedef struct rnn_sparse_segment {
    int32_t rows;
    int32_t rounds;
} rnn_sparse_segment;

/* SparseMatrix */
typedef struct rnn_sparse_matrix {
    const rnn_sparse_segment *segments;
    int32_t segment_count;
    const uint8_t *blocks;
    const uint16_t *indices;
    const int32_t *column_map;
    int32_t kept_columns;
    const int32_t *lane_map;
    int32_t kept_lanes;
    intptr_t bytes;
} rnn_sparse_matrix;

/* PackedMatrix */
typedef struct rnn_matrix {
    const uint8_t *data;
    const float *row_scales;
    int32_t lanes;
    int32_t columns;
    int32_t format; /* enum rnn_format */
    float range;
    const float *factors;
    int32_t largest_pair;
    float factor;
    const rnn_sparse_matrix *sparse;
    float density;
} rnn_matrix;

/* ProductScratch */
typedef struct rnn_scratch {
    int8_t *quantized;
    float *scales;
    int32_t *sums;
    intptr_t stride;
    uint8_t *sparse;
    float *multiplied;
} rnn_scratch;

/* CellWeights */
typedef struct rnn_cell_weights {
    int32_t groups;
    rnn_matrix input;
    rnn_matrix recurrent;
    rnn_matrix candidate;
    const float *bias;
    const float *candidate_bias;
} rnn_cell_weights;

/* CellArguments */
typedef struct rnn_cell_arguments {
    const float *x;
    intptr_t x_stride;
    float *gates;
    intptr_t gates_stride;
    float *hidden;
    float *cell;
    intptr_t state_stride;
    float *y;
    intptr_t y_stride;
    int32_t time_steps;
    int32_t streams;
    rnn_scratch scratch;
    int32_t backwards; /* 0 or 1 */
} rnn_cell_arguments;

/* KernelVariant. Functions of elements are the numbers of the enumerations UnaryFunction, BinaryFunction and ReduceFunction. */
typedef struct rnn_kernels {
    const char *name;
    const char *description;
    const char *requirement; /* what the processor must have, for messages */
    int32_t is_supported;    /* by this processor and its operating system */
    int32_t reserved;

    void (*multiply)(const rnn_matrix *matrix, const float *x, intptr_t x_stride, const float *init, intptr_t init_stride,
                     float *y, intptr_t y_stride, int32_t vectors, const rnn_scratch *scratch);
    void (*multiply_add)(const float *a, intptr_t a_stride, const float *b, intptr_t b_stride, int32_t terms, const float *init, float *y,
                         int32_t count);

    void (*lstm)(const rnn_cell_weights *weights, const rnn_cell_arguments *arguments);
    void (*gru_reset_after)(const rnn_cell_weights *weights, const rnn_cell_arguments *arguments);
    void (*gru_reset_before)(const rnn_cell_weights *weights, const rnn_cell_arguments *arguments);
    void (*rnn)(const rnn_cell_weights *weights, int32_t activation, const rnn_cell_arguments *arguments);

    void (*lstm_units)(int32_t groups, float *gates, float *cell, float *hidden, float *y);
    void (*gru_units)(int32_t groups, const float *gates, const float *candidates, const float *recurrent, float *hidden, float *y);
    void (*reset_units)(int32_t groups, const float *gates, const float *hidden, float *result);

    void (*unary)(int32_t function, float alpha, float beta, const float *x, float *y, int32_t count);
    void (*binary)(int32_t function, const float *left, int32_t left_is_scalar, const float *right, int32_t right_is_scalar, float *y,
                   int32_t count);
    void (*select)(const float *condition, const float *when_true, const float *when_false, float *y, int32_t count);
    void (*softmax)(const float *x, float *y, int32_t count, int32_t logarithm);
    void (*reduce)(int32_t function, const float *x, float *y, int32_t rows, int32_t length);
    void (*layer_norm)(const float *x, float *y, int32_t rows, int32_t length, const float *scale, const float *bias, float epsilon);
} rnn_kernels;

/* Ask this first: nothing else holds where it is not RNN_KERNELS_ABI. */
RNN_EXPORT uint32_t rnn_kernels_abi_version(void);

/* The tables, best first. They live as long as the library. */
RNN_EXPORT int32_t rnn_kernels_count(void);
RNN_EXPORT const rnn_kernels *rnn_kernels_at(int32_t index);

#ifdef __cplusplus
}
#endif

#endif
