/* A session's plan as a program that runs without returning to managed code.
 *
 * An operation does what the plan step in src/RnnRuntime/Plan that writes it does, with the same kernels in the same order. A program, all that it
 * points to and its memory belong to one session: one thread at a time may run it. Nothing is checked: the plan has checked sizes, the session indices.
 * The structs are mirrored in src/RnnRuntime/Plan/NativeOperations.cs. */
#ifndef RNN_PROGRAM_H
#define RNN_PROGRAM_H

#include "rnn_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The vector of time step t and stream b starts at start + t * time_stride + b * stride; states and scratch are the same for every time step. Start is
 * null where an operation has no such buffer. Frame f of the current time steps is that of stream f % streams of step f / streams. */
typedef struct rnn_buffer {
    float *start;
    intptr_t time_stride;
    intptr_t stride;
} rnn_buffer;

/* The last entries of each stream, [stream][length][width]; position is the index of the oldest one. */
typedef struct rnn_ring {
    float *data;
    intptr_t stride;
    int32_t *position;
    int32_t length;
    int32_t width;
} rnn_ring;

enum rnn_cell { RNN_LSTM, RNN_GRU_RESET_AFTER, RNN_GRU_RESET_BEFORE, RNN_PLAIN };

/* RNN_OP_RECURRENT: RecurrentStep */
typedef struct rnn_recurrent {
    rnn_cell_weights weights;
    rnn_scratch scratch;
    int32_t cell; /* enum rnn_cell */
    int32_t activation;
    int32_t units;
    int32_t reserved;
    rnn_buffer x;
    rnn_buffer gates;
    rnn_buffer hidden;
    rnn_buffer cell_state;
    rnn_buffer y;
    rnn_buffer hidden_input;
    rnn_buffer cell_input;
    rnn_buffer cell_output;
} rnn_recurrent;

/* RNN_OP_LINEAR: LinearStep */
typedef struct rnn_linear {
    rnn_matrix matrix;
    rnn_scratch scratch;
    const float *bias;
    float *lanes; /* rows of padded width, or null */
    int32_t outputs;
    int32_t rows_per_frame;
    rnn_buffer x;
    rnn_buffer y;
} rnn_linear;

/* One operation of an elementwise step; operands and the result are slots. */
typedef struct rnn_element_operation {
    int32_t operands; /* 1, 2 or 3: unary, binary, select */
    int32_t function;
    int32_t first;
    int32_t second;
    int32_t third;
    int32_t result;
    int32_t first_is_scalar;
    int32_t second_is_scalar;
    int32_t result_is_scalar;
    float alpha;
    float beta;
} rnn_element_operation;

/* An operand: where each row starts, and whether it is one element for the whole row. */
typedef struct rnn_element_input {
    rnn_buffer buffer;
    const int32_t *row_offsets;
    intptr_t is_scalar;
} rnn_element_input;

/* RNN_OP_ELEMENTWISE: ElementwiseStep */
typedef struct rnn_elementwise {
    const rnn_element_input *inputs;
    const rnn_element_operation *operations;
    float **slots; /* inputs, registers, the output */
    float *registers;
    int32_t input_count;
    int32_t operation_count;
    int32_t register_count;
    int32_t block_length;
    int32_t rows;
    int32_t row_length;
    rnn_buffer y;
} rnn_elementwise;

/* RNN_OP_EMBEDDING: EmbeddingStep */
typedef struct rnn_embedding {
    const void *table;
    const float *scales;
    int32_t format; /* enum rnn_format */
    int32_t size;
    int32_t index_count;
    int32_t reserved;
    rnn_buffer indices;
    rnn_buffer y;
} rnn_embedding;

/* RNN_OP_SOFTMAX, RNN_OP_REDUCE, RNN_OP_LAYER_NORM, RNN_OP_CAST, RNN_OP_COPY (LoadStateStep), RNN_OP_FLUSH (StoreStateStep): from frames to frames */
typedef struct rnn_rows {
    rnn_buffer x;
    rnn_buffer y;
    const float *scale;
    const float *bias;
    int32_t elements; /* of a frame of x */
    int32_t length;   /* of a row */
    int32_t function; /* softmax: whether its logarithm; cast: whether to float32 */
    float epsilon;
} rnn_rows;

/* RNN_OP_STRIDED_COPY: StridedCopyStep */
typedef struct rnn_strided_copy {
    rnn_buffer x;
    rnn_buffer y;
    const int32_t *offsets;
    int32_t rows;
    int32_t length;
    int32_t stride;
    int32_t run; /* rows at a time that are neighbours in the source, or 0 */
} rnn_strided_copy;

/* BlockMove */
typedef struct rnn_move {
    rnn_buffer source;
    int32_t source_offset;
    int32_t source_stride;
    int32_t target_offset;
    int32_t target_stride;
    int32_t rows;
    int32_t length;
} rnn_move;

/* RNN_OP_BLOCK_COPY: BlockCopyStep */
typedef struct rnn_block_copy {
    const rnn_move *moves;
    int32_t move_count;
    float fill;
    rnn_buffer y;
} rnn_block_copy;

/* RNN_OP_GATHER: GatherStep */
typedef struct rnn_gather {
    rnn_buffer data;
    rnn_buffer indices;
    rnn_buffer y;
    int32_t outer;
    int32_t count;
    int32_t inner;
    int32_t index_count;
} rnn_gather;

/* RNN_OP_COMPARE: Int32CompareStep */
typedef struct rnn_compare {
    rnn_buffer left;
    rnn_buffer right;
    rnn_buffer y;
    const int32_t *left_offsets;
    const int32_t *right_offsets;
    int32_t left_stride;
    int32_t right_stride;
    int32_t function;
    int32_t rows;
    int32_t row_length;
    int32_t reserved;
} rnn_compare;

/* RNN_OP_CAUSAL_CONVOLUTION: ConvolutionStep; RNN_OP_DELAY: DelayStep, which uses no matrix */
typedef struct rnn_ring_step {
    rnn_matrix matrix;
    rnn_scratch scratch;
    const float *bias;
    rnn_buffer x;
    rnn_buffer y;
    rnn_buffer taps;
    rnn_buffer history_input;
    rnn_buffer history_output;
    rnn_ring ring; /* without data where the kernel has one tap */
    int32_t kernel_size;
    int32_t dilation;
    int32_t channels;
    int32_t reserved;
} rnn_ring_step;

/* ConvAxis */
typedef struct rnn_axis {
    int32_t length;
    int32_t output;
    int32_t kernel;
    int32_t stride;
    int32_t dilation;
    int32_t start;
    intptr_t element_stride;
} rnn_axis;

/* RNN_OP_CONVOLUTION: ContiguousConvStep, or, with columns, GatherConvStep */
typedef struct rnn_convolution {
    const rnn_matrix *matrices; /* one a group */
    const float *const *biases;
    float *rows;    /* [block][lanes], or null where products go to the output */
    float *columns; /* gathered windows */
    const intptr_t *row_offsets;
    rnn_scratch scratch;
    rnn_buffer x;
    rnn_buffer y;
    rnn_buffer padded;
    rnn_axis axes[4];
    int32_t groups;
    int32_t filters; /* of all groups */
    int32_t group_filters;
    int32_t group_channels;
    int32_t block;
    int32_t row_count;
    int32_t positions; /* of a row, or, with columns, of a frame */
    int32_t window_columns;
    int32_t across_frames;
    int32_t padding_skipped;
    int32_t padding_before;
    int32_t padding_copied;
    int32_t padding_after;
    int32_t reserved;
    intptr_t window_stride;
    intptr_t padded_row;
} rnn_convolution;

/* RNN_OP_DEPTHWISE: DepthwiseConvStep */
typedef struct rnn_depthwise {
    const float *weights;
    const float *bias;
    rnn_buffer x;
    rnn_buffer y;
    rnn_axis axes[4];
    int32_t channels;
    int32_t positions;
} rnn_depthwise;

/* RNN_OP_MATMUL: MatMulStep */
typedef struct rnn_matmul {
    rnn_buffer left;
    rnn_buffer right;
    rnn_buffer y;
    const int32_t *pairs; /* offsets of the left and the right matrix */
    float *panels;
    float *lanes;
    const float *zeros;
    int32_t pair_count;
    int32_t m;
    int32_t k;
    int32_t n;
} rnn_matmul;

/* RNN_OP_SEQUENCE: SequenceStep */
typedef struct rnn_sequence {
    rnn_cell_weights weights;
    rnn_scratch scratch;
    rnn_buffer x;
    rnn_buffer hidden;
    rnn_buffer cell_state;
    rnn_buffer y;
    rnn_buffer new_hidden;
    rnn_buffer new_cell;
    float *gates;
    float *candidate;
    float *padded_hidden; /* null where rows can be written in their place */
    float *padded_cell;
    float *padded_y;
    intptr_t gates_stride;
    int32_t cell; /* enum rnn_cell */
    int32_t activation;
    int32_t time_steps;
    int32_t streams;
    int32_t inputs;
    int32_t units;
    int32_t is_reversed;
    int32_t is_one_row;
} rnn_sequence;

/* GeneralActivation */
typedef struct rnn_general_activation {
    int32_t function;
    float alpha;
    float beta;
} rnn_general_activation;

enum rnn_general_cell { RNN_GENERAL_LSTM, RNN_GENERAL_GRU, RNN_GENERAL_PLAIN };

/* RNN_OP_GENERAL_SEQUENCE: GeneralSequenceStep */
typedef struct rnn_general_sequence {
    rnn_cell_weights weights;
    rnn_matrix projection; /* without lanes where there is none */
    rnn_scratch scratch;
    rnn_buffer x;
    rnn_buffer lengths;
    rnn_buffer hidden;
    rnn_buffer cell_state;
    rnn_buffer y;
    rnn_buffer new_hidden;
    rnn_buffer new_cell;
    const float *zeros;
    const float *peepholes;
    float *gates;
    float *rows;
    intptr_t gates_stride;
    rnn_general_activation activations[3];
    float clip;
    int32_t cell; /* enum rnn_general_cell */
    int32_t input_forget;
    int32_t reset_after;
    int32_t is_reversed;
    int32_t row_width;
    int32_t time_steps;
    int32_t streams;
    int32_t inputs;
    int32_t units;
    int32_t outputs;
} rnn_general_sequence;

/* RNN_OP_HOST: a whole plan that managed code executes, as the only operation of a program. */
typedef struct rnn_host_call {
    /* Runs the time steps of a chunk; 0, or a status that the caller of the program finds in the field. */
    int32_t (*execute)(void *host, int32_t time_steps);
    void *host;
    int32_t status;
    int32_t reserved;
} rnn_host_call;

enum rnn_operation_kind {
    RNN_OP_RECURRENT,
    RNN_OP_LINEAR,
    RNN_OP_ELEMENTWISE,
    RNN_OP_EMBEDDING,
    RNN_OP_SOFTMAX,
    RNN_OP_REDUCE,
    RNN_OP_LAYER_NORM,
    RNN_OP_CAST,
    RNN_OP_COPY,
    RNN_OP_FLUSH,
    RNN_OP_STRIDED_COPY,
    RNN_OP_BLOCK_COPY,
    RNN_OP_GATHER,
    RNN_OP_COMPARE,
    RNN_OP_CAUSAL_CONVOLUTION,
    RNN_OP_DELAY,
    RNN_OP_CONVOLUTION,
    RNN_OP_DEPTHWISE,
    RNN_OP_MATMUL,
    RNN_OP_SEQUENCE,
    RNN_OP_GENERAL_SEQUENCE,
    RNN_OP_HOST
};

typedef struct rnn_operation {
    int32_t kind; /* enum rnn_operation_kind */
    int32_t reserved;
    const void *arguments; /* the struct of its kind */
} rnn_operation;

/* An input or output: elements of a vector. */
typedef struct rnn_port {
    rnn_buffer buffer;
    int32_t elements;
    int32_t is_int32;
} rnn_port;

typedef struct rnn_program {
    const rnn_kernels *kernels;
    const rnn_operation *operations;
    int32_t operation_count;
    int32_t streams;
    int32_t chunk_length;
    int32_t has_feedback; /* then the whole graph runs once a time step */
    rnn_port input;       /* of a model with one input and one output */
    rnn_port output;
    int32_t backwards; /* what the next step's cells get; changes with every run of the operations */
} rnn_program;

/* Runs time_steps steps. Input and output are [time step][stream][elements] of any number of steps; both null: the buffers hold what was given, for at
 * most chunk_length steps. Magnitudes of the input below 2^-80 count as zero. */
RNN_EXPORT void rnn_run(rnn_program *program, const void *input, void *output, int32_t time_steps);

#ifdef __cplusplus
}
#endif

#endif
