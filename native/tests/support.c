#define _DEFAULT_SOURCE
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint32_t state = 2463534242u;

uint32_t random_bits(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

int random_below(int limit) { return (int)(random_bits() >> 8) % limit; }

float random_float(void) { return (float)((int32_t)random_bits() >> 8) * 0x1p-23f; }

void fill_vector(float *x, int count, int kind)
{
    for (int i = 0; i < count; i++) {
        x[i] = kind == ALL_ZEROS ? (random_bits() & 256 ? 0.0f : -0.0f) : random_float();
        if (kind == TINY) {
            const int choice = random_below(4);
            x[i] = choice == 0 ? -0.0f : choice == 1 ? 0.0f : x[i] * (choice == 2 ? 0x1p-127f : 0x1p-110f);
        } else if (kind == HUGE_NUMBERS && random_below(3) == 0) {
            x[i] *= 0x1p120f;
        }
    }

    if (kind == WITH_INFINITY || kind == WITH_NAN) {
        x[random_below(count)] = kind == WITH_NAN ? NAN : random_bits() & 256 ? INFINITY : -INFINITY;
    }
}

int first_difference(const float *expected, const float *actual, int count)
{
    for (int i = 0; i < count; i++) {
        if (memcmp(expected + i, actual + i, sizeof *actual) != 0 && !(isnan(expected[i]) && isnan(actual[i]))) {
            return i;
        }
    }

    return -1;
}

/* A few regions of growing size, each before a page without access; a buffer takes the first one that is free and large enough. */
typedef struct region {
    uint8_t *end;
    size_t bytes;
    int taken;
} region;

static region regions[512];
static int region_count;

void *guarded(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < region_count; i++) {
        if (!regions[i].taken && regions[i].bytes >= bytes && regions[i].bytes <= bytes * 4 + page) {
            regions[i].taken = 1;
            return regions[i].end - bytes;
        }
    }

    const size_t size = (bytes + page - 1) / page * page + (bytes == 0 ? page : 0);
    uint8_t *start = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start + size, page, PROT_NONE) != 0 || region_count == 512) {
        fprintf(stderr, "no memory for buffers\n");
        exit(2);
    }

    regions[region_count++] = (region){start + size, size, 1};
    return start + size - bytes;
}

void release_buffers(void)
{
    for (int i = 0; i < region_count; i++) {
        regions[i].taken = 0;
    }
}

static intptr_t quantized_bytes(int columns) { return (columns + 3) / 4 * 8 + (intptr_t)sizeof(int32_t); }

static intptr_t to_line(intptr_t bytes) { return (bytes + 63) & ~(intptr_t)63; }

/* SparseWork.BytesFor */
static intptr_t sparse_bytes(const rnn_matrix *matrix)
{
    const rnn_sparse_matrix *sparse = matrix->sparse;
    const int is_int8 = matrix->format == RNN_INT8;
    const intptr_t quads = (sparse->kept_columns + 3) / 4;
    const intptr_t rows = (sparse->kept_lanes + 7) / 8;
    intptr_t bytes = to_line((quads + 1) * (is_int8 ? 8 : 16)) * 4;
    bytes += is_int8 || sparse->lane_map != NULL ? to_line(rows * 32) * 4 : 0;
    bytes += to_line(rows * 4);
    return bytes + (is_int8 ? to_line(quantized_bytes(matrix->columns)) + matrix->lanes * 4 : 0);
}

rnn_scratch make_scratch(const rnn_matrix *matrices, int count, int vectors)
{
    rnn_scratch scratch = {0};
    intptr_t sparse = 0;
    int columns = 1;
    int lanes = 8 * 96;
    for (int i = 0; i < count; i++) {
        columns = matrices[i].columns > columns ? matrices[i].columns : columns;
        lanes = matrices[i].lanes > lanes ? matrices[i].lanes : lanes;
        if (matrices[i].sparse != NULL && sparse_bytes(&matrices[i]) > sparse) {
            sparse = sparse_bytes(&matrices[i]);
        }
    }

    scratch.stride = quantized_bytes(columns);
    scratch.quantized = guarded((size_t)(scratch.stride * vectors));
    scratch.scales = guarded((size_t)vectors * sizeof(float));
    scratch.sums = guarded((size_t)lanes * sizeof(int32_t));
    scratch.sparse = guarded((size_t)sparse);
    scratch.multiplied = guarded((size_t)columns * sizeof(float));
    return scratch;
}
