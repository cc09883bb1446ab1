/* Operations on the elements of frames: functions, rows, copies, tables. */

#include "steps.h"

static void run_block(const context *c, const rnn_elementwise *step, int32_t length)
{
    float *const *slots = step->slots;
    for (int32_t i = 0; i < step->operation_count; i++) {
        const rnn_element_operation *o = &step->operations[i];
        const int32_t count = o->result_is_scalar ? 1 : length;
        float *result = slots[o->result];
        switch (o->operands) {
        case 1: c->kernels->unary(o->function, o->alpha, o->beta, slots[o->first], result, count); break;
        case 2:
            c->kernels->binary(o->function, slots[o->first], o->first_is_scalar && count > 1, slots[o->second], o->second_is_scalar && count > 1,
                               result, count);
            break;
        default: c->kernels->select(slots[o->first], slots[o->second], slots[o->third], result, count); break;
        }
    }
}

void step_elementwise(const context *c, const rnn_elementwise *step)
{
    float **slots = step->slots;
    float **registers = slots + step->input_count;
    for (int32_t i = 0; i < step->register_count; i++) {
        registers[i] = step->registers + (intptr_t)i * step->block_length;
    }

    /* A single operation needs no registers and may take the row at once. */
    const int32_t block = step->register_count == 0 ? step->row_length : step->block_length;
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        float *output = frame_of(c, &step->y, frame);
        for (int32_t row = 0; row < step->rows; row++) {
            for (int32_t i = 0; i < step->input_count; i++) {
                slots[i] = frame_of(c, &step->inputs[i].buffer, frame) + step->inputs[i].row_offsets[row];
            }

            for (int32_t done = 0; done < step->row_length; done += block) {
                const int32_t length = step->row_length - done < block ? step->row_length - done : block;
                registers[step->register_count] = output;
                run_block(c, step, length);
                output += length;
                for (int32_t i = 0; i < step->input_count; i++) {
                    slots[i] += step->inputs[i].is_scalar ? 0 : length;
                }
            }
        }
    }
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Kernels/RowWidening.cs derives it. */
static float float_of_half(uint16_t half)
{
    const uint32_t least = 113u << 23;
    const uint32_t bits = (half & 0x7fffu) << 13;
    const uint32_t sign = (half & 0x8000u) << 16;
    float magnitude = float_of_bits(bits + (112u << 23));
    if ((half & 0x7c00u) == 0) {
        magnitude = float_of_bits(bits + least) - float_of_bits(least);
    }

    uint32_t result;
    memcpy(&result, &magnitude, sizeof result);
    return float_of_bits(result | sign);
}

static void widen_row(const rnn_embedding *step, intptr_t index, float *y)
{
    const intptr_t start = index * step->size;
    switch (step->format) {
    case RNN_INT8:
        for (int32_t i = 0; i < step->size; i++) {
            y[i] = (float)((const int8_t *)step->table)[start + i] * step->scales[index];
        }
        break;
    case RNN_BFLOAT16:
        for (int32_t i = 0; i < step->size; i++) {
            y[i] = float_of_bits((uint32_t)((const uint16_t *)step->table)[start + i] << 16);
        }
        break;
    case RNN_FLOAT16:
        for (int32_t i = 0; i < step->size; i++) {
            y[i] = float_of_half(((const uint16_t *)step->table)[start + i]);
        }
        break;
    default: copy_floats((const float *)step->table + start, y, step->size); break;
    }
}

void step_embedding(const context *c, const rnn_embedding *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        const int32_t *indices = (const int32_t *)frame_of(c, &step->indices, frame);
        float *output = frame_of(c, &step->y, frame);
        for (int32_t i = 0; i < step->index_count; i++, output += step->size) {
            widen_row(step, indices[i], output);
        }
    }
}

void step_softmax(const context *c, const rnn_rows *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        const float *x = frame_of(c, &step->x, frame);
        float *y = frame_of(c, &step->y, frame);
        for (int32_t start = 0; start < step->elements; start += step->length) {
            c->kernels->softmax(x + start, y + start, step->length, step->function);
        }
    }
}

void step_reduce(const context *c, const rnn_rows *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        c->kernels->reduce(step->function, frame_of(c, &step->x, frame), frame_of(c, &step->y, frame), step->elements / step->length, step->length);
    }
}

void step_layer_norm(const context *c, const rnn_rows *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        c->kernels->layer_norm(frame_of(c, &step->x, frame), frame_of(c, &step->y, frame), step->elements / step->length, step->length, step->scale,
                               step->bias, step->epsilon);
    }
}

/* What .NET makes of a number that int32 does not hold: the nearest one, and 0 of NaN. */
static int32_t saturated(float x)
{
    return x >= 2147483648.0f ? INT32_MAX : x >= -2147483648.0f ? (int32_t)x : x < 0 ? INT32_MIN : 0;
}

void step_cast(const context *c, const rnn_rows *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        const float *x = frame_of(c, &step->x, frame);
        float *y = frame_of(c, &step->y, frame);
        for (int32_t i = 0; i < step->elements; i++) {
            if (step->function) {
                int32_t value;
                memcpy(&value, x + i, sizeof value);
                y[i] = (float)value;
            } else {
                const int32_t value = saturated(x[i]);
                memcpy(y + i, &value, sizeof value);
            }
        }
    }
}

void step_copy(const context *c, const rnn_rows *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        copy_floats(frame_of(c, &step->x, frame), frame_of(c, &step->y, frame), step->elements);
    }
}

void step_flush(const context *c, const rnn_rows *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        c->kernels->unary(UNARY_FLUSH, 0.0f, 0.0f, frame_of(c, &step->x, frame), frame_of(c, &step->y, frame), step->elements);
    }
}

static void copy_row(const rnn_strided_copy *step, const float *source, float *target)
{
    if (step->stride == 1) {
        copy_floats(source, target, step->length);
        return;
    }

    for (intptr_t i = 0; i < step->length; i++) {
        target[i] = source[i * step->stride];
    }
}

/* target[row * length + i] = source[row + i * stride] */
static void transpose(const float *source, intptr_t stride, float *target, int32_t rows, int32_t length)
{
    enum { SQUARE = 8 };
    for (int32_t row = 0; row < rows; row += SQUARE) {
        const int32_t count = rows - row < SQUARE ? rows - row : SQUARE;
        for (intptr_t i = 0; i < length; i++) {
            for (intptr_t r = row; r < row + count; r++) {
                target[r * length + i] = source[r + i * stride];
            }
        }
    }
}

void step_strided_copy(const context *c, const rnn_strided_copy *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        const float *source = frame_of(c, &step->x, frame);
        float *target = frame_of(c, &step->y, frame);
        const int32_t run = step->run > 0 ? step->run : 1;
        for (int32_t row = 0; row < step->rows; row += run, target += (intptr_t)run * step->length) {
            if (run > 1) {
                transpose(source + step->offsets[row], step->stride, target, run, step->length);
            } else {
                copy_row(step, source + step->offsets[row], target);
            }
        }
    }
}

static void move_block(const context *c, const rnn_move *move, float fill, intptr_t frame, float *output)
{
    float *target = output + move->target_offset;
    if (move->source.start == NULL) {
        for (int32_t i = 0; i < move->length; i++) {
            target[i] = fill;
        }

        return;
    }

    const float *source = frame_of(c, &move->source, frame) + move->source_offset;
    for (intptr_t row = 0; row < move->rows; row++) {
        if (move->length == 1) {
            target[row * move->target_stride] = source[row * move->source_stride];
        } else {
            copy_floats(source + row * move->source_stride, target + row * move->target_stride, move->length);
        }
    }
}

void step_block_copy(const context *c, const rnn_block_copy *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        for (int32_t i = 0; i < step->move_count; i++) {
            move_block(c, &step->moves[i], step->fill, frame, frame_of(c, &step->y, frame));
        }
    }
}

void step_gather(const context *c, const rnn_gather *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        const float *table = frame_of(c, &step->data, frame);
        const int32_t *indices = (const int32_t *)frame_of(c, &step->indices, frame);
        float *output = frame_of(c, &step->y, frame);
        for (int32_t block = 0; block < step->outer; block++, table += (intptr_t)step->count * step->inner) {
            for (int32_t i = 0; i < step->index_count; i++, output += step->inner) {
                copy_floats(table + (intptr_t)indices[i] * step->inner, output, step->inner);
            }
        }
    }
}

void step_compare(const context *c, const rnn_compare *step)
{
    for (intptr_t frame = 0; frame < c->vectors; frame++) {
        float *output = frame_of(c, &step->y, frame);
        for (int32_t row = 0; row < step->rows; row++, output += step->row_length) {
            const int32_t *left = (const int32_t *)frame_of(c, &step->left, frame) + step->left_offsets[row];
            const int32_t *right = (const int32_t *)frame_of(c, &step->right, frame) + step->right_offsets[row];
            for (intptr_t i = 0; i < step->row_length; i++) {
                const int32_t a = left[i * step->left_stride], b = right[i * step->right_stride];
                const int holds = step->function == BINARY_EQUAL ? a == b : step->function == BINARY_LESS ? a < b : a > b;
                output[i] = holds ? 1.0f : 0.0f;
            }
        }
    }
}
