/* What every product works on, and how panels lie (Kernels/Panels.cs). */
#ifndef JOB_H
#define JOB_H

#include "lanes.h"
#include "rnn_kernels.h"

/* y = init + W.x for vectors that lie strides of floats apart; init may be y. */
typedef struct job {
    const float *x;
    intptr_t x_stride;
    const float *init;
    intptr_t init_stride;
    float *y;
    intptr_t y_stride;
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

/* The widest type that products use. Panels of 8 lanes always use v8. */
#if RNN_SET >= RNN_AVX512
#define WIDE vf
#define WIDE_LANES 16
#else
#define WIDE v8
#define WIDE_LANES 8
#endif

#endif
