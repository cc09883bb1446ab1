/* The input product of later steps, a slice at a time beside a recurrent product. The recurrent product of one vector waits for its weights, which come from
 * the second-level cache or farther, and leaves half of the multiply-adds idle; the product of a block of 8 input vectors waits for nothing.
 *
 * Registers: 8 sums of a pair of panels, 16 of a tile of 32 lanes by 8 vectors, its 2 registers of weights, 2 inputs. */
#ifndef FP32_AHEAD_H
#define FP32_AHEAD_H

#include "fp32.h"

enum { AHEAD_STEPS = 8, AHEAD_LANES = 32, COLUMNS_A_SLICE = 4 };

/* How far the product of a block of steps is: tiles of a panel before `lane`, and of the tile there the columns before `column`. */
typedef struct fp32_ahead {
    fp32_work work;
    int lanes;
    int start;
    int width;
    int lane;
    intptr_t column;
} fp32_ahead;

#if WIDE_LANES == 16

/* Recurrent weights that are walked in pairs of panels, and not so many that they come from memory: there a second stream of weights slows the first. */
INLINE int is_ahead_size(const rnn_matrix *recurrent)
{
    const intptr_t far_bytes = 8 << 20;
    return recurrent->columns >= 128 && recurrent->lanes * (intptr_t)recurrent->columns * (intptr_t)sizeof(float) <= far_bytes;
}

INLINE void ahead_begin(fp32_ahead *a, const fp32_work *work, int lanes)
{
    a->work = *work;
    a->lanes = lanes;
    a->start = 0;
    a->width = panel_width(lanes);
    a->lane = 0;
    a->column = 0;
}

INLINE int ahead_is_done(const fp32_ahead *a) { return a->start >= a->lanes; }

INLINE void ahead_next_lanes(fp32_ahead *a, int lanes)
{
    a->column = 0;
    a->lane += lanes;
    if (a->lane == a->width) {
        a->start += a->width;
        a->width = panel_width(a->lanes - a->start);
        a->lane = 0;
    }
}

/* The tile at hand, its sums so far in y. */
INLINE fp32_work ahead_tile(const fp32_ahead *a)
{
    fp32_work tile = fp32_at(&a->work, a->start, a->lane, 0);
    fp32_part *part = &tile.parts[0];
    part->panel += a->column * a->width;
    part->columns -= a->column;
    part->x += a->column;
    if (a->column > 0) {
        tile.init = tile.y;
        tile.init_stride = tile.y_stride;
    }

    return tile;
}

static void ahead_finish(fp32_ahead *a)
{
    while (!ahead_is_done(a)) {
        const fp32_work tile = ahead_tile(a);
        if (a->column == 0 && a->lane == 0) {
            fp32_panel(a->width, &tile, AHEAD_STEPS);
            ahead_next_lanes(a, a->width);
        } else {
            fp32_wide_2[AHEAD_STEPS](a->width, &tile);
            ahead_next_lanes(a, AHEAD_LANES);
        }
    }
}

/* Adds a column to the sums of two panels of 64 lanes. */
INLINE void add_pair_column(vf *sum, const float *panel, const float *next, float x)
{
    const vf value = vf_broadcast(x);
    UNROLL for (int r = 0; r < 4; r++) {
        sum[r] = vf_fma(vf_load(panel + r * 16), value, sum[r]);
        sum[r + 4] = vf_fma(vf_load(next + r * 16), value, sum[r + 4]);
    }
}

/* One vector by a pair of panels, and a slice of what is ahead. */
static void fp32_pair_with_slice(const fp32_work *work, fp32_ahead *a)
{
    const fp32_part *part = &work->parts[0];
    const fp32_work tile = ahead_tile(a);
    const intptr_t slices = part->columns / COLUMNS_A_SLICE;
    const intptr_t count = tile.parts[0].columns < slices ? tile.parts[0].columns : slices;

    vf sum[8];
    UNROLL for (int r = 0; r < 8; r++) { sum[r] = vf_load(work->init + r * 16); }
    vf first[AHEAD_STEPS];
    vf second[AHEAD_STEPS];
    UNROLL for (int v = 0; v < AHEAD_STEPS; v++) {
        first[v] = vf_load(tile.init + v * tile.init_stride);
        second[v] = vf_load(tile.init + v * tile.init_stride + 16);
    }

    const float *panel = part->panel;
    const float *next = panel + 64 * part->columns;
    const float *x = part->x;
    const float *weights = tile.parts[0].panel;
    const float *input = tile.parts[0].x;
    const intptr_t input_stride = tile.parts[0].x_stride;
    const intptr_t width = a->width;
    for (const float *end = input + count; input < end; input++, weights += width) {
        UNROLL for (int k = 0; k < COLUMNS_A_SLICE; k++) { add_pair_column(sum, panel + k * 64, next + k * 64, x[k]); }
        panel += COLUMNS_A_SLICE * 64;
        next += COLUMNS_A_SLICE * 64;
        x += COLUMNS_A_SLICE;

        const vf low = vf_load(weights);
        const vf high = vf_load(weights + 16);
        UNROLL for (int v = 0; v < AHEAD_STEPS; v++) {
            const vf value = vf_broadcast(input[v * input_stride]);
            first[v] = vf_fma(low, value, first[v]);
            second[v] = vf_fma(high, value, second[v]);
        }
    }

    UNROLL for (int v = 0; v < AHEAD_STEPS; v++) {
        vf_store(tile.y + v * tile.y_stride, first[v]);
        vf_store(tile.y + v * tile.y_stride + 16, second[v]);
    }

    for (const float *end = part->x + part->columns; x < end; x++, panel += 64, next += 64) {
        add_pair_column(sum, panel, next, *x);
    }

    UNROLL for (int r = 0; r < 8; r++) { vf_store(work->y + r * 16, sum[r]); }

    a->column += count;
    if (tile.parts[0].columns == count) {
        ahead_next_lanes(a, AHEAD_LANES);
    }
}

/* One vector, and as much of what is ahead as goes with it; panels of fewer than 32 lanes are left to ahead_finish. */
static void fp32_one_with_slices(int lanes, const fp32_work *work, fp32_ahead *a)
{
    const walk blocks = walk_of(lanes, work->parts[0].columns * (intptr_t)sizeof(float));
    for (int i = 0; i <= blocks.blocks; i++) {
        const int block = work->backwards ? blocks.blocks - i : i;
        const fp32_work part = fp32_at(work, block * blocks.size, 0, 0);
        if (walk_lanes(&blocks, block) == 128 && !ahead_is_done(a) && a->width >= AHEAD_LANES) {
            fp32_pair_with_slice(&part, a);
        } else {
            fp32_one(walk_lanes(&blocks, block), &part);
        }
    }
}

#endif
#endif
