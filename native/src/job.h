/* What every product works on, and how panels lie (Kernels/Panels.cs). */
#ifndef JOB_H
#define JOB_H

#include "lanes.h"
#include "rnn_kernels.h"

/* y = init + W.x for vectors that lie strides of floats apart; init may be y. One vector may walk the weights from their end, which changes no bit: what the
 * walk before read last is still in a cache where this one starts there. */
typedef struct job {
    const float *x;
    intptr_t x_stride;
    const float *init;
    intptr_t init_stride;
    float *y;
    intptr_t y_stride;
    int backwards;
} job;

/* The same job from a lane and a vector on. */
INLINE job job_at(const job *whole, intptr_t lane, intptr_t vector)
{
    job part = *whole;
    part.x += vector * whole->x_stride;
    part.init += lane + vector * whole->init_stride;
    part.y += lane + vector * whole->y_stride;
    return part;
}

INLINE int panel_width(int remaining)
{
    return remaining == 96 ? 96 : remaining >= 64 ? 64 : remaining >= 32 ? 32 : remaining >= 16 ? 16 : 8;
}

/* Two panels of 64 lanes side by side. */
INLINE int is_pair(int remaining) { return panel_width(remaining) == 64 && panel_width(remaining - 64) == 64; }

/* A walk over all lanes for one vector, from the last block to the first, in blocks of two panels of 64 lanes; of one where that is what a first-level cache
 * keeps until the block is read again. Each block, and what is left behind them, is by itself laid out as a matrix. */
typedef struct walk {
    int lanes;
    int size;
    int blocks;
} walk;

INLINE walk walk_of(int lanes, intptr_t bytes_per_lane)
{
    const intptr_t cache_bytes = 28 * 1024;
    const int size = 64 * bytes_per_lane <= cache_bytes && 128 * bytes_per_lane > cache_bytes ? 64 : 128;
    const int blocks = lanes / size - (lanes % size == 32 && lanes > size);
    const walk result = {lanes, size, blocks};
    return result;
}

INLINE int walk_lanes(const walk *w, int block) { return block < w->blocks ? w->size : w->lanes - w->blocks * w->size; }

/* The widest type that products use. Panels of 8 lanes always use v8. */
#if RNN_HAS_AVX512
#define WIDE vf
#define WIDE_LANES 16
#else
#define WIDE v8
#define WIDE_LANES 8
#endif

#endif
