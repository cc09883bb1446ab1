/* What the library promises of its process: another copy of it beside the one that is linked, children of fork(2). Usage: process FOLDER OTHER, a copy of the library. */

#define _DEFAULT_SOURCE
#include "loaded.h"
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 20 };

/* The other copy's own names are seen by everybody, and still each copy calls its own functions. */
static void check_other_copy(const char *folder, const sample *sample, const char *path)
{
    static library other;
    check(open_library(path, &other), "the other copy opens", "%s", path);
    rnn_model model;
    rnn_session session;
    rnn_model_info info = {.struct_size = sizeof info};
    float *output = calloc((size_t)sample->steps * (size_t)sample->outputs, sizeof *output);
    check(other.rnn_model_load(path_of(folder, "cell.rnn"), NULL, &model) == RNN_OK, "the other copy loads", "%s", other.rnn_last_error());
    check(other.rnn_model_get_info(model, &info) == RNN_OK && strncmp(info.kernel, "c-", 2) == 0, "with the kernels that are linked into it", "%s", info.kernel);
    check(other.rnn_session_create(model, NULL, &session) == RNN_OK
            && other.rnn_session_run(session, sample->input, (size_t)sample->steps * (size_t)sample->inputs, output, (size_t)sample->steps * (size_t)sample->outputs) == RNN_OK
            && has_expected_bits(sample, 0, sample->steps, output),
        "and runs", "%s", other.rnn_last_error());
    check_status(rnn_session_free(session), RNN_INVALID_HANDLE, "its handle in this copy");
    check(other.rnn_session_free(session) == RNN_OK && other.rnn_model_free(model) == RNN_OK, "and is done", "%s", other.rnn_last_error());
    free(output);
}

static atomic_int is_over;

static void *keep_loading(void *argument)
{
    const sample *sample = argument;
    rnn_model model;
    while (!atomic_load(&is_over)) {
        EXPECT_OK(rnn_model_load_memory(sample->file.data, sample->file.size, NULL, &model));
        EXPECT_OK(rnn_model_free(model));
    }

    return NULL;
}

/* In a child: the session that it got runs; what needs the library's thread or locks is a status. */
static int run_child(const sample *sample, rnn_session session, rnn_model model, float *output)
{
    rnn_model loaded;
    rnn_session fork, made;
    rnn_session_info info = {.struct_size = sizeof info};
    int wrong = run_steps(sample, session, 0, sample->steps, output) != RNN_OK || !has_expected_bits(sample, 0, sample->steps, output);
    wrong += rnn_start() != RNN_NOT_READY || rnn_last_error()[0] == 0;
    wrong += rnn_model_load_memory(sample->file.data, sample->file.size, NULL, &loaded) != RNN_NOT_READY;
    wrong += rnn_model_get_session_info(model, NULL, &info) != RNN_NOT_READY;
    wrong += rnn_session_create(model, NULL, &made) != RNN_NOT_READY;
    wrong += rnn_session_fork(session, &fork) != RNN_NOT_READY;
    wrong += rnn_session_free(session) != RNN_NOT_READY;
    wrong += rnn_model_free(model) != RNN_NOT_READY;
    wrong += rnn_session_reset(session) != RNN_OK;
    return wrong;
}

static void check_children(const sample *sample)
{
    rnn_model model;
    rnn_session session;
    pthread_t thread;
    float *output = calloc((size_t)sample->steps * (size_t)sample->outputs, sizeof *output);
    CHECK_OK(rnn_model_load_memory(sample->file.data, sample->file.size, NULL, &model));
    CHECK_OK(rnn_session_create(model, NULL, &session));
    if (pthread_create(&thread, NULL, keep_loading, (void *)sample) != 0) {
        give_up("a thread cannot be started");
    }

    int failed = 0;
    for (int i = 0; i < CHILDREN; i++) {
        const pid_t child = fork();
        if (child == 0) {
            alarm(60);
            _exit(run_child(sample, session, model, output));
        }

        int status = 1;
        failed += child < 0 || waitpid(child, &status, 0) != child || status != 0;
    }

    atomic_store(&is_over, 1);
    pthread_join(thread, NULL);
    check(failed == 0, "children of fork", "%d of %d failed", failed, CHILDREN);
    CHECK_OK(run_steps(sample, session, 0, sample->steps, output));
    check(has_expected_bits(sample, 0, sample->steps, output), "the parent goes on", "other bits");
    CHECK_OK(rnn_session_free(session));
    CHECK_OK(rnn_model_free(model));
    free(output);
}

/* Indices that the output of the chunk before has overwritten would lead anywhere. */
static void check_overlap(const char *folder)
{
    const sample sample = read_sample(folder, "charlm"), square = read_sample(folder, "square");
    rnn_model model;
    rnn_session session;
    const size_t tokens = 64, values = tokens * (size_t)sample.outputs;
    float *memory = calloc(values + tokens, sizeof *memory);
    CHECK_OK(rnn_model_load_memory(sample.file.data, sample.file.size, NULL, &model));
    CHECK_OK(rnn_session_create(model, NULL, &session));
    check_status(rnn_session_run_int32(session, (int32_t *)memory, tokens, memory, values), RNN_INVALID_ARGUMENT, "input and output start together");
    check_status(rnn_session_run_int32(session, (int32_t *)memory + values - 1, tokens, memory, values), RNN_INVALID_ARGUMENT, "the input starts in the output");
    check_status(rnn_session_run_int32(session, (int32_t *)memory, tokens, memory + tokens - 1, values), RNN_INVALID_ARGUMENT, "the output starts in the input");
    check_status(rnn_session_run_int32(session, (int32_t *)memory, tokens, memory + tokens, values), RNN_OK, "they touch");
    CHECK_OK(rnn_session_free(session));
    CHECK_OK(rnn_model_free(model));

    CHECK_OK(rnn_model_load_memory(square.file.data, square.file.size, NULL, &model));
    CHECK_OK(rnn_session_create(model, NULL, &session));
    const size_t count = (size_t)square.steps * (size_t)square.inputs;
    float *signal = malloc(count * sizeof *signal);
    memcpy(signal, square.input, count * sizeof *signal);
    CHECK_OK(rnn_session_run(session, signal, count, signal, count));
    check(has_expected_bits(&square, 0, square.steps, signal), "in place", "other bits");
    CHECK_OK(rnn_session_free(session));
    CHECK_OK(rnn_model_free(model));
    free(signal);
    free(memory);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        give_up("Usage: process FOLDER OTHER");
    }

    const sample sample = read_sample(argv[1], "cell");
    check_other_copy(argv[1], &sample, argv[2]);
    check_children(&sample);
    check_overlap(argv[1]);
    return report("process");
}
