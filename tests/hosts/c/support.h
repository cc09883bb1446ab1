/* What the C hosts share: checks, files, samples with their expected outputs, random numbers, memory between guard pages. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include "rnn_runtime.h"

#include <stddef.h>
#include <stdint.h>

/* How many statuses the header has, from RNN_OK on. */
enum { STATUS_COUNT = RNN_INTERNAL_ERROR + 1 };

/* One line on standard output: what was checked and whether it holds; where not, the text. Any thread. */
void check(int holds, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for what is checked very often: says nothing where it holds, and stops printing after 20 failures. */
void expect(int holds, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A call that has to give RNN_OK. */
#define CHECK_OK(call) check_status((call), RNN_OK, #call)
#define EXPECT_OK(call) expect_status((call), RNN_OK, #call)
void check_status(rnn_status actual, rnn_status expected, const char *call);
void expect_status(rnn_status actual, rnn_status expected, const char *call);

/* How many checks failed so far; and the last line, with the exit code. */
int failures(void);
int report(const char *program);

/* Says why on standard error and ends the program with exit code 2: what the test was given is not what it needs. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t random_bits(uint64_t *state);
int random_below(uint64_t *state, int limit);

/* Bytes that end where a page begins that must not be touched; before them lies such a page too, at a distance. Contents are zero. */
void *guarded(size_t bytes);
void release_guarded(void *memory, size_t bytes);

typedef struct blob {
    uint8_t *data;
    size_t size;
} blob;

blob read_file(const char *folder, const char *name); /* the data are the caller's, to free */
const char *path_of(const char *folder, const char *name); /* of the last few calls */

/* A model with one input and one output, an input of so many steps and what it must give from the initial state: NAME.rnn, NAME-input.f32 or .i32, NAME-output.f32. */
typedef struct sample {
    const char *name;
    blob file;
    int is_int32;
    int32_t steps;
    int32_t inputs; /* a step */
    int32_t outputs;
    const void *input;
    const float *expected;
} sample;

sample read_sample(const char *folder, const char *name);
void free_sample(const sample *sample);
const void *input_at(const sample *sample, int32_t step);
/* Runs these steps of the sample; the output goes to where they are in `output`. */
rnn_status run_steps(const sample *sample, rnn_session session, int32_t first, int32_t count, float *output);
/* Runs them in calls of 1, 2, 3, 5, 7, 1, ... steps. */
rnn_status run_in_chunks(const sample *sample, rnn_session session, int32_t first, int32_t count, float *output);
/* Whether these steps of the output have the expected bits. */
int has_expected_bits(const sample *sample, int32_t first, int32_t count, const float *output);

/* What every host does with a sample, in whatever language it is written. */
void check_contract(const sample *sample);

#endif
