/* Convolutions over whole tensors: products with windows that lie in the input, in a padded copy or are gathered, and depthwise sums. */

#include "steps.h"

enum { AXES = 4, INNER = AXES - 1 };

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

/* Up to a block of windows of one frame to as many rows of its output. */
static void multiply_windows(const context *c, const rnn_convolution *step, int32_t group, const float *windows, intptr_t window_stride, float *output,
                             int32_t count)
{
    const rnn_matrix *matrix = &step->matrices[group];
    if (step->rows == NULL) {
        c->kernels->multiply(matrix, windows, window_stride, step->biases[group], 0, output, step->filters, count, &step->scratch);
        return;
    }

    c->kernels->multiply(matrix, windows, window_stride, step->biases[group], 0, step->rows, matrix->lanes, count, &step->scratch);
    for (intptr_t row = 0; row < count; row++) {
        copy_floats(step->rows + row * matrix->lanes, output + row * step->filters, step->group_filters);
    }
}

static void multiply_row(const context *c, const rnn_convolution *step, const float *windows, float *output)
{
    for (int32_t position = 0, count; position < step->positions; position += count) {
        count = least(step->block, step->positions - position);
        for (int32_t group = 0; group < step->groups; group++) {
            multiply_windows(c, step, group, windows + position * step->window_stride + (intptr_t)group * step->group_channels, step->window_stride,
                             output + (intptr_t)position * step->filters + (intptr_t)group * step->group_filters, count);
        }
    }
}

/* Once through the weights for all frames, a window at a time. */
static void multiply_together(const context *c, const rnn_convolution *step)
{
    const int is_padded = step->padded.start != NULL;
    for (intptr_t row = 0; row < step->row_count; row++) {
        const float *windows = is_padded ? step->padded.start + row * step->padded_row : frames_of(c, &step->x) + step->row_offsets[row];
        for (intptr_t position = 0; position < step->positions; position++) {
            for (intptr_t group = 0; group < step->groups; group++) {
                float *output = frames_of(c, &step->y) + (row * step->positions + position) * step->filters + group * step->group_filters;
                c->kernels->multiply(&step->matrices[group], windows + position * step->window_stride + group * step->group_channels,
                                     is_padded ? step->padded.stride : step->x.stride, step->biases[group], 0, output, step->y.stride, c->vectors,
                                     &step->scratch);
            }
        }
    }
}

/* A row with zeros where windows reach beyond it. */
static void write_padded(const rnn_convolution *step, const float *source, float *result)
{
    clear_floats(result, step->padding_before);
    copy_floats(source + step->padding_skipped, result + step->padding_before, step->padding_copied);
    clear_floats(result + step->padding_before + step->padding_copied, step->padding_after);
}

static void convolve_contiguous(const context *c, const rnn_convolution *step)
{
    const int is_padded = step->padded.start != NULL;
    const int together = step->across_frames && c->vectors >= (intptr_t)step->row_count * step->positions;
    for (intptr_t frame = 0; frame < c->vectors && (is_padded || !together); frame++) {
        const float *input = frame_of(c, &step->x, frame);
        float *output = frame_of(c, &step->y, frame);
        for (intptr_t row = 0; row < step->row_count; row++) {
            const float *windows = input + step->row_offsets[row];
            if (is_padded) {
                float *copy = step->padded.start + row * step->padded_row + (together ? frame * step->padded.stride : 0);
                write_padded(step, windows, copy);
                windows = copy;
            }

            if (!together) {
                multiply_row(c, step, windows, output + row * step->positions * step->filters);
            }
        }
    }

    if (together) {
        multiply_together(c, step);
    }
}

/* Where one window lies: WindowReader. */
typedef struct window {
    const rnn_axis *axes;
    int64_t starts[AXES];
    int32_t first_tap; /* of the inner axis, those outside padding */
    int32_t end_tap;
} window;

static window window_at(const rnn_axis *axes, int32_t position)
{
    window w = {.axes = axes};
    for (int axis = INNER; axis >= 0; axis--) {
        w.starts[axis] = axes[axis].start + (int64_t)(axis == 0 ? position : position % axes[axis].output) * axes[axis].stride;
        position /= axes[axis].output;
    }

    const rnn_axis *inner = &axes[INNER];
    const int64_t start = w.starts[INNER], left = inner->length - start;
    const int64_t first = start >= 0 ? 0 : (-start + inner->dilation - 1) / inner->dilation;
    const int64_t end = left <= 0 ? 0 : (left + inner->dilation - 1) / inner->dilation;
    w.first_tap = (int32_t)(first < inner->kernel ? first : inner->kernel);
    w.end_tap = (int32_t)(end < w.first_tap ? w.first_tap : end > inner->kernel ? inner->kernel : end);
    return w;
}

/* Where the inner axis starts under these taps of the outer axes; false where all of it is padding. */
static int row_of(const window *w, int32_t i, int32_t j, int32_t k, intptr_t *offset)
{
    const int32_t taps[INNER] = {i, j, k};
    int is_inside = w->first_tap < w->end_tap;
    *offset = 0;
    for (int axis = 0; axis < INNER; axis++) {
        const int64_t at = w->starts[axis] + (int64_t)taps[axis] * w->axes[axis].dilation;
        *offset += (intptr_t)at * w->axes[axis].element_stride;
        is_inside = is_inside && at >= 0 && at < w->axes[axis].length;
    }

    return is_inside;
}

static void gather_row(const window *w, int32_t channels, const float *row, float *result)
{
    const rnn_axis *inner = &w->axes[INNER];
    clear_floats(result, (intptr_t)w->first_tap * channels);
    const float *source = row + (intptr_t)(w->starts[INNER] + (int64_t)w->first_tap * inner->dilation) * inner->element_stride;
    const intptr_t step = inner->dilation * inner->element_stride;
    float *target = result + (intptr_t)w->first_tap * channels;
    if (step == channels) {
        copy_floats(source, target, (intptr_t)(w->end_tap - w->first_tap) * channels);
    } else {
        for (int32_t tap = w->first_tap; tap < w->end_tap; tap++, source += step, target += channels) {
            copy_floats(source, target, channels);
        }
    }

    clear_floats(result + (intptr_t)w->end_tap * channels, (intptr_t)(inner->kernel - w->end_tap) * channels);
}

static void gather_window(const window *w, int32_t channels, const float *input, float *result)
{
    const rnn_axis *axes = w->axes;
    const intptr_t length = (intptr_t)axes[INNER].kernel * channels;
    for (int32_t i = 0; i < axes[0].kernel; i++) {
        for (int32_t j = 0; j < axes[1].kernel; j++) {
            for (int32_t k = 0; k < axes[2].kernel; k++, result += length) {
                intptr_t offset;
                if (row_of(w, i, j, k, &offset)) {
                    gather_row(w, channels, input + offset, result);
                } else {
                    clear_floats(result, length);
                }
            }
        }
    }
}

static void convolve_gathered(const context *c, const rnn_convolution *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        const float *input = frame_of(c, &step->x, frame);
        float *output = frame_of(c, &step->y, frame);
        for (int32_t position = 0, count; position < step->positions; position += count) {
            count = least(step->block, step->positions - position);
            for (intptr_t group = 0; group < step->groups; group++) {
                for (int32_t i = 0; i < count; i++) {
                    const window w = window_at(step->axes, position + i);
                    gather_window(&w, step->group_channels, input + group * step->group_channels, step->columns + (intptr_t)i * step->window_columns);
                }

                multiply_windows(c, step, (int32_t)group, step->columns, step->window_columns,
                                 output + (intptr_t)position * step->filters + group * step->group_filters, count);
            }
        }
    }
}

void step_convolution(const context *c, const rnn_convolution *step)
{
    if (step->columns == NULL) {
        convolve_contiguous(c, step);
    } else {
        convolve_gathered(c, step);
    }
}

/* output = bias + the sum over the window's taps of [tap][channel] weights times inputs */
static void sum_taps(const context *c, const rnn_depthwise *step, const window *w, const float *input, float *output)
{
    const rnn_axis *axes = w->axes;
    const intptr_t channels = step->channels, inner = (intptr_t)axes[INNER].kernel * channels;
    const float *weights = step->weights, *init = step->bias;
    for (int32_t i = 0; i < axes[0].kernel; i++) {
        for (int32_t j = 0; j < axes[1].kernel; j++) {
            for (int32_t k = 0; k < axes[2].kernel; k++, weights += inner) {
                intptr_t offset;
                if (row_of(w, i, j, k, &offset)) {
                    const intptr_t first = (intptr_t)(w->starts[INNER] + (int64_t)w->first_tap * axes[INNER].dilation);
                    c->kernels->multiply_add(weights + w->first_tap * channels, channels, input + offset + first * channels,
                                             axes[INNER].dilation * channels, w->end_tap - w->first_tap, init, output, step->channels);
                    init = output;
                }
            }
        }
    }

    if (init == step->bias) {
        copy_floats(step->bias, output, channels);
    }
}

void step_depthwise(const context *c, const rnn_depthwise *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        const float *input = frame_of(c, &step->x, frame);
        float *output = frame_of(c, &step->y, frame);
        for (int32_t position = 0; position < step->positions; position++, output += step->channels) {
            const window w = window_at(step->axes, position);
            sum_taps(c, step, &w, input, output);
        }
    }
}
