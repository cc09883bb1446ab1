/* Products of packed int8 weights with int8 vectors, exact in int32 (Kernels/IInt8Kernel.cs).
 *
 * VNNI adds four products a lane in one instruction; without it, three do. One vector: a panel's lanes at once, two panels of 64 lanes together.
 * Several vectors: with 32 registers, four of lanes by up to six vectors, or four without VNNI, whose operands take more of them; two by up to eight, or four
 * with 16 registers, where a panel is narrower. */
#ifndef INT8_H
#define INT8_H

#include "job.h"
#include "quantize.h"

typedef struct int8_work {
    const int8_t *quantized;
    intptr_t stride;
    intptr_t quads;
    const float *scales;
    const float *row_scales;
    job to;
} int8_work;

typedef void int8_tile_function(const int8_t *panel, intptr_t width, const int8_work *work);

#include "int8_lanes8.h"

#define VECTOR v8
#include "int8_tile.h"
#undef VECTOR

#if WIDE_LANES == 16
#include "int8_lanes16.h"

#define VECTOR vf
#include "int8_tile.h"
#undef VECTOR
#endif

#if WIDE_LANES == 16
#define INT8_VECTORS_2 8
#define INT8_VECTORS_4 (RNN_HAS_AVX512VNNI ? 6 : 4)
#else
#define INT8_VECTORS_2 4
#endif

#define WIDE_TILE(REGISTERS, VECTORS)                                                                          \
    static void int8_wide_##REGISTERS##x##VECTORS(const int8_t *panel, intptr_t width, const int8_work *work)  \
    {                                                                                                          \
        JOIN(WIDE, int8_tile)(REGISTERS, REGISTERS, VECTORS, panel, panel, width, work);                      \
    }
WIDE_TILE(2, 1)
WIDE_TILE(4, 1)
WIDE_TILE(2, 2)
WIDE_TILE(2, 3)
WIDE_TILE(2, 4)
#if WIDE_LANES == 16
WIDE_TILE(6, 1)
WIDE_TILE(2, 5)
WIDE_TILE(2, 6)
WIDE_TILE(2, 7)
WIDE_TILE(2, 8)
WIDE_TILE(4, 2)
WIDE_TILE(4, 3)
WIDE_TILE(4, 4)
WIDE_TILE(4, 5)
WIDE_TILE(4, 6)
#else
WIDE_TILE(8, 1)
#endif
#undef WIDE_TILE

static int8_tile_function *const int8_wide_2[INT8_VECTORS_2 + 1] = {
    NULL,
    int8_wide_2x1,
    int8_wide_2x2,
    int8_wide_2x3,
    int8_wide_2x4,
#if WIDE_LANES == 16
    int8_wide_2x5,
    int8_wide_2x6,
    int8_wide_2x7,
    int8_wide_2x8,
#endif
};

#if WIDE_LANES == 16
static int8_tile_function *const int8_wide_4[7] = {
    NULL, int8_wide_4x1, int8_wide_4x2, int8_wide_4x3, int8_wide_4x4, int8_wide_4x5, int8_wide_4x6,
};
#endif

INLINE int8_work int8_at(const int8_work *whole, intptr_t lane, intptr_t vector)
{
    int8_work part = *whole;
    part.quantized += vector * whole->stride;
    part.scales += vector;
    part.row_scales += lane;
    part.to = job_at(&whole->to, lane, vector);
    return part;
}

static void int8_one_panel(const int8_t *panel, int width, const int8_work *work)
{
    switch (width / WIDE_LANES) {
#if WIDE_LANES == 16
    case 6: int8_wide_6x1(panel, width, work); break;
    case 1: vf_int8_1x1(panel, width, work); break;
#else
    case 12: {
        const int8_work part = int8_at(work, 64, 0);
        int8_wide_8x1(panel, width, work);
        int8_wide_4x1(panel + 64 * 4, width, &part);
        break;
    }
    case 8: int8_wide_8x1(panel, width, work); break;
#endif
    case 4: int8_wide_4x1(panel, width, work); break;
    case 2: int8_wide_2x1(panel, width, work); break;
    default: v8_int8_1x1(panel, width, work); break;
    }
}

#if WIDE_LANES == 16
static void int8_one_pair(const int8_t *panel, const int8_t *next, const int8_work *work)
{
    vf_int8_tile(8, 4, 1, panel, next, 64, work);
}
#endif

static void int8_one(const int8_t *panels, int lanes, const int8_work *work)
{
    for (int start = 0, width; start < lanes; start += width) {
        const int8_work part = int8_at(work, start, 0);
        const int8_t *panel = panels + start * work->quads * 4;
        width = panel_width(lanes - start);
#if WIDE_LANES == 16
        if (is_pair(lanes - start)) {
            int8_one_pair(panel, panel + 64 * work->quads * 4, &part);
            width = 128;
            continue;
        }
#endif
        int8_one_panel(panel, width, &part);
    }
}

/* The same lanes for any number of vectors, in tiles of nearly the same size. */
static void int8_strip(int8_tile_function *const *tiles, int most, const int8_t *panel, int width, const int8_work *work, int vectors)
{
    for (int done = 0, pass = (vectors + most - 1) / most; pass > 0; pass--) {
        const int8_work part = int8_at(work, 0, done);
        const int tile = (vectors - done + pass - 1) / pass;
        tiles[tile](panel, width, &part);
        done += tile;
    }
}

static void int8_panel(const int8_t *panel, int width, const int8_work *work, int vectors)
{
    if (width == 8) {
        int8_strip(v8_int8_1, 8, panel, width, work, vectors);
        return;
    }

#if WIDE_LANES == 16
    if (width == 16) {
        int8_strip(vf_int8_1, 8, panel, width, work, vectors);
        return;
    }
#endif

    for (int lane = 0, lanes; lane < width; lane += lanes) {
        const int8_work part = int8_at(work, lane, 0);
        lanes = 2 * WIDE_LANES;
#if WIDE_LANES == 16
        if (width - lane >= 64) {
            lanes = 64;
            int8_strip(int8_wide_4, INT8_VECTORS_4, panel + lane * 4, width, &part, vectors);
            continue;
        }
#endif
        int8_strip(int8_wide_2, INT8_VECTORS_2, panel + lane * 4, width, &part, vectors);
    }
}

static void int8_multiply(const rnn_matrix *matrix, const job *to, int vectors, const rnn_scratch *scratch)
{
    const intptr_t stored = stored_columns(matrix->columns);
    for (int i = 0; i < vectors; i++) {
        int8_t *quantized = scratch->quantized + i * scratch->stride;
        scratch->scales[i] = quantize_vector(matrix, to->x + i * to->x_stride, scratch->multiplied, quantized);
        arrange_quantized(quantized, stored);
    }

    const int8_t *panels = (const int8_t *)matrix->data;
    const int8_work work = {scratch->quantized, scratch->stride, stored / 4, scratch->scales, matrix->row_scales, *to};
    if (vectors == 1) {
        if (!to->backwards) {
            int8_one(panels, matrix->lanes, &work);
            return;
        }

        const walk blocks = walk_of(matrix->lanes, stored);
        for (int block = blocks.blocks; block >= 0; block--) {
            const intptr_t start = (intptr_t)block * blocks.size;
            const int8_work part = int8_at(&work, start, 0);
            int8_one(panels + start * stored, walk_lanes(&blocks, block), &part);
        }

        return;
    }

    for (int start = 0, width; start < matrix->lanes; start += width) {
        const int8_work part = int8_at(&work, start, 0);
        width = panel_width(matrix->lanes - start);
        int8_panel(panels + start * stored, width, &part, vectors);
    }
}

#endif
