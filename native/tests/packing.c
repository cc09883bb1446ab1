#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int panel_width(int remaining)
{
    return remaining == 96 ? 96 : remaining >= 64 ? 64 : remaining >= 32 ? 32 : remaining >= 16 ? 16 : 8;
}

float widen_bfloat16(uint16_t bits)
{
    const uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

float widen_float16(uint16_t bits)
{
    const int exponent = bits >> 10 & 31;
    const float fraction = (float)(bits & 0x3ff);
    const float magnitude = exponent == 0 ? ldexpf(fraction, -24) : ldexpf(fraction + 1024.0f, exponent - 25);
    return bits & 0x8000 ? -magnitude : magnitude;
}

/* Towards zero, which is as good as any for weights of tests. */
static uint16_t narrow_bfloat16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)(bits >> 16);
}

static uint16_t narrow_float16(float value)
{
    const uint16_t sign = signbit(value) ? 0x8000 : 0;
    const float magnitude = fabsf(value);
    if (magnitude < 0x1p-14f) {
        return (uint16_t)(sign | (uint16_t)(magnitude * 0x1p24f));
    }

    int exponent;
    const float fraction = frexpf(magnitude, &exponent);
    return (uint16_t)(sign | (exponent + 14) << 10 | ((int)(fraction * 2048.0f) & 0x3ff));
}

void round_weights(int format, float *weights, int count)
{
    for (int i = 0; i < count; i++) {
        switch (format) {
        case RNN_BFLOAT16: weights[i] = widen_bfloat16(narrow_bfloat16(weights[i])); break;
        case RNN_FLOAT16: weights[i] = widen_float16(narrow_float16(weights[i])); break;
        case RNN_INT8: weights[i] = rintf(weights[i] * 127.0f); break;
        default: break;
        }
    }
}

/* Float16Bits.ChooseExponent */
static int float16_exponent(const float *weights, int count)
{
    float largest = 0.0f;
    for (int i = 0; i < count; i++) {
        largest = fmaxf(largest, fabsf(weights[i]));
    }

    return largest == 0.0f ? 0 : 15 - ilogbf(largest);
}

static const float *row_scales(int lanes)
{
    float *scales = guarded((size_t)lanes * sizeof *scales);
    for (int lane = 0; lane < lanes; lane++) {
        scales[lane] = 0.001f + 0.0001f * (float)lane;
    }

    return scales;
}

rnn_matrix pack(int format, const float *weights, int lanes, int columns)
{
    static const int element_bytes[] = {4, 2, 2, 1};
    const int stored = format == RNN_INT8 ? (columns + 3) & ~3 : columns;
    const int exponent = format == RNN_FLOAT16 ? float16_exponent(weights, lanes * columns) : 0;
    uint8_t *data = guarded((size_t)lanes * (size_t)stored * (size_t)element_bytes[format]);
    memset(data, 0, (size_t)lanes * (size_t)stored * (size_t)element_bytes[format]);
    for (int start = 0, width; start < lanes; start += width) {
        width = panel_width(lanes - start);
        for (int lane = 0; lane < width; lane++) {
            for (int column = 0; column < columns; column++) {
                const float weight = weights[(start + lane) * columns + column];
                const int half_place = width == 8 ? lane : (lane & ~15) + lane % 8 * 2 + lane / 8 % 2;
                switch (format) {
                case RNN_INT8:
                    ((int8_t *)data)[start * stored + (column / 4 * width + lane) * 4 + column % 4] = (int8_t)weight;
                    break;
                case RNN_BFLOAT16:
                    ((uint16_t *)data)[start * columns + column * width + half_place] = narrow_bfloat16(weight);
                    break;
                case RNN_FLOAT16:
                    ((uint16_t *)data)[start * columns + column * width + half_place] = narrow_float16(ldexpf(weight, exponent));
                    break;
                default: ((float *)data)[start * columns + column * width + lane] = weight; break;
                }
            }
        }
    }

    rnn_matrix matrix = {0};
    matrix.data = data;
    matrix.lanes = lanes;
    matrix.columns = columns;
    matrix.format = format;
    matrix.factor = ldexpf(1.0f, 112 - exponent);
    matrix.row_scales = format == RNN_INT8 ? row_scales(lanes) : NULL;
    matrix.density = 1.0f;
    return matrix;
}

typedef struct sparse_builder {
    int format;
    const float *weights;
    int columns;
    const int32_t *kept_columns;
    int kept_column_count;
    const int32_t *kept_lanes;
    int kept_lane_count;
} sparse_builder;

static float weight_at(const sparse_builder *b, int lane, int column)
{
    return lane < b->kept_lane_count && column < b->kept_column_count ? b->weights[b->kept_lanes[lane] * b->columns + b->kept_columns[column]] : 0.0f;
}

static int is_zero_block(const sparse_builder *b, int row, int quad)
{
    for (int i = 0; i < 32; i++) {
        if (weight_at(b, row * 8 + i % 8, quad * 4 + i / 8) != 0.0f) {
            return 0;
        }
    }

    return 1;
}

static int is_zero_lane(const float *weights, int lane, int columns)
{
    for (int column = 0; column < columns; column++) {
        if (weights[lane * columns + column] != 0.0f) {
            return 0;
        }
    }

    return 1;
}

static int is_zero_column(const float *weights, int lanes, int columns, int column)
{
    for (int lane = 0; lane < lanes; lane++) {
        if (weights[lane * columns + column] != 0.0f) {
            return 0;
        }
    }

    return 1;
}

static void write_block(const sparse_builder *b, uint8_t *block, int row, int quad)
{
    for (int lane = 0; lane < 8; lane++) {
        for (int column = 0; column < 4; column++) {
            const float weight = weight_at(b, row * 8 + lane, quad * 4 + column);
            if (b->format == RNN_INT8) {
                ((int8_t *)block)[lane * 4 + column] = (int8_t)weight;
            } else {
                ((float *)block)[column * 8 + lane] = weight;
            }
        }
    }
}

rnn_matrix pack_sparse(int format, const float *weights, int lanes, int columns, int drop)
{
    int32_t *lane_map = guarded((size_t)lanes * sizeof *lane_map);
    int32_t *column_map = guarded((size_t)columns * sizeof *column_map);
    sparse_builder b = {format, weights, columns, column_map, 0, lane_map, 0};
    for (int lane = 0; lane < lanes; lane++) {
        if (!drop || !is_zero_lane(weights, lane, columns)) {
            lane_map[b.kept_lane_count++] = lane;
        }
    }

    for (int column = 0; column < columns; column++) {
        if (!drop || !is_zero_column(weights, lanes, columns, column)) {
            column_map[b.kept_column_count++] = column;
        }
    }

    const int quads = (b.kept_column_count + 3) / 4;
    const int rows = (b.kept_lane_count + 7) / 8;
    const size_t block_bytes = format == RNN_INT8 ? 32 : 128;
    uint8_t *blocks = calloc((size_t)(rows + 8) * (size_t)(quads + 1) * block_bytes, 1);
    uint16_t *indices = calloc((size_t)(rows + 8) * (size_t)(quads + 3), sizeof *indices);
    rnn_sparse_segment *segments = guarded((size_t)(rows + 1) * 2 * sizeof *segments);
    int32_t *queue = calloc((size_t)(quads + 1) * 8, sizeof *queue);
    int block = 0;
    int index = 0;
    int segment = 0;
    for (int first = 0, side; first < rows; first += side) {
        side = rows - first >= 8 ? 8 : rows - first >= 4 ? 4 : 1;
        int counts[8] = {0};
        int rounds = 0;
        for (int row = 0; row < side; row++) {
            for (int quad = 0; quad < quads; quad++) {
                if (!is_zero_block(&b, first + row, quad)) {
                    queue[row * (quads + 1) + counts[row]++] = quad;
                }
            }

            rounds = counts[row] > rounds ? counts[row] : rounds;
        }

        /* Two segments: a row may be continued in a later one. */
        const int halves[3] = {0, rounds / 2, rounds};
        for (int half = 0; half < 2; half++) {
            if (halves[half + 1] == halves[half]) {
                continue;
            }

            segments[segment++] = (rnn_sparse_segment){side, halves[half + 1] - halves[half]};
            for (int row = 0; row < side; row++) {
                indices[index++] = (uint16_t)(first + row);
            }

            for (int round = halves[half]; round < halves[half + 1]; round++) {
                for (int row = 0; row < side; row++) {
                    const int quad = round < counts[row] ? queue[row * (quads + 1) + round] : quads;
                    indices[index++] = (uint16_t)quad;
                    write_block(&b, blocks + (size_t)block++ * block_bytes, first + row, quad);
                }
            }
        }
    }

    uint8_t *guarded_blocks = guarded((size_t)block * block_bytes);
    uint16_t *guarded_indices = guarded((size_t)index * sizeof *indices);
    memcpy(guarded_blocks, blocks, (size_t)block * block_bytes);
    memcpy(guarded_indices, indices, (size_t)index * sizeof *indices);
    free(blocks);
    free(indices);
    free(queue);

    rnn_sparse_matrix *sparse = guarded(sizeof *sparse);
    *sparse = (rnn_sparse_matrix){
        segments,
        segment,
        guarded_blocks,
        guarded_indices,
        b.kept_column_count == columns ? NULL : column_map,
        b.kept_column_count,
        b.kept_lane_count == lanes ? NULL : lane_map,
        b.kept_lane_count,
        (intptr_t)block * (intptr_t)block_bytes,
    };
    rnn_matrix matrix = {0};
    matrix.lanes = lanes;
    matrix.columns = columns;
    matrix.format = format;
    matrix.row_scales = format == RNN_INT8 ? row_scales(lanes) : NULL;
    matrix.sparse = sparse;
    return matrix;
}
