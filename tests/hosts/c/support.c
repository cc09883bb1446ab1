#define _DEFAULT_SOURCE
#include "support.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PRINTED_FAILURES = 20 };

static atomic_int passed;
static atomic_int failed;

static void print_failure(const char *name, const char *format, va_list arguments)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, arguments);
    printf("FAILED %s%s\n", name, text);
    fflush(stdout);
}

void check(int holds, const char *name, const char *format, ...)
{
    atomic_fetch_add(holds ? &passed : &failed, 1);
    if (holds) {
        printf("ok %s\n", name);
        return;
    }

    char start[256];
    snprintf(start, sizeof start, "%s: ", name);
    va_list arguments;
    va_start(arguments, format);
    print_failure(start, format, arguments);
    va_end(arguments);
}

void expect(int holds, const char *format, ...)
{
    if (holds) {
        atomic_fetch_add(&passed, 1);
    } else if (atomic_fetch_add(&failed, 1) < PRINTED_FAILURES) {
        va_list arguments;
        va_start(arguments, format);
        print_failure("", format, arguments);
        va_end(arguments);
    }
}

void check_status(rnn_status actual, rnn_status expected, const char *call)
{
    check(actual == expected, call, "%s instead of %s: %s", rnn_status_name(actual), rnn_status_name(expected), rnn_last_error());
}

void expect_status(rnn_status actual, rnn_status expected, const char *call)
{
    expect(actual == expected, "%s: %s instead of %s: %s", call, rnn_status_name(actual), rnn_status_name(expected), rnn_last_error());
}

int failures(void) { return atomic_load(&failed); }

int report(const char *program)
{
    const int bad = failures();
    printf("%s: %d checks, %d failed\n", program, atomic_load(&passed) + bad, bad);
    fflush(stdout);
    return bad == 0 ? 0 : 1;
}

_Noreturn void give_up(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

uint64_t random_bits(uint64_t *state)
{
    uint64_t x = *state == 0 ? 0x9E3779B97F4A7C15u : *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545F4914F6CDD1Du;
}

int random_below(uint64_t *state, int limit) { return (int)((random_bits(state) >> 33) % (uint64_t)limit); }

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static size_t whole_pages(size_t bytes) { return (bytes + page_size() - 1) / page_size() * page_size() + (bytes == 0 ? page_size() : 0); }

void *guarded(size_t bytes)
{
    const size_t page = page_size();
    const size_t size = whole_pages(bytes);
    uint8_t *start = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start + page, size, PROT_READ | PROT_WRITE) != 0) {
        give_up("there is no memory for a buffer of %zu bytes", bytes);
    }

    return start + page + size - bytes;
}

void release_guarded(void *memory, size_t bytes)
{
    const size_t page = page_size();
    const size_t size = whole_pages(bytes);
    munmap((uint8_t *)memory + bytes - size - page, size + 2 * page);
}

const char *path_of(const char *folder, const char *name)
{
    static char paths[8][4096];
    static unsigned next;
    char *path = paths[next++ % 8];
    if (snprintf(path, sizeof paths[0], "%s/%s", folder, name) >= (int)sizeof paths[0]) {
        give_up("the path of %s is too long", name);
    }

    return path;
}

static int try_read(const char *path, blob *result)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        return 0;
    }

    result->size = (size_t)ftell(file);
    result->data = malloc(result->size + 1);
    rewind(file);
    const int complete = result->data != NULL && fread(result->data, 1, result->size, file) == result->size;
    fclose(file);
    return complete;
}

blob read_file(const char *folder, const char *name)
{
    blob result;
    if (!try_read(path_of(folder, name), &result)) {
        give_up("cannot read %s", path_of(folder, name));
    }

    return result;
}

static blob read_part(const char *folder, const char *name, const char *ending)
{
    char file[256];
    snprintf(file, sizeof file, "%s%s", name, ending);
    return read_file(folder, file);
}

sample read_sample(const char *folder, const char *name)
{
    sample sample = {.name = name, .file = read_part(folder, name, ".rnn")};
    char input_name[256];
    snprintf(input_name, sizeof input_name, "%s-input.i32", name);
    blob input;
    sample.is_int32 = try_read(path_of(folder, input_name), &input);
    if (!sample.is_int32) {
        input = read_part(folder, name, "-input.f32");
    }

    const blob output = read_part(folder, name, "-output.f32");
    rnn_model model;
    rnn_tensor_info in = {.struct_size = sizeof in}, out = {.struct_size = sizeof out};
    if (rnn_model_load_memory(sample.file.data, sample.file.size, NULL, &model) != RNN_OK || rnn_model_get_input(model, 0, &in) != RNN_OK ||
        rnn_model_get_output(model, 0, &out) != RNN_OK) {
        give_up("the model %s: %s", name, rnn_last_error());
    }

    sample.inputs = in.element_count;
    sample.outputs = out.element_count;
    sample.steps = (int32_t)(input.size / 4) / sample.inputs;
    sample.input = input.data;
    sample.expected = (const float *)output.data;
    const size_t steps = (size_t)sample.steps;
    if (steps == 0 || input.size != steps * (size_t)sample.inputs * 4 || output.size != steps * (size_t)sample.outputs * 4) {
        give_up("the arrays of %s have %zu and %zu bytes, which are not those of %d steps", name, input.size, output.size, sample.steps);
    }

    rnn_model_free(model);
    return sample;
}

void free_sample(const sample *sample)
{
    free(sample->file.data);
    free((void *)(uintptr_t)sample->input);
    free((void *)(uintptr_t)sample->expected);
}

const void *input_at(const sample *sample, int32_t step) { return (const int32_t *)sample->input + (ptrdiff_t)step * sample->inputs; }

rnn_status run_steps(const sample *sample, rnn_session session, int32_t first, int32_t count, float *output)
{
    const size_t inputs = (size_t)count * (size_t)sample->inputs;
    const size_t outputs = (size_t)count * (size_t)sample->outputs;
    output += (ptrdiff_t)first * sample->outputs;
    return sample->is_int32 ? rnn_session_run_int32(session, input_at(sample, first), inputs, output, outputs)
                            : rnn_session_run(session, input_at(sample, first), inputs, output, outputs);
}

rnn_status run_in_chunks(const sample *sample, rnn_session session, int32_t first, int32_t count, float *output)
{
    static const int32_t lengths[] = {1, 2, 3, 5, 7};
    rnn_status status = RNN_OK;
    for (int32_t done = 0, i = 0, steps; done < count && status == RNN_OK; done += steps, i++) {
        steps = lengths[i % 5] < count - done ? lengths[i % 5] : count - done;
        status = run_steps(sample, session, first + done, steps, output);
    }

    return status;
}

int has_expected_bits(const sample *sample, int32_t first, int32_t count, const float *output)
{
    const ptrdiff_t start = (ptrdiff_t)first * sample->outputs;
    return memcmp(output + start, sample->expected + start, (size_t)count * (size_t)sample->outputs * 4) == 0;
}
