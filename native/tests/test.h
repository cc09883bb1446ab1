/* What the tests share: sets under test, checks, random numbers, buffers that end at a guard page, packing. */
#ifndef TEST_H
#define TEST_H

#include "rnn_kernels.h"

#include <stddef.h>
#include <stdint.h>

enum { MAXIMUM_SETS = 8 };

typedef struct test_run {
    const rnn_kernels *scalar;
    const rnn_kernels *sets[MAXIMUM_SETS]; /* those to compare with the scalar one; it is among them where it is to be tested itself */
    int count;
    int quick;
} test_run;

void test_products(const test_run *run);
void test_sparse(const test_run *run);
void test_cells(const test_run *run);

/* One check: counts, and prints the first failures. */
void check(int ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same bits; of a NaN only that it is one. Returns the first place that differs, or -1. */
int first_difference(const float *expected, const float *actual, int count);

uint32_t random_bits(void);
int random_below(int limit);
/* In [-1, 1). */
float random_float(void);
/* Kinds of vectors: ordinary ones, with subnormal numbers and zeros of both signs, with huge numbers, with an infinity, with a NaN, all zeros. */
enum { ORDINARY, TINY, HUGE_NUMBERS, WITH_INFINITY, WITH_NAN, ALL_ZEROS, KINDS };
void fill_vector(float *x, int count, int kind);

/* Ends at a page that must not be touched. Contents are undefined; all buffers are given back at once. */
void *guarded(size_t bytes);
void release_buffers(void);

/* Scratch for products of this many vectors, as the plan sizes it. */
rnn_scratch make_scratch(const rnn_matrix *matrices, int count, int vectors);

float widen_bfloat16(uint16_t bits);
float widen_float16(uint16_t bits);

/* Dense weights [lane][column] to panels. Int8 weights are in rows of numbers from -127 to 127, as floats, with scales of their own. */
rnn_matrix pack(int format, const float *weights, int lanes, int columns);
/* The value of each weight as the format holds it: what the product should use. Int8: without scales. */
void round_weights(int format, float *weights, int count);
/* The same without blocks of zeros; drops lanes and columns that are all zeros where asked to. */
rnn_matrix pack_sparse(int format, const float *weights, int lanes, int columns, int drop);

#endif
