/* Products of packed float32 weights (Kernels/IFp32Kernel.cs).
 *
 * One vector: all lanes of a panel at once, two panels of 64 lanes together where 8 registers hold them. Several vectors: two registers of lanes
 * by as many vectors as there are accumulators for; four by two or three where there are no more vectors. */
#ifndef FP32_H
#define FP32_H

#include "job.h"

typedef void fp32_tile_function(const float *panel, intptr_t width, intptr_t columns, const job *work);

#define VECTOR v8
#include "fp32_tile.h"
#undef VECTOR

#if WIDE_LANES == 16
#define VECTOR vf
#include "fp32_tile.h"
#undef VECTOR
#endif

#if RNN_SET >= RNN_AVX512
#define FP32_VECTORS 8
#else
#define FP32_VECTORS 6
#endif

#define WIDE_TILE(REGISTERS, VECTORS)                                                                                     \
    static void fp32_wide_##REGISTERS##x##VECTORS(const float *panel, intptr_t width, intptr_t columns, const job *work)  \
    {                                                                                                                     \
        JOIN(WIDE, fp32_tile)(REGISTERS, REGISTERS, VECTORS, panel, panel, width, columns, work);                        \
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
#else
WIDE_TILE(8, 1)
WIDE_TILE(12, 1)
#endif
#undef WIDE_TILE

static fp32_tile_function *const fp32_wide_2[FP32_VECTORS + 1] = {
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

#if WIDE_LANES == 16
static fp32_tile_function *const fp32_wide_4[7] = {
    NULL, fp32_wide_4x1, fp32_wide_4x2, fp32_wide_4x3, fp32_wide_4x4, fp32_wide_4x5, fp32_wide_4x6,
};

static void fp32_one_pair(const float *panel, const float *next, intptr_t columns, const job *work)
{
    vf_fp32_tile(8, 4, 1, panel, next, 64, columns, work);
}
#endif

static void fp32_one_panel(const float *panel, int width, intptr_t columns, const job *work)
{
    switch (width / WIDE_LANES) {
#if WIDE_LANES == 16
    case 6: fp32_wide_6x1(panel, width, columns, work); break;
    case 1: vf_fp32_1x1(panel, width, columns, work); break;
#else
    case 12: fp32_wide_12x1(panel, width, columns, work); break;
    case 8: fp32_wide_8x1(panel, width, columns, work); break;
#endif
    case 4: fp32_wide_4x1(panel, width, columns, work); break;
    case 2: fp32_wide_2x1(panel, width, columns, work); break;
    default: v8_fp32_1x1(panel, width, columns, work); break;
    }
}

static void fp32_one(const float *panels, int lanes, intptr_t columns, const job *work)
{
    for (int start = 0, width; start < lanes; start += width) {
        const job part = job_at(work, start, 0);
        const float *panel = panels + start * columns;
        width = panel_width(lanes - start);
#if WIDE_LANES == 16
        if (is_pair(lanes - start)) {
            fp32_one_pair(panel, panel + 64 * columns, columns, &part);
            width = 128;
            continue;
        }
#endif
        fp32_one_panel(panel, width, columns, &part);
    }
}

/* Lanes of one or two registers for any number of vectors. */
static void fp32_strip(fp32_tile_function *const *tiles, int most, const float *panel, int width, intptr_t columns, const job *work, int vectors)
{
    const int passes = (vectors + most - 1) / most;
    for (int done = 0, pass = passes; pass > 0; pass--) {
        const job part = job_at(work, 0, done);
        const int tile = (vectors - done + pass - 1) / pass;
        tiles[tile](panel, width, columns, &part);
        done += tile;
    }
}

static void fp32_panel(const float *panel, int width, intptr_t columns, const job *work, int vectors)
{
    if (width == 8) {
        fp32_strip(v8_fp32_1, 8, panel, width, columns, work, vectors);
        return;
    }

#if WIDE_LANES == 16
    if (width == 16) {
        fp32_strip(vf_fp32_1, 8, panel, width, columns, work, vectors);
        return;
    }
#endif

#if WIDE_LANES == 16
    if (width == 64) {
        fp32_strip(fp32_wide_4, 6, panel, width, columns, work, vectors);
        return;
    }
#endif

    const int single = vectors % FP32_VECTORS == 1;
    for (int lane = 0, lanes; lane < width; lane += lanes) {
        const job part = job_at(work, lane, 0);
        lanes = 2 * WIDE_LANES;
        if ((vectors == 2 || vectors == 3) && width - lane >= 4 * WIDE_LANES) {
            lanes = 4 * WIDE_LANES;
            (vectors == 2 ? fp32_wide_4x2 : fp32_wide_4x3)(panel + lane, width, columns, &part);
        } else {
            fp32_strip(fp32_wide_2, FP32_VECTORS, panel + lane, width, columns, &part, vectors - single);
        }
    }

    if (single) {
        const job part = job_at(work, 0, vectors - 1);
        fp32_one_panel(panel, width, columns, &part);
    }
}

/* Panels outside, vectors inside: a panel is read from memory once. */
static void fp32_multiply(const float *panels, int lanes, intptr_t columns, const job *work, int vectors)
{
    if (vectors == 1) {
        fp32_one(panels, lanes, columns, work);
        return;
    }

    for (int start = 0, width; start < lanes; start += width) {
        const job part = job_at(work, start, 0);
        width = panel_width(lanes - start);
        fp32_panel(panels + start * columns, width, columns, &part, vectors);
    }
}

#endif
