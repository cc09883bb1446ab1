#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const format_names[] = {"float32", "bfloat16", "float16", "int8"};

typedef struct product_case {
    int format;
    int lanes;
    int columns;
    int vectors;
    int kind;       /* of x */
    int init_kind;  /* of init */
    int shared;     /* one init for all vectors */
    int in_place;   /* init is y */
    float range;    /* int8 */
    int factors;    /* int8 */
} product_case;

/* The gaps between vectors hold this and keep it. */
static const float gap = -12345.0f;

static void reference(const product_case *c, const float *weights, const rnn_matrix *matrix, const float *x, const float *init, float *y)
{
    if (c->format == RNN_INT8) {
        float largest = 0.0f;
        int finite = 1;
        float *value = malloc((size_t)c->columns * sizeof *value);
        for (int i = 0; i < c->columns; i++) {
            value[i] = c->factors ? x[i] * matrix->factors[i] : x[i];
            finite &= isfinite(value[i]) != 0;
            largest = fmaxf(largest, fabsf(value[i]));
        }

        const float range = matrix->range > 0.0f && largest <= matrix->range ? matrix->range : largest;
        const int is_zero = !(matrix->range > 0.0f && largest <= matrix->range) && largest < 0x1p-100f;
        const float scale = !finite ? NAN : is_zero ? 0.0f : range / 127.0f;
        for (int lane = 0; lane < c->lanes; lane++) {
            int64_t sum = 0;
            for (int i = 0; i < c->columns && finite && !is_zero; i++) {
                sum += (int64_t)weights[lane * c->columns + i] * (int64_t)rintf(value[i] * (127.0f / range));
            }

            y[lane] = fmaf((float)sum, matrix->row_scales[lane] * scale, init[lane]);
        }

        free(value);
        return;
    }

    for (int lane = 0; lane < c->lanes; lane++) {
        float sum = init[lane];
        for (int column = 0; column < c->columns; column++) {
            sum = fmaf(weights[lane * c->columns + column], x[column], sum);
        }

        y[lane] = sum;
    }
}

static void run_case(const test_run *run, const product_case *c)
{
    const int x_stride = c->columns + 3;
    const int y_stride = c->lanes + 5;
    float *weights = malloc((size_t)c->lanes * (size_t)c->columns * sizeof *weights);
    float *expected = malloc((size_t)y_stride * (size_t)c->vectors * sizeof *expected);
    fill_vector(weights, c->lanes * c->columns, ORDINARY);
    if (random_below(4) == 0) {
        for (int i = 0; i < c->lanes * c->columns; i++) {
            weights[i] *= random_below(3) == 0 ? 0x1p-13f : random_below(9) == 0 ? -0.0f : 0.1f;
        }
    }

    round_weights(c->format, weights, c->lanes * c->columns);
    rnn_matrix matrix = pack(c->format, weights, c->lanes, c->columns);
    matrix.range = c->range;
    if (c->factors) {
        float *factors = guarded((size_t)c->columns * sizeof *factors);
        for (int i = 0; i < c->columns; i++) {
            factors[i] = 0.5f + (float)(i % 5);
        }

        matrix.factors = factors;
    }

    const size_t x_floats = (size_t)(x_stride * (c->vectors - 1) + c->columns);
    const size_t y_floats = (size_t)(y_stride * (c->vectors - 1) + c->lanes);
    float *x = guarded(x_floats * sizeof *x);
    float *init = guarded((c->shared ? (size_t)c->lanes : y_floats) * sizeof *init);
    float *y = guarded(y_floats * sizeof *y);
    for (int v = 0; v < c->vectors; v++) {
        fill_vector(x + v * x_stride, c->columns, v % 3 == 0 ? c->kind : ORDINARY);
    }

    for (int v = 0; v < (c->shared ? 1 : c->vectors); v++) {
        fill_vector(init + v * y_stride, c->lanes, c->init_kind);
    }

    const int init_stride = c->shared ? 0 : y_stride;
    for (int v = 0; v < c->vectors; v++) {
        reference(c, weights, &matrix, x + v * x_stride, init + v * init_stride, expected + v * y_stride);
    }

    const rnn_scratch scratch = make_scratch(&matrix, 1, c->vectors);
    for (int s = 0; s < run->count; s++) {
        for (size_t i = 0; i < y_floats; i++) {
            y[i] = gap;
        }

        const float *from = init;
        if (c->in_place) {
            for (int v = 0; v < c->vectors; v++) {
                memcpy(y + v * y_stride, init + v * init_stride, (size_t)c->lanes * sizeof *y);
            }

            from = y;
        }

        memset(scratch.quantized, 0x5a, (size_t)(scratch.stride * c->vectors));
        run->sets[s]->multiply(&matrix, x, x_stride, from, c->in_place ? y_stride : init_stride, y, y_stride, c->vectors, &scratch);
        int bad = -1;
        for (int v = 0; v < c->vectors && bad < 0; v++) {
            const int at = first_difference(expected + v * y_stride, y + v * y_stride, c->lanes);
            bad = at < 0 ? -1 : v * y_stride + at;
            for (int i = c->lanes; i < y_stride && v + 1 < c->vectors; i++) {
                bad = y[v * y_stride + i] == gap ? bad : v * y_stride + i;
            }
        }

        check(bad < 0, "%s: %s, %d lanes, %d columns, %d vectors, kind %d, init kind %d, shared %d, in place %d, range %g: at %d %a instead of %a",
              run->sets[s]->name, format_names[c->format], c->lanes, c->columns, c->vectors, c->kind, c->init_kind, c->shared, c->in_place,
              (double)c->range, bad, (double)y[bad < 0 ? 0 : bad], (double)expected[bad < 0 ? 0 : bad]);
    }

    free(weights);
    free(expected);
    release_buffers();
}

/* Every shape with one vector and with some number of them, and every number of vectors with some shapes. */
static void shapes(const test_run *run, int format)
{
    for (int lanes = 8; lanes <= 200; lanes += 8) {
        for (int columns = 1; columns <= 70; columns++) {
            if (run->quick && (lanes / 8 + columns) % 23 != 0) {
                continue;
            }

            for (int many = 0; many < 2; many++) {
                const int variety = random_below(8);
                product_case c = {
                    .format = format,
                    .lanes = lanes,
                    .columns = columns,
                    .vectors = many ? 2 + random_below(16) : 1,
                    .shared = variety == 0 || variety == 1,
                    .in_place = variety >= 5,
                    .kind = random_below(3) == 0 ? random_below(KINDS) : ORDINARY,
                    .init_kind = random_below(5) == 0 ? random_below(KINDS) : ORDINARY,
                    .range = random_below(3) == 0 ? 0.75f + (float)random_below(2) : 0.0f,
                    .factors = format == RNN_INT8 && random_below(4) == 0,
                };
                c.in_place = c.in_place && !c.shared;
                run_case(run, &c);
            }
        }
    }

    static const int some_lanes[] = {8, 16, 24, 40, 64, 96, 136, 160, 256};
    for (int i = 0; i < (int)(sizeof some_lanes / sizeof *some_lanes); i++) {
        for (int vectors = 1; vectors <= 17; vectors += run->quick ? 8 : 1) {
            const product_case c = {.format = format, .lanes = some_lanes[i], .columns = 1 + random_below(37), .vectors = vectors};
            run_case(run, &c);
        }
    }

    for (int kind = 0; kind < KINDS; kind++) {
        for (int init_kind = 0; init_kind < KINDS; init_kind++) {
            for (int vectors = 1; vectors <= 5; vectors += 4) {
                const product_case c = {.format = format, .lanes = 104, .columns = run->quick ? 7 : 131, .vectors = vectors, .kind = kind, .init_kind = init_kind};
                run_case(run, &c);
            }
        }
    }

    const product_case large = {.format = format, .lanes = run->quick ? 136 : 512, .columns = run->quick ? 259 : 1031, .vectors = 3};
    run_case(run, &large);
}

static void multiply_add(const test_run *run)
{
    enum { TERMS = 5, MOST = 150, STRIDE = MOST + 1 };
    for (int count = 1; count <= MOST; count += run->quick ? 7 : 1) {
        float *a = guarded((STRIDE * (TERMS - 1) + (size_t)count) * sizeof *a);
        float *b = guarded((STRIDE * (TERMS - 1) + (size_t)count) * sizeof *b);
        float *init = guarded((size_t)count * sizeof *init);
        float *y = guarded((size_t)count * sizeof *y);
        float expected[MOST];
        fill_vector(a, STRIDE * (TERMS - 1) + count, ORDINARY);
        fill_vector(b, STRIDE * (TERMS - 1) + count, count % 3 == 0 ? WITH_NAN : ORDINARY);
        fill_vector(init, count, ORDINARY);
        for (int i = 0; i < count; i++) {
            expected[i] = init[i];
            for (int term = 0; term < TERMS; term++) {
                expected[i] = fmaf(a[term * STRIDE + i], b[term * STRIDE + i], expected[i]);
            }
        }

        for (int s = 0; s < run->count; s++) {
            run->sets[s]->multiply_add(a, STRIDE, b, STRIDE, TERMS, init, y, count);
            check(first_difference(expected, y, count) < 0, "%s: multiply_add of %d", run->sets[s]->name, count);
        }

        release_buffers();
    }
}

void test_products(const test_run *run)
{
    for (int format = RNN_FLOAT32; format <= RNN_INT8; format++) {
        shapes(run, format);
    }

    multiply_add(run);
}
