/* A tile of a product of 16-bit weights: pairs of registers of lanes by vectors. Included once for each vector type, V. */

#define V(name) JOIN(VECTOR, name)
#define LANES (2 * (int)(sizeof(VECTOR) / sizeof(float)))

/* Several pairs with one vector, or one pair with several. From the pair `joint` on, lanes come from the panel `next`. */
INLINE void V(half_tile)(const int format, const int pairs, const int joint, const int vectors, const uint16_t *panel, const uint16_t *next,
                         intptr_t width, intptr_t columns, float factor, const job *work)
{
    VECTOR first[6][8];
    VECTOR second[6][8];
    UNROLL for (int v = 0; v < vectors; v++) {
        UNROLL for (int p = 0; p < pairs; p++) {
            V(half_load)(format, work->init + v * work->init_stride + p * LANES, &first[p][v], &second[p][v]);
        }
    }

    const VECTOR scale = V(broadcast)(factor);
    const float *x = work->x;
    const intptr_t x_stride = work->x_stride;
    for (const float *end = x + columns; x < end; x++, panel += width, next += width) {
        VECTOR value = V(broadcast)(*x);
        if (format == HALF_BY_INPUT) {
            value = V(mul)(value, scale);
        }

        UNROLL for (int p = 0; p < pairs; p++) {
            VECTOR a;
            VECTOR b;
            V(half_widen)(format, p < joint ? panel + p * LANES : next + (p - joint) * LANES, &a, &b);
            if (format == HALF_BY_WEIGHT) {
                a = V(mul)(a, scale);
                b = V(mul)(b, scale);
            }

            UNROLL for (int v = 0; v < vectors; v++) {
                if (v > 0) {
                    value = V(broadcast)(x[v * x_stride]);
                }

                first[p][v] = V(fma)(a, value, first[p][v]);
                second[p][v] = V(fma)(b, value, second[p][v]);
            }
        }
    }

    float *y = work->y;
    const intptr_t y_stride = work->y_stride;
    UNROLL for (int v = 0; v < vectors; v++) {
        UNROLL for (int p = 0; p < pairs; p++) { V(half_store)(format, y + v * y_stride + p * LANES, first[p][v], second[p][v]); }
    }
}

#undef LANES
#undef V
