/* What a native host pays: times between the ends of calls, what a call costs, what the first session costs. Prints JSON.
 * Usage: latency LIBRARY STEPS STARTS MODEL...
 * For each model: STEPS steps, one and 64 a call; rounds of rnn_session_run against the function of rnn_session_get_native_run; STARTS processes that open the library, load
 * the model and make a session. Models have one float32 input and one float32 output. */

#define _DEFAULT_SOURCE
#include "loaded.h"
#include "memory_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 64, ROUNDS = 200, ROUND_STEPS = 2000, SESSIONS = 1000 };

typedef struct target {
    rnn_model model;
    rnn_session session;
    size_t inputs;
    size_t outputs;
    float *input;
    float *output;
} target;

static library rnn;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void require(rnn_status status)
{
    if (status != RNN_OK) {
        fprintf(stderr, "%s: %s\n", rnn.rnn_status_name(status), rnn.rnn_last_error());
        exit(1);
    }
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double quantile(double *sorted, size_t count, double part)
{
    const size_t index = (size_t)(part * (double)count);
    return sorted[index < count ? index : count - 1];
}

static size_t resident_kilobytes(void) { return read_memory_use().resident / 1024; }

static target prepare(const char *path)
{
    target target = {0};
    rnn_tensor_info in = {.struct_size = sizeof in}, out = {.struct_size = sizeof out};
    require(rnn.rnn_model_load(path, NULL, &target.model));
    require(rnn.rnn_session_create(target.model, NULL, &target.session));
    require(rnn.rnn_model_get_input(target.model, 0, &in));
    require(rnn.rnn_model_get_output(target.model, 0, &out));
    target.inputs = (size_t)in.element_count;
    target.outputs = (size_t)out.element_count;
    target.input = calloc(CHUNK * target.inputs, sizeof *target.input);
    target.output = calloc(CHUNK * target.outputs, sizeof *target.output);
    for (size_t i = 0; i < CHUNK * target.inputs; i++) {
        target.input[i] = (float)(i * 2654435761u % 2001) / 1000.0f - 1.0f;
    }

    require(rnn.rnn_session_warm_up(target.session, 1000));
    return target;
}

/* From the end of one call to the end of the next: what the clock costs is in it, and nothing escapes it. */
static void print_times(const target *target, long steps, size_t a_call)
{
    const size_t calls = (size_t)steps / a_call;
    double *times = malloc(calls * sizeof *times);
    double before = now();
    for (size_t i = 0; i < calls; i++) {
        require(rnn.rnn_session_run(target->session, target->input, a_call * target->inputs, target->output, a_call * target->outputs));
        const double after = now();
        times[i] = after - before;
        before = after;
    }

    qsort(times, calls, sizeof *times, compare);
    printf("      {\"steps_a_call\": %zu, \"calls\": %zu, \"p50_ns\": %.0f, \"p99_ns\": %.0f, \"p99.99_ns\": %.0f, \"max_ns\": %.0f}", a_call, calls,
        quantile(times, calls, 0.5), quantile(times, calls, 0.99), quantile(times, calls, 0.9999), times[calls - 1]);
    free(times);
}

/* One step a call through the checked function and through the program itself, in turns. */
static void print_overhead(const target *target)
{
    rnn_native_run native = {.struct_size = sizeof native};
    if (rnn.rnn_session_get_native_run(target->session, &native) != RNN_OK) {
        printf("null");
        return;
    }

    static double checked[ROUNDS], bare[ROUNDS];
    for (int round = -10; round < ROUNDS; round++) {
        const double start = now();
        for (int i = 0; i < ROUND_STEPS; i++) {
            require(rnn.rnn_session_run(target->session, target->input, target->inputs, target->output, target->outputs));
        }

        const double middle = now();
        for (int i = 0; i < ROUND_STEPS; i++) {
            native.run(native.program, target->input, target->output, 1);
        }

        if (round >= 0) {
            checked[round] = (middle - start) / ROUND_STEPS;
            bare[round] = (now() - middle) / ROUND_STEPS;
        }
    }

    qsort(checked, ROUNDS, sizeof *checked, compare);
    qsort(bare, ROUNDS, sizeof *bare, compare);
    printf("{\"run_min_ns\": %.1f, \"run_median_ns\": %.1f, \"native_min_ns\": %.1f, \"native_median_ns\": %.1f}", checked[0], checked[ROUNDS / 2], bare[0], bare[ROUNDS / 2]);
}

/* A process that starts: prints milliseconds and kilobytes for its parent. */
static int start_once(const char *file, const char *path)
{
    const size_t empty = resident_kilobytes();
    const double start = now();
    if (!open_library(file, &rnn)) {
        return 1;
    }

    const double opened = now();
    rnn_model model;
    static rnn_session sessions[SESSIONS + 1];
    require(rnn.rnn_start());
    const double started = now();
    require(rnn.rnn_model_load(path, NULL, &model));
    const double loaded = now();
    require(rnn.rnn_session_create(model, NULL, &sessions[SESSIONS]));
    const double created = now();
    require(rnn.rnn_session_warm_up(sessions[SESSIONS], 1));
    const double ready = now();
    const size_t resident = resident_kilobytes();
    for (int i = 0; i < SESSIONS; i++) {
        require(rnn.rnn_session_create(model, NULL, &sessions[i]));
        require(rnn.rnn_session_warm_up(sessions[i], 1));
    }

    rnn_session_info info = {.struct_size = sizeof info};
    require(rnn.rnn_session_get_info(sessions[0], &info));
    printf("%f %f %f %f %f %f %zu %zu %f %llu\n", (opened - start) / 1e6, (started - opened) / 1e6, (loaded - started) / 1e6, (created - loaded) / 1e6, (ready - created) / 1e6,
        (ready - start) / 1e6, empty, resident, (double)(resident_kilobytes() - resident) / SESSIONS, (unsigned long long)info.memory_bytes);
    return 0;
}

static void print_starts(const char *program, const char *file, const char *path, int starts)
{
    enum { NUMBERS = 10 };
    static const char *const names[NUMBERS] = {
        "open_ms", "start_ms", "load_ms", "create_ms", "first_step_ms", "total_ms", "resident_before_kb", "resident_after_kb", "further_session_kb", "memory_bytes",
    };
    double *values = calloc((size_t)starts * NUMBERS, sizeof *values);
    for (int i = 0; i < starts; i++) {
        int ends[2];
        if (pipe(ends) != 0) {
            exit(1);
        }

        const pid_t child = fork();
        if (child == 0) {
            dup2(ends[1], STDOUT_FILENO);
            execl(program, program, "--start", file, path, (char *)NULL);
            _exit(1);
        }

        close(ends[1]);
        FILE *lines = fdopen(ends[0], "r");
        for (int j = 0; j < NUMBERS; j++) {
            if (fscanf(lines, "%lf", &values[j * starts + i]) != 1) {
                fprintf(stderr, "a process that starts with %s failed\n", path);
                exit(1);
            }
        }

        fclose(lines);
        waitpid(child, NULL, 0);
    }

    printf("{\"processes\": %d", starts);
    for (int j = 0; j < NUMBERS; j++) {
        qsort(values + j * starts, (size_t)starts, sizeof *values, compare);
        printf(", \"%s\": {\"min\": %.2f, \"median\": %.2f, \"max\": %.2f}", names[j], values[j * starts], values[j * starts + starts / 2], values[j * starts + starts - 1]);
    }

    printf("}");
    free(values);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--start") == 0) {
        return start_once(argv[2], argv[3]);
    }

    const long steps = argc > 3 ? atol(argv[2]) : 0;
    const int starts = argc > 3 ? atoi(argv[3]) : 0;
    if (argc < 5 || steps < CHUNK || starts < 1 || !open_library(argv[1], &rnn)) {
        fprintf(stderr, "Usage: latency LIBRARY STEPS STARTS MODEL...\n");
        return 2;
    }

    printf("[\n");
    for (int i = 4; i < argc; i++) {
        target target = prepare(argv[i]);
        rnn_model_info info = {.struct_size = sizeof info};
        require(rnn.rnn_model_get_info(target.model, &info));
        printf("  {\"model\": \"%s\", \"kernel\": \"%s\", \"weight_bytes\": %lld,\n    \"completion_to_completion\": [\n", argv[i], info.kernel, (long long)info.weight_bytes);
        print_times(&target, steps, 1);
        printf(",\n");
        print_times(&target, steps, CHUNK);
        printf("],\n    \"one_step_a_call\": ");
        print_overhead(&target);
        printf(",\n    \"first_session\": ");
        fflush(stdout);
        print_starts(argv[0], argv[1], argv[i], starts);
        printf("}%s\n", i + 1 < argc ? "," : "");
        require(rnn.rnn_session_free(target.session));
        require(rnn.rnn_model_free(target.model));
        free(target.input);
        free(target.output);
    }

    printf("]\n");
    return 0;
}
