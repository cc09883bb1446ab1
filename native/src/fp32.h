/* Products of packed float32 weights (Kernels/IFp32Kernel.cs), of one matrix or of two with the same lanes, whose products continue the same sums.
 *
 * One vector: all lanes of a panel at once, two panels of 64 lanes together where 8 registers hold them. Several vectors: with 32 registers, four of
 * lanes by up to six vectors, since a tile that takes half the lanes of a row leaves the other half to a second pass through memory; with 16, two by six.
 * Two by up to eight where a panel is narrower. */
#ifndef FP32_H
#define FP32_H

#include "job.h"

typedef struct fp32_part {
    const float *panel;
    intptr_t columns;
    const float *x;
    intptr_t x_stride;
} fp32_part;

typedef struct fp32_work {
    fp32_part parts[2];
    int part_count;
    const float *init;
    intptr_t init_stride;
    float *y;
    intptr_t y_stride;
    int backwards;
} fp32_work;

typedef void fp32_tile_function(intptr_t width, const fp32_work *work);

#define VECTOR v8
#include "fp32_tile.h"
#undef VECTOR

#if WIDE_LANES == 16
#define VECTOR vf
#include "fp32_tile.h"
#undef VECTOR
#endif

#define WIDE_TILE(REGISTERS, VECTORS)                                                            \
    static void fp32_wide_##REGISTERS##x##VECTORS(intptr_t width, const fp32_work *work)         \
    {                                                                                            \
        JOIN(WIDE, fp32_tile)(REGISTERS, REGISTERS, VECTORS, width, work);                      \
    }
WIDE_TILE(2, 1)
WIDE_TILE(4, 1)
WIDE_TILE(2, 2)
WIDE_TILE(2, 3)
WIDE_TILE(4, 2)
WIDE_TILE(4, 3)
WIDE_TILE(2, 4)
WIDE_TILE(2, 5)
WIDE_TILE(2, 6)
#if WIDE_LANES == 16
WIDE_TILE(6, 1)
WIDE_TILE(2, 7)
WIDE_TILE(2, 8)
WIDE_TILE(4, 4)
WIDE_TILE(4, 5)
WIDE_TILE(4, 6)
#define FP32_VECTORS_2 8
#define FP32_VECTORS_4 6
#else
WIDE_TILE(8, 1)
WIDE_TILE(12, 1)
#define FP32_VECTORS_2 6
#define FP32_VECTORS_4 3
#endif
#undef WIDE_TILE

static fp32_tile_function *const fp32_wide_2[FP32_VECTORS_2 + 1] = {
    NULL,
    fp32_wide_2x1,
    fp32_wide_2x2,
    fp32_wide_2x3,
    fp32_wide_2x4,
    fp32_wide_2x5,
    fp32_wide_2x6,
#if WIDE_LANES == 16
    fp32_wide_2x7,
    fp32_wide_2x8,
#endif
};

static fp32_tile_function *const fp32_wide_4[FP32_VECTORS_4 + 1] = {
    NULL,
    fp32_wide_4x1,
    fp32_wide_4x2,
    fp32_wide_4x3,
#if WIDE_LANES == 16
    fp32_wide_4x4,
    fp32_wide_4x5,
    fp32_wide_4x6,
#endif
};

/* The same work from the panel at lane `start` on, there from a lane, and from a vector on. */
INLINE fp32_work fp32_at(const fp32_work *whole, intptr_t start, intptr_t lane, intptr_t vector)
{
    fp32_work part = *whole;
    for (int i = 0; i < 2; i++) {
        part.parts[i].panel += start * part.parts[i].columns + lane;
        part.parts[i].x += vector * part.parts[i].x_stride;
    }

    part.init += start + lane + vector * whole->init_stride;
    part.y += start + lane + vector * whole->y_stride;
    return part;
}

#if WIDE_LANES == 16
static void fp32_one_pair(const fp32_work *work) { vf_fp32_tile(8, 4, 1, 64, work); }
#endif

static void fp32_one_panel(int width, const fp32_work *work)
{
    switch (width / WIDE_LANES) {
#if WIDE_LANES == 16
    case 6: fp32_wide_6x1(width, work); break;
    case 1: vf_fp32_1x1(width, work); break;
#else
    case 12: fp32_wide_12x1(width, work); break;
    case 8: fp32_wide_8x1(width, work); break;
#endif
    case 4: fp32_wide_4x1(width, work); break;
    case 2: fp32_wide_2x1(width, work); break;
    default: v8_fp32_1x1(width, work); break;
    }
}

static void fp32_one(int lanes, const fp32_work *work)
{
    if (panel_width(lanes) == lanes) {
        fp32_one_panel(lanes, work);
        return;
    }

    for (int start = 0, width; start < lanes; start += width) {
        const fp32_work part = fp32_at(work, start, 0, 0);
        width = panel_width(lanes - start);
#if WIDE_LANES == 16
        if (is_pair(lanes - start)) {
            fp32_one_pair(&part);
            width = 128;
            continue;
        }
#endif
        fp32_one_panel(width, &part);
    }
}

/* The same lanes for any number of vectors, in tiles of nearly the same size. */
static void fp32_strip(fp32_tile_function *const *tiles, int most, int width, const fp32_work *work, int vectors)
{
    for (int done = 0, pass = (vectors + most - 1) / most; pass > 0; pass--) {
        const fp32_work part = fp32_at(work, 0, 0, done);
        const int tile = (vectors - done + pass - 1) / pass;
        tiles[tile](width, &part);
        done += tile;
    }
}

static void fp32_panel(int width, const fp32_work *work, int vectors)
{
    if (width == 8) {
        fp32_strip(v8_fp32_1, 8, width, work, vectors);
        return;
    }

#if WIDE_LANES == 16
    if (width == 16) {
        fp32_strip(vf_fp32_1, 8, width, work, vectors);
        return;
    }
#endif

    for (int lane = 0, lanes; lane < width; lane += lanes) {
        const fp32_work part = fp32_at(work, 0, lane, 0);
        const int is_wide = width - lane >= 4 * WIDE_LANES && (WIDE_LANES == 16 || vectors <= FP32_VECTORS_4);
        lanes = (is_wide ? 4 : 2) * WIDE_LANES;
        fp32_strip(is_wide ? fp32_wide_4 : fp32_wide_2, is_wide ? FP32_VECTORS_4 : FP32_VECTORS_2, width, &part, vectors);
    }
}

/* Panels outside, vectors inside: a panel is read from memory once. */
static void fp32_multiply(int lanes, const fp32_work *work, int vectors)
{
    if (vectors == 1 && !work->backwards) {
        fp32_one(lanes, work);
        return;
    }

    if (vectors == 1) {
        const intptr_t columns = work->parts[0].columns + (work->part_count == 2 ? work->parts[1].columns : 0);
        const walk blocks = walk_of(lanes, columns * (intptr_t)sizeof(float));
        for (int block = blocks.blocks; block >= 0; block--) {
            const fp32_work part = fp32_at(work, block * blocks.size, 0, 0);
            fp32_one(walk_lanes(&blocks, block), &part);
        }

        return;
    }

    for (int start = 0, width; start < lanes; start += width) {
        const fp32_work part = fp32_at(work, start, 0, 0);
        width = panel_width(lanes - start);
        fp32_panel(width, &part, vectors);
    }
}

INLINE fp32_part fp32_part_of(const rnn_matrix *matrix, const float *x, intptr_t x_stride)
{
    const fp32_part part = {(const float *)matrix->data, matrix->columns, x, x_stride};
    return part;
}

#endif
