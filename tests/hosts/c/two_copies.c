/* Two copies of the library in one process, as when two plug-ins bring one each: they know nothing of each other. Usage: two-copies FOLDER LIBRARY OTHER
 * OTHER is a copy of the file LIBRARY under another path. */

#define _DEFAULT_SOURCE
#include "loaded.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 16, ROUNDS = 2000 };

static int failed;

static void check(int holds, const char *name)
{
    printf("%s %s\n", holds ? "ok" : "FAILED", name);
    fflush(stdout);
    failed |= !holds;
}

typedef struct copy {
    library library;
    rnn_model model;
    rnn_session session;
    size_t inputs;
    size_t outputs;
    float *output;
} copy;

static float input[STEPS * 1024];

static void load(copy *copy, const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/cell.rnn", folder);
    rnn_tensor_info in = {.struct_size = sizeof in}, out = {.struct_size = sizeof out};
    check(copy->library.rnn_model_load(path, NULL, &copy->model) == RNN_OK, "a model");
    check(copy->library.rnn_session_create(copy->model, NULL, &copy->session) == RNN_OK, "a session");
    check(copy->library.rnn_model_get_input(copy->model, 0, &in) == RNN_OK && copy->library.rnn_model_get_output(copy->model, 0, &out) == RNN_OK && in.element_count <= 1024,
        "its input and output");
    copy->inputs = STEPS * (size_t)in.element_count;
    copy->outputs = STEPS * (size_t)out.element_count;
    copy->output = calloc(copy->outputs, sizeof *copy->output);
}

static rnn_status run(copy *copy, rnn_session session)
{
    return copy->library.rnn_session_run(session, input, copy->inputs, copy->output, copy->outputs);
}

static void *run_often(void *argument)
{
    copy *copy = argument;
    rnn_status status = copy->library.rnn_session_reset(copy->session);
    for (int i = 0; i < ROUNDS && status == RNN_OK; i++) {
        status = run(copy, copy->session);
    }

    return status == RNN_OK ? copy : NULL;
}

static void check_both(copy copies[2], const char *name)
{
    void *results[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, run_often, &copies[i]) != 0) {
            exit(2);
        }
    }

    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &results[i]);
    }

    check(results[0] != NULL && results[1] != NULL && memcmp(copies[0].output, copies[1].output, copies[0].outputs * sizeof(float)) == 0, name);
}

int main(int argc, char **argv)
{
    static copy copies[2];
    if (argc != 4 || !open_library(argv[2], &copies[0].library) || !open_library(argv[3], &copies[1].library)) {
        fprintf(stderr, "Usage: two-copies FOLDER LIBRARY OTHER\n");
        return 2;
    }

    check((void *)copies[0].library.rnn_session_run != (void *)copies[1].library.rnn_session_run, "two copies");
    for (size_t i = 0; i < sizeof input / sizeof input[0]; i++) {
        input[i] = (float)(i * 2654435761u % 2001) / 1000.0f - 1.0f;
    }

    load(&copies[0], argv[1]);
    load(&copies[1], argv[1]);
    check_both(copies, "both at the same time, with the same bits");
    for (int i = 0; i < 2; i++) {
        copy *copy = &copies[i], *other = &copies[1 - i];
        rnn_session session = NULL;
        check(run(copy, other->session) == RNN_INVALID_HANDLE, "a session of the other copy is refused");
        check(copy->library.rnn_session_free(other->session) == RNN_INVALID_HANDLE, "and not freed");
        check(copy->library.rnn_session_create(other->model, NULL, &session) == RNN_INVALID_HANDLE && session == NULL, "a model of the other copy is refused");
        check(copy->library.rnn_model_free(other->model) == RNN_INVALID_HANDLE, "and not freed");
        check(copy->library.rnn_last_error()[0] != 0, "with a text");
    }

    check_both(copies, "both again");

    /* A host closes a plug-in: the copy stays where it is, since its threads do. */
    check(dlclose(copies[1].library.handle) == 0, "one is closed");
    check_both(copies, "both after one was closed");
    check(copies[1].library.rnn_session_free(copies[1].session) == RNN_OK && copies[1].library.rnn_model_free(copies[1].model) == RNN_OK, "the closed one gives up its handles");
    check(dlclose(copies[0].library.handle) == 0, "the other is closed");
    check(open_library(argv[3], &copies[1].library), "one is opened again");
    load(&copies[1], argv[1]);
    check_both(copies, "both after one was opened again");
    printf("two-copies: %s\n", failed ? "failed" : "passed");
    return failed;
}
