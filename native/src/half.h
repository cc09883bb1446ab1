/* Products of packed 16-bit weights in float32 arithmetic (Kernels/IHalfKernel.cs), on weights widened exactly.
 *
 * Packed float16 weights are the weights times 2^k. The factor 2^-k goes to the input, once for all lanes, where one vector is multiplied and no
 * element of it becomes subnormal by that; otherwise to the weights, where it is exact for all. */
#ifndef HALF_H
#define HALF_H

#include "job.h"

enum { HALF_BFLOAT16, HALF_BY_INPUT, HALF_BY_WEIGHT };

#include "half_lanes8.h"

#define VECTOR v8
#include "half_tile.h"
#undef VECTOR

#if WIDE_LANES == 16
#include "half_lanes16.h"

#define VECTOR vf
#include "half_tile.h"
#undef VECTOR
#define HALF_VECTORS 8
#else
#define HALF_VECTORS 6
#endif

typedef void half_tile_function(const uint16_t *panel, intptr_t width, intptr_t columns, float factor, const job *work);

/* The functions of one format: a pair by vectors, and one vector by whole panels. */
typedef struct half_functions {
    half_tile_function *wide[HALF_VECTORS + 1];
    half_tile_function *sixteen[7];
    half_tile_function *eight[9];
    half_tile_function *one_96;
    half_tile_function *one_64;
    void (*one_pair)(const uint16_t *panel, const uint16_t *next, intptr_t columns, float factor, const job *work);
} half_functions;

INLINE void half_tile_8(const int format, const int vectors, const uint16_t *panel, intptr_t columns, float factor, const job *work)
{
    v8 sum[8];
    UNROLL for (int v = 0; v < vectors; v++) { sum[v] = v8_load(work->init + v * work->init_stride); }

    const v8 scale = v8_broadcast(factor);
    const float *x = work->x;
    const intptr_t x_stride = work->x_stride;
    for (const float *end = x + columns; x < end; x++, panel += 8) {
        v8 weights = v8_half_narrow(format, panel);
        if (format == HALF_BY_WEIGHT) {
            weights = v8_mul(weights, scale);
        }

        UNROLL for (int v = 0; v < vectors; v++) {
            const v8 value = v8_broadcast(x[v * x_stride]);
            sum[v] = v8_fma(weights, format == HALF_BY_INPUT ? v8_mul(value, scale) : value, sum[v]);
        }
    }

    UNROLL for (int v = 0; v < vectors; v++) { v8_store(work->y + v * work->y_stride, sum[v]); }
}

#define TILE(NAME, FORMAT, VECTOR, PAIRS, VECTORS)                                                                                  \
    static void NAME(const uint16_t *panel, intptr_t width, intptr_t columns, float factor, const job *work)                        \
    {                                                                                                                               \
        JOIN(VECTOR, half_tile)(FORMAT, PAIRS, PAIRS, VECTORS, panel, panel, width, columns, factor, work);                        \
    }
#define TILE_8(NAME, FORMAT, VECTORS)                                                                          \
    static void NAME(const uint16_t *panel, intptr_t width, intptr_t columns, float factor, const job *work)   \
    {                                                                                                          \
        (void)width;                                                                                           \
        half_tile_8(FORMAT, VECTORS, panel, columns, factor, work);                                            \
    }

#if WIDE_LANES == 16
#define WIDE_FUNCTIONS(NAME, FORMAT)                                                                                                          \
    TILE(NAME##_wide_1, FORMAT, vf, 1, 1)                                                                                                     \
    TILE(NAME##_wide_2, FORMAT, vf, 1, 2)                                                                                                     \
    TILE(NAME##_wide_3, FORMAT, vf, 1, 3)                                                                                                     \
    TILE(NAME##_wide_4, FORMAT, vf, 1, 4)                                                                                                     \
    TILE(NAME##_wide_5, FORMAT, vf, 1, 5)                                                                                                     \
    TILE(NAME##_wide_6, FORMAT, vf, 1, 6)                                                                                                     \
    TILE(NAME##_wide_7, FORMAT, vf, 1, 7)                                                                                                     \
    TILE(NAME##_wide_8, FORMAT, vf, 1, 8)                                                                                                     \
    TILE(NAME##_one_96, FORMAT, vf, 3, 1)                                                                                                     \
    TILE(NAME##_one_64, FORMAT, vf, 2, 1)                                                                                                     \
    static void NAME##_one_pair(const uint16_t *panel, const uint16_t *next, intptr_t columns, float factor, const job *work)                 \
    {                                                                                                                                         \
        vf_half_tile(FORMAT, 4, 2, 1, panel, next, 64, columns, factor, work);                                                                \
    }
#define WIDE_TABLE(NAME)                                                                                                                      \
    {                                                                                                                                         \
        NULL, NAME##_wide_1, NAME##_wide_2, NAME##_wide_3, NAME##_wide_4, NAME##_wide_5, NAME##_wide_6, NAME##_wide_7, NAME##_wide_8,         \
    }
#define ONE_PAIR(NAME) NAME##_one_pair
#else
#define WIDE_FUNCTIONS(NAME, FORMAT)      \
    TILE(NAME##_one_96, FORMAT, v8, 6, 1) \
    TILE(NAME##_one_64, FORMAT, v8, 4, 1)
#define WIDE_TABLE(NAME) SIXTEEN_TABLE(NAME)
#define ONE_PAIR(NAME) NULL
#endif

#define SIXTEEN_TABLE(NAME) {NULL, NAME##_16_1, NAME##_16_2, NAME##_16_3, NAME##_16_4, NAME##_16_5, NAME##_16_6}

#define HALF_FUNCTIONS(NAME, FORMAT)                                                                                                          \
    WIDE_FUNCTIONS(NAME, FORMAT)                                                                                                              \
    TILE(NAME##_16_1, FORMAT, v8, 1, 1)                                                                                                       \
    TILE(NAME##_16_2, FORMAT, v8, 1, 2)                                                                                                       \
    TILE(NAME##_16_3, FORMAT, v8, 1, 3)                                                                                                       \
    TILE(NAME##_16_4, FORMAT, v8, 1, 4)                                                                                                       \
    TILE(NAME##_16_5, FORMAT, v8, 1, 5)                                                                                                       \
    TILE(NAME##_16_6, FORMAT, v8, 1, 6)                                                                                                       \
    TILE_8(NAME##_8_1, FORMAT, 1)                                                                                                             \
    TILE_8(NAME##_8_2, FORMAT, 2)                                                                                                             \
    TILE_8(NAME##_8_3, FORMAT, 3)                                                                                                             \
    TILE_8(NAME##_8_4, FORMAT, 4)                                                                                                             \
    TILE_8(NAME##_8_5, FORMAT, 5)                                                                                                             \
    TILE_8(NAME##_8_6, FORMAT, 6)                                                                                                             \
    TILE_8(NAME##_8_7, FORMAT, 7)                                                                                                             \
    TILE_8(NAME##_8_8, FORMAT, 8)                                                                                                             \
    static const half_functions NAME = {                                                                                                      \
        WIDE_TABLE(NAME),                                                                                                                     \
        SIXTEEN_TABLE(NAME),                                                                                                                  \
        {NULL, NAME##_8_1, NAME##_8_2, NAME##_8_3, NAME##_8_4, NAME##_8_5, NAME##_8_6, NAME##_8_7, NAME##_8_8},                               \
        NAME##_one_96,                                                                                                                        \
        NAME##_one_64,                                                                                                                        \
        ONE_PAIR(NAME),                                                                                                                       \
    };

HALF_FUNCTIONS(half_bfloat16, HALF_BFLOAT16)
HALF_FUNCTIONS(half_by_input, HALF_BY_INPUT)
HALF_FUNCTIONS(half_by_weight, HALF_BY_WEIGHT)

#undef HALF_FUNCTIONS
#undef SIXTEEN_TABLE
#undef ONE_PAIR
#undef WIDE_TABLE
#undef WIDE_FUNCTIONS
#undef TILE_8
#undef TILE

static void half_one_panel(const half_functions *functions, const uint16_t *panel, int width, intptr_t columns, float factor, const job *work)
{
    half_tile_function *tile = width == 96 ? functions->one_96
        : width == 64                      ? functions->one_64
        : width == 8                       ? functions->eight[1]
                                           : functions->sixteen[1];
#if WIDE_LANES == 16
    if (width == 32) {
        functions->wide[1](panel, width, columns, factor, work);
        return;
    }
#else
    if (width == 32) {
        const job part = job_at(work, 16, 0);
        tile(panel + 16, width, columns, factor, &part);
    }
#endif
    tile(panel, width, columns, factor, work);
}

static void half_one(const half_functions *functions, const uint16_t *panels, int lanes, intptr_t columns, float factor, const job *work)
{
    for (int start = 0, width; start < lanes; start += width) {
        const job part = job_at(work, start, 0);
        const uint16_t *panel = panels + start * columns;
        width = panel_width(lanes - start);
        if (functions->one_pair != NULL && is_pair(lanes - start)) {
            functions->one_pair(panel, panel + 64 * columns, columns, factor, &part);
            width = 128;
        } else {
            half_one_panel(functions, panel, width, columns, factor, &part);
        }
    }
}

static void half_panel(const half_functions *functions, const uint16_t *panel, int width, intptr_t columns, float factor, const job *work,
                       int vectors)
{
    const int lanes = width == 8 ? 8 : width == 16 ? 16 : 2 * WIDE_LANES;
    half_tile_function *const *tiles = width == 8 ? functions->eight : width == 16 ? functions->sixteen : functions->wide;
    const int most = width == 8 ? 8 : width == 16 ? 6 : HALF_VECTORS;
    for (int lane = 0; lane < width; lane += lanes) {
        for (int done = 0, tile; done < vectors; done += tile) {
            const job part = job_at(work, lane, done);
            tile = vectors - done < most ? vectors - done : most;
            tiles[tile](panel + lane, width, columns, factor, &part);
        }
    }
}

/* Whether each element times a power of two keeps all its bits. */
static int scales_exactly(const float *x, intptr_t count, float factor, float inverse)
{
    intptr_t i = 0;
    const vf one = vf_broadcast(1.0f);
    vf exact = one;
    for (; i <= count - WIDTH; i += WIDTH) {
        const vf value = vf_load(x + i);
        const vf back = vf_mul(vf_mul(value, vf_broadcast(factor)), vf_broadcast(inverse));
        exact = vf_select_equal(back, value, exact, vf_broadcast(0.0f));
    }

    if (i < count) {
        const vf value = vf_load_part(x + i, (int)(count - i));
        const vf back = vf_mul(vf_mul(value, vf_broadcast(factor)), vf_broadcast(inverse));
        exact = vf_select_equal(back, value, exact, vf_broadcast(0.0f));
    }

    float lanes[WIDTH];
    vf_store(lanes, exact);
    for (int lane = 0; lane < WIDTH; lane++) {
        if (lanes[lane] == 0.0f) {
            return 0;
        }
    }

    return 1;
}

static void half_multiply(const rnn_matrix *matrix, const job *work, int vectors)
{
    const uint16_t *panels = (const uint16_t *)matrix->data;
    const intptr_t columns = matrix->columns;
    const half_functions *functions = &half_bfloat16;
    float factor = 1.0f;
    if (matrix->format == RNN_FLOAT16) {
        factor = matrix->factor * 0x1p-112f;
        functions = vectors == 1 && scales_exactly(work->x, columns, factor, 1.0f / factor) ? &half_by_input : &half_by_weight;
    }

    if (vectors == 1) {
        half_one(functions, panels, matrix->lanes, columns, factor, work);
        return;
    }

    for (int start = 0, width; start < matrix->lanes; start += width) {
        const job part = job_at(work, start, 0);
        width = panel_width(matrix->lanes - start);
        half_panel(functions, panels + start * columns, width, columns, factor, &part, vectors);
    }
}

#endif
