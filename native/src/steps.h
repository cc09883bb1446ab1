/* What the operations of a program share: which time steps they work on, and copies. */
#ifndef STEPS_H
#define STEPS_H

#include <stddef.h>
#include <string.h>

#include "functions_of_elements.h"
#include "rnn_program.h"

typedef struct context {
    const rnn_kernels *kernels;
    intptr_t first_time_step; /* within the chunk */
    int32_t time_steps;
    int32_t streams;
    int32_t vectors; /* time steps times streams */
} context;

static inline float *frames_of(const context *c, const rnn_buffer *buffer) { return buffer->start + c->first_time_step * buffer->time_stride; }

static inline float *frame_of(const context *c, const rnn_buffer *buffer, intptr_t frame) { return frames_of(c, buffer) + frame * buffer->stride; }

static inline float *frame_or_null(const context *c, const rnn_buffer *buffer, intptr_t frame)
{
    return buffer->start == NULL ? NULL : frame_of(c, buffer, frame);
}

/* Most rows are too short for a call of memcpy; source and target are apart or the same. */
static inline void copy_floats(const float *source, float *target, intptr_t count)
{
    if (count > 64) {
        memmove(target, source, (size_t)count * sizeof(float));
    } else if (count >= 8) {
        float last[8];
        memcpy(last, source + count - 8, sizeof last);
        for (intptr_t i = 0; i < count - 8; i += 8) {
            float eight[8];
            memcpy(eight, source + i, sizeof eight);
            memcpy(target + i, eight, sizeof eight);
        }

        memcpy(target + count - 8, last, sizeof last);
    } else if (count >= 4) {
        float first[4], last[4];
        memcpy(first, source, sizeof first);
        memcpy(last, source + count - 4, sizeof last);
        memcpy(target, first, sizeof first);
        memcpy(target + count - 4, last, sizeof last);
    } else {
        for (intptr_t i = 0; i < count; i++) {
            target[i] = source[i];
        }
    }
}

static inline void clear_floats(float *target, intptr_t count) { memset(target, 0, (size_t)count * sizeof(float)); }

void step_recurrent(const context *c, const rnn_recurrent *step);
void step_linear(const context *c, const rnn_linear *step);
void step_elementwise(const context *c, const rnn_elementwise *step);
void step_embedding(const context *c, const rnn_embedding *step);
void step_softmax(const context *c, const rnn_rows *step);
void step_reduce(const context *c, const rnn_rows *step);
void step_layer_norm(const context *c, const rnn_rows *step);
void step_cast(const context *c, const rnn_rows *step);
void step_copy(const context *c, const rnn_rows *step);
void step_flush(const context *c, const rnn_rows *step);
void step_strided_copy(const context *c, const rnn_strided_copy *step);
void step_block_copy(const context *c, const rnn_block_copy *step);
void step_gather(const context *c, const rnn_gather *step);
void step_compare(const context *c, const rnn_compare *step);
void step_causal_convolution(const context *c, const rnn_ring_step *step);
void step_delay(const context *c, const rnn_ring_step *step);
void step_convolution(const context *c, const rnn_convolution *step);
void step_depthwise(const context *c, const rnn_depthwise *step);
void step_matmul(const context *c, const rnn_matmul *step);
void step_sequence(const context *c, const rnn_sequence *step);
void step_general_sequence(const context *c, const rnn_general_sequence *step);

#endif
