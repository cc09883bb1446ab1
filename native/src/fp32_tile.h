/* A tile of a float32 product: some registers of lanes by some vectors, one accumulator each. Included once for each vector type, V. */

#define V(name) JOIN(VECTOR, name)
#define LANES ((int)(sizeof(VECTOR) / sizeof(float)))

/* Columns go in order: a lane is one chain of fused multiply-adds. From the register `joint` on, lanes come from the panel `next`. */
INLINE void V(fp32_tile)(const int registers, const int joint, const int vectors, const float *panel, const float *next, intptr_t width,
                         intptr_t columns, const job *work)
{
    VECTOR sum[12][8];
    UNROLL for (int v = 0; v < vectors; v++) {
        UNROLL for (int r = 0; r < registers; r++) { sum[r][v] = V(load)(work->init + v * work->init_stride + r * LANES); }
    }

    const float *x = work->x;
    const intptr_t x_stride = work->x_stride;
    for (const float *end = x + columns; x < end; x++, panel += width, next += width) {
        if (registers >= vectors) {
            VECTOR value[8];
            UNROLL for (int v = 0; v < vectors; v++) { value[v] = V(broadcast)(x[v * x_stride]); }
            UNROLL for (int r = 0; r < registers; r++) {
                const VECTOR weights = V(load)(r < joint ? panel + r * LANES : next + (r - joint) * LANES);
                UNROLL for (int v = 0; v < vectors; v++) { sum[r][v] = V(fma)(weights, value[v], sum[r][v]); }
            }
        } else {
            VECTOR weights[12];
            UNROLL for (int r = 0; r < registers; r++) { weights[r] = V(load)(panel + r * LANES); }
            UNROLL for (int v = 0; v < vectors; v++) {
                const VECTOR value = V(broadcast)(x[v * x_stride]);
                UNROLL for (int r = 0; r < registers; r++) { sum[r][v] = V(fma)(weights[r], value, sum[r][v]); }
            }
        }
    }

    float *y = work->y;
    const intptr_t y_stride = work->y_stride;
    UNROLL for (int v = 0; v < vectors; v++) {
        UNROLL for (int r = 0; r < registers; r++) { V(store)(y + v * y_stride + r * LANES, sum[r][v]); }
    }
}

#define TILE(REGISTERS, VECTORS)                                                                                               \
    static void V(fp32_##REGISTERS##x##VECTORS)(const float *panel, intptr_t width, intptr_t columns, const job *work)        \
    {                                                                                                                          \
        V(fp32_tile)(REGISTERS, REGISTERS, VECTORS, panel, panel, width, columns, work);                                      \
    }
TILE(1, 1)
TILE(1, 2)
TILE(1, 3)
TILE(1, 4)
TILE(1, 5)
TILE(1, 6)
TILE(1, 7)
TILE(1, 8)
#undef TILE

/* One register of lanes, by vectors. */
static fp32_tile_function *const V(fp32_1)[9] = {
    NULL,        V(fp32_1x1), V(fp32_1x2), V(fp32_1x3), V(fp32_1x4), V(fp32_1x5), V(fp32_1x6), V(fp32_1x7), V(fp32_1x8),
};

#undef LANES
#undef V
