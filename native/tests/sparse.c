#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is expected is the dense product of the same weights, zeros included. */
static void run_case(const test_run *run, int format, int lanes, int columns, int vectors, int drop, int kind, int init_kind, int in_place)
{
    float *weights = malloc((size_t)lanes * (size_t)columns * sizeof *weights);
    float *expected = malloc((size_t)lanes * (size_t)vectors * sizeof *expected);
    fill_vector(weights, lanes * columns, ORDINARY);
    round_weights(format, weights, lanes * columns);
    for (int row = 0; row < lanes / 8; row++) {
        const int is_dropped = drop && random_below(4) == 0;
        for (int quad = 0; quad < (columns + 3) / 4; quad++) {
            if (is_dropped || random_below(3) > 0) {
                for (int i = 0; i < 32; i++) {
                    if (quad * 4 + i % 4 < columns) {
                        weights[(row * 8 + i / 4) * columns + quad * 4 + i % 4] = 0.0f;
                    }
                }
            }
        }
    }

    for (int i = 0; drop && i < columns / 3; i++) {
        const int column = random_below(columns);
        for (int lane = 0; lane < lanes; lane++) {
            weights[lane * columns + column] = 0.0f;
        }
    }

    weights[random_below(lanes) * columns + random_below(columns)] = 1.0f;
    const rnn_matrix dense = pack(format, weights, lanes, columns);
    const rnn_matrix matrix = pack_sparse(format, weights, lanes, columns, drop);
    float *x = guarded((size_t)(columns * vectors) * sizeof *x);
    float *init = guarded((size_t)(lanes * vectors) * sizeof *init);
    float *y = guarded((size_t)(lanes * vectors) * sizeof *y);
    for (int v = 0; v < vectors; v++) {
        fill_vector(x + v * columns, columns, v % 2 == 0 ? kind : ORDINARY);
        fill_vector(init + v * lanes, lanes, init_kind);
    }

    const rnn_matrix both[2] = {dense, matrix};
    const rnn_scratch scratch = make_scratch(both, 2, vectors);
    run->scalar->multiply(&dense, x, columns, init, lanes, expected, lanes, vectors, &scratch);
    for (int s = 0; s < run->count; s++) {
        memcpy(y, init, (size_t)(lanes * vectors) * sizeof *y);
        run->sets[s]->multiply(&matrix, x, columns, in_place ? y : init, lanes, y, lanes, vectors, &scratch);
        const int at = first_difference(expected, y, lanes * vectors);
        check(at < 0, "%s: sparse %s, %d lanes, %d columns, %d vectors, drop %d, kind %d, init kind %d: at %d %a instead of %a", run->sets[s]->name,
              format == RNN_INT8 ? "int8" : "float32", lanes, columns, vectors, drop, kind, init_kind, at, (double)y[at < 0 ? 0 : at],
              (double)expected[at < 0 ? 0 : at]);
    }

    free(weights);
    free(expected);
    release_buffers();
}

void test_sparse(const test_run *run)
{
    static const int formats[] = {RNN_FLOAT32, RNN_INT8};
    for (int f = 0; f < 2; f++) {
        for (int lanes = 8; lanes <= 200; lanes += run->quick ? 40 : 8) {
            for (int columns = 1; columns <= 70; columns += run->quick ? 23 : 3) {
                run_case(run, formats[f], lanes, columns, 1 + random_below(9), random_below(2), random_below(KINDS),
                         random_below(2) ? ALL_ZEROS : random_below(KINDS), random_below(2));
            }
        }

        run_case(run, formats[f], run->quick ? 136 : 512, run->quick ? 131 : 515, 5, 1, ORDINARY, ORDINARY, 1);
    }
}
