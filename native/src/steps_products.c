/* Operations that are products: linear layers, convolutions, matrices. */

#include "steps.h"

void step_linear(const context *c, const rnn_linear *step)
{
    const rnn_matrix *matrix = &step->matrix;
    if (step->rows_per_frame == 1) {
        c->kernels->multiply(matrix, frames_of(c, &step->x), step->x.stride, step->bias, 0, frames_of(c, &step->y), step->y.stride, c->vectors,
                             &step->scratch);
        return;
    }

    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        const float *input = frame_of(c, &step->x, frame);
        float *output = frame_of(c, &step->y, frame);
        if (step->lanes == NULL) {
            c->kernels->multiply(matrix, input, matrix->columns, step->bias, 0, output, step->outputs, step->rows_per_frame, &step->scratch);
            continue;
        }

        c->kernels->multiply(matrix, input, matrix->columns, step->bias, 0, step->lanes, matrix->lanes, step->rows_per_frame, &step->scratch);
        for (intptr_t row = 0; row < step->rows_per_frame; row++) {
            copy_floats(step->lanes + row * matrix->lanes, output + row * step->outputs, step->outputs);
        }
    }
}

/* The entry of age steps ago, 1 to length. */
static float *ring_entry(const rnn_ring *ring, intptr_t stream, intptr_t age)
{
    const intptr_t index = *ring->position + ring->length - age;
    return ring->data + stream * ring->stride + (index >= ring->length ? index - ring->length : index) * ring->width;
}

static void ring_push(const context *c, const rnn_ring *ring, intptr_t stream, const float *entry)
{
    c->kernels->unary(UNARY_FLUSH, 0.0f, 0.0f, entry, ring_entry(ring, stream, ring->length), ring->width);
}

static void ring_advance(const rnn_ring *ring) { *ring->position = *ring->position + 1 == ring->length ? 0 : *ring->position + 1; }

/* Between a ring and the frames of time step t, oldest entry first. */
static void ring_exchange(const context *c, const rnn_ring *ring, const rnn_buffer *history, int32_t t, int into_ring)
{
    for (intptr_t b = 0; history->start != NULL && ring->data != NULL && b < c->streams; b++) {
        float *entries = frame_of(c, history, (intptr_t)t * c->streams + b);
        for (int32_t i = 0; i < ring->length; i++, entries += ring->width) {
            float *own = ring_entry(ring, b, ring->length - i);
            if (into_ring) {
                copy_floats(entries, own, ring->width);
            } else {
                copy_floats(own, entries, ring->width);
            }
        }
    }
}

static void gather_taps(const context *c, const rnn_ring_step *step, intptr_t stream, intptr_t frame)
{
    const float *input = frame_of(c, &step->x, frame);
    float *row = step->taps.start + frame * step->taps.stride;
    for (int32_t tap = 0; tap < step->kernel_size - 1; tap++, row += step->channels) {
        copy_floats(ring_entry(&step->ring, stream, (intptr_t)(step->kernel_size - 1 - tap) * step->dilation), row, step->channels);
    }

    copy_floats(input, row, step->channels);
    if (step->ring.data != NULL) {
        ring_push(c, &step->ring, stream, input);
    }
}

static void delay_frame(const context *c, const rnn_ring_step *step, intptr_t stream, intptr_t frame)
{
    copy_floats(ring_entry(&step->ring, stream, step->ring.length), frame_of(c, &step->y, frame), step->ring.width);
    ring_push(c, &step->ring, stream, frame_of(c, &step->x, frame));
}

static void run_ring(const context *c, const rnn_ring_step *step, void (*run_frame)(const context *, const rnn_ring_step *, intptr_t, intptr_t))
{
    for (int32_t t = 0; t < c->time_steps; t++) {
        ring_exchange(c, &step->ring, &step->history_input, t, 1);
        for (intptr_t b = 0; b < c->streams; b++) {
            run_frame(c, step, b, (intptr_t)t * c->streams + b);
        }

        if (step->ring.data != NULL) {
            ring_advance(&step->ring);
        }

        ring_exchange(c, &step->ring, &step->history_output, t, 0);
    }
}

void step_causal_convolution(const context *c, const rnn_ring_step *step)
{
    run_ring(c, step, gather_taps);
    c->kernels->multiply(&step->matrix, step->taps.start, step->taps.stride, step->bias, 0, frames_of(c, &step->y), step->y.stride, c->vectors,
                         &step->scratch);
}

void step_delay(const context *c, const rnn_ring_step *step) { run_ring(c, step, delay_frame); }

/* The right matrix as panels: its rows are the columns of a packed matrix. */
static void pack(const rnn_matmul *step, int32_t width, const float *source, float *target)
{
    for (int32_t start = 0, panel; start < width; start += panel) {
        const int32_t remaining = width - start;
        panel = remaining == 96 ? 96 : remaining >= 64 ? 64 : remaining >= 32 ? 32 : remaining >= 16 ? 16 : 8;
        const int32_t present = step->n - start < panel ? step->n - start : panel;
        for (intptr_t column = 0; column < step->k; column++, target += panel) {
            copy_floats(source + column * step->n + start, target, present);
            clear_floats(target + present, panel - present);
        }
    }
}

void step_matmul(const context *c, const rnn_matmul *step)
{
    const int32_t width = (step->n + 7) & ~7;
    const rnn_matrix matrix = {.data = (const uint8_t *)step->panels, .lanes = width, .columns = step->k, .format = RNN_FLOAT32};
    const rnn_scratch none = {0};
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        const float *left = frame_of(c, &step->left, frame), *right = frame_of(c, &step->right, frame);
        float *output = frame_of(c, &step->y, frame);
        for (intptr_t pair = 0; pair < step->pair_count; pair++) {
            pack(step, width, right + step->pairs[2 * pair + 1], step->panels);
            c->kernels->multiply(&matrix, left + step->pairs[2 * pair], step->k, step->zeros, 0, step->lanes, width, step->m, &none);
            for (intptr_t row = 0; row < step->m; row++, output += step->n) {
                copy_floats(step->lanes + row * width, output, step->n);
            }
        }
    }
}
