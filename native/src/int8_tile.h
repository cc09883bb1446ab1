/* A tile of an int8 product: registers of lanes by vectors, and what becomes of the sums. Included once for each vector type, V. */

#define V(name) JOIN(VECTOR, name)
#define LANES ((int)(sizeof(VECTOR) / sizeof(float)))

/* From the register `joint` on, lanes come from the panel `next`. Width is in lanes. */
INLINE void V(int8_tile)(const int registers, const int joint, const int vectors, const int8_t *panel, const int8_t *next, intptr_t width,
                         const int8_work *work)
{
    V(int) sum[12][8];
    const int8_t *quantized = work->quantized;
    const intptr_t stride = work->stride;
    const intptr_t quads = work->quads;
    UNROLL for (int v = 0; v < vectors; v++) {
        const V(int) start = V(start)(load_int32(quantized + v * stride + quads * 8));
        UNROLL for (int r = 0; r < registers; r++) { sum[r][v] = start; }
    }

    for (intptr_t quad = 0; quad < quads; quad++, panel += width * 4, next += width * 4) {
        if (registers > vectors) {
            V(values) values[8];
            UNROLL for (int v = 0; v < vectors; v++) { values[v] = V(load_values)(quantized + v * stride, quads, quad); }
            UNROLL for (int r = 0; r < registers; r++) {
                const V(weights) weights = V(load_weights)(r < joint ? panel + r * LANES * 4 : next + (r - joint) * LANES * 4);
                UNROLL for (int v = 0; v < vectors; v++) { sum[r][v] = V(dot)(sum[r][v], weights, values[v]); }
            }
        } else {
            V(weights) weights[12];
            UNROLL for (int r = 0; r < registers; r++) { weights[r] = V(load_weights)(panel + r * LANES * 4); }
            UNROLL for (int v = 0; v < vectors; v++) {
                const V(values) values = V(load_values)(quantized + v * stride, quads, quad);
                UNROLL for (int r = 0; r < registers; r++) { sum[r][v] = V(dot)(sum[r][v], weights[r], values); }
            }
        }
    }

    const job to = work->to;
    UNROLL for (int r = 0; r < registers; r++) {
        const VECTOR row_scale = V(load)(work->row_scales + r * LANES);
        UNROLL for (int v = 0; v < vectors; v++) {
            const VECTOR scale = V(mul)(row_scale, V(broadcast)(work->scales[v]));
            const VECTOR init = V(load)(to.init + v * to.init_stride + r * LANES);
            V(store)(to.y + v * to.y_stride + r * LANES, V(fma)(V(to_float)(sum[r][v]), scale, init));
        }
    }
}

#define TILE(VECTORS)                                                                              \
    static void V(int8_1x##VECTORS)(const int8_t *panel, intptr_t width, const int8_work *work)   \
    {                                                                                              \
        V(int8_tile)(1, 1, VECTORS, panel, panel, width, work);                                   \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
TILE(7)
TILE(8)
#undef TILE

/* One register of lanes, by vectors. */
static int8_tile_function *const V(int8_1)[9] = {
    NULL,        V(int8_1x1), V(int8_1x2), V(int8_1x3), V(int8_1x4), V(int8_1x5), V(int8_1x6), V(int8_1x7), V(int8_1x8),
};

#undef LANES
#undef V
