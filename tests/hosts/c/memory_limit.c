/* A process whose address space is limited (ulimit -v): what does not fit is RNN_OUT_OF_MEMORY, and no end of the process. Usage: memory-limit FOLDER LIBRARY
 * Each limit is tried in a child of its own: limits from before the library is loaded, after which a refused start has to work once the limit is gone; ones that leave a
 * started library a little more than it has, so that memory ends anywhere while a model is loaded; and small stacks of the thread that calls first. */

#define _DEFAULT_SOURCE
#include "loaded.h"
#include "memory_use.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKS = 0, REFUSED = 10, NOT_LOADED = 11, WRONG = 12 };

/* What rnn_runtime.h asks for, in kilobytes. */
enum { ENOUGH_STACK = 256 };

static char cell_path[4096], language_path[4096];

static int refuse(const library *library, rnn_status status, const char *call, long megabytes)
{
    printf("%ld MB: %s: %s: %s\n", megabytes, call, library->rnn_status_name(status), library->rnn_last_error());
    return status == RNN_OUT_OF_MEMORY && library->rnn_last_error()[0] != 0 ? REFUSED : WRONG;
}

/* A start, and the first steps of a model. */
static int starts_and_runs(const library *library)
{
    rnn_model model;
    rnn_session session;
    return library->rnn_start() == RNN_OK && library->rnn_model_load(cell_path, NULL, &model) == RNN_OK && library->rnn_session_create(model, NULL, &session) == RNN_OK &&
           library->rnn_session_warm_up(session, 2) == RNN_OK && library->rnn_session_free(session) == RNN_OK && library->rnn_model_free(model) == RNN_OK;
}

/* What one process does below a limit. Sessions are made until there is no room; then they are freed, and one has to fit again. */
static int run_limited(const char *file, long megabytes)
{
    enum { MOST = 200000 };
    static rnn_session sessions[MOST];
    library library;
    struct rlimit usual;
    if (getrlimit(RLIMIT_AS, &usual) != 0) {
        return WRONG;
    }

    const struct rlimit limit = {(rlim_t)megabytes << 20, usual.rlim_max};
    if (megabytes > 0 && setrlimit(RLIMIT_AS, &limit) != 0) {
        return WRONG;
    }

    if (!open_library(file, &library)) {
        return NOT_LOADED;
    }

    rnn_model model;
    rnn_status status = library.rnn_start();
    if (status != RNN_OK) {
        const int result = refuse(&library, status, "rnn_start", megabytes);
        setrlimit(RLIMIT_AS, &usual);
        if (!starts_and_runs(&library)) {
            printf("%ld MB: a start after the limit is gone: %s\n", megabytes, library.rnn_last_error());
            return WRONG;
        }

        return result;
    }

    if ((status = library.rnn_model_load(cell_path, NULL, &model)) != RNN_OK) {
        return refuse(&library, status, "rnn_model_load", megabytes);
    }

    /* The most streams: sessions of many megabytes. */
    const rnn_session_options options = {.struct_size = sizeof options, .streams = 4096, .chunk_length = 1};
    int count = 0;
    const int most = megabytes > 0 ? MOST : 3;
    while (count < most && (status = library.rnn_session_create(model, &options, &sessions[count])) == RNN_OK) {
        count++;
    }

    if (megabytes > 0 && refuse(&library, status, "rnn_session_create", megabytes) != REFUSED) {
        return WRONG;
    }

    for (int i = 0; i < count; i++) {
        if (library.rnn_session_free(sessions[i]) != RNN_OK) {
            return WRONG;
        }
    }

    if (count > 0 && (library.rnn_session_create(model, &options, &sessions[0]) != RNN_OK || library.rnn_session_warm_up(sessions[0], 1) != RNN_OK)) {
        return WRONG;
    }

    printf("%ld MB: %d sessions at once\n", megabytes, count);
    return count > 0 ? WORKS : REFUSED;
}

/* Loads a model, makes a session and runs it where the address space has so many more kilobytes; where that fails, it has to work once the limit is gone. */
static int run_short_of_memory(const char *file, long kilobytes)
{
    library library;
    rnn_model model;
    rnn_session session;
    const int32_t token = 1;
    float output[65];
    struct rlimit usual;
    if (!open_library(file, &library) || library.rnn_start() != RNN_OK || getrlimit(RLIMIT_AS, &usual) != 0) {
        return WRONG;
    }

    const struct rlimit limit = {read_memory_use().address_space + ((rlim_t)kilobytes << 10), usual.rlim_max};
    rnn_status statuses[4] = {RNN_OK, RNN_OK, RNN_OK, RNN_OK};
    setrlimit(RLIMIT_AS, &limit);
    if ((statuses[0] = library.rnn_model_load(language_path, NULL, &model)) == RNN_OK) {
        if ((statuses[1] = library.rnn_session_create(model, NULL, &session)) == RNN_OK) {
            statuses[2] = library.rnn_session_run_int32(session, &token, 1, output, 65);
            statuses[3] = library.rnn_session_free(session);
        }

        library.rnn_model_free(model);
    }

    setrlimit(RLIMIT_AS, &usual);
    for (int i = 0; i < 4; i++) {
        if (statuses[i] != RNN_OK && (statuses[i] != RNN_OUT_OF_MEMORY || library.rnn_last_error()[0] == 0)) {
            printf("%ld KB: call %d: %s: %s\n", kilobytes, i, library.rnn_status_name(statuses[i]), library.rnn_last_error());
            return WRONG;
        }
    }

    const int works = statuses[0] == RNN_OK && statuses[1] == RNN_OK && statuses[2] == RNN_OK && statuses[3] == RNN_OK;
    return library.rnn_model_load(language_path, NULL, &model) != RNN_OK || library.rnn_session_create(model, NULL, &session) != RNN_OK ? WRONG : works ? WORKS : REFUSED;
}

typedef struct first_call {
    const library *library;
    int loads; /* or starts */
    rnn_status status;
    int has_text;
} first_call;

static void *call_first(void *argument)
{
    first_call *first = argument;
    rnn_model model;
    first->status = first->loads ? first->library->rnn_model_load(cell_path, NULL, &model) : first->library->rnn_start();
    first->has_text = first->library->rnn_last_error()[0] != 0;
    return NULL;
}

/* The process's first call is by a thread with so little stack: it works or is refused, and a thread with enough stack goes on. */
static int call_on_small_stack(const char *file, long kilobytes, int loads)
{
    library library;
    pthread_t thread;
    pthread_attr_t attributes;
    first_call first = {.library = &library, .loads = loads};
    if (!open_library(file, &library) || pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, (size_t)kilobytes << 10) != 0 ||
        pthread_create(&thread, &attributes, call_first, &first) != 0) {
        return NOT_LOADED;
    }

    pthread_join(thread, NULL);
    const int may_be_refused = kilobytes < ENOUGH_STACK && first.status == RNN_OUT_OF_MEMORY && first.has_text;
    if ((first.status != RNN_OK && !may_be_refused) || !starts_and_runs(&library)) {
        printf("%ld KB: %s, then %s\n", kilobytes, library.rnn_status_name(first.status), library.rnn_last_error());
        return WRONG;
    }

    return first.status == RNN_OK ? WORKS : REFUSED;
}

static int start_on_small_stack(const char *file, long kilobytes) { return call_on_small_stack(file, kilobytes, 0); }

static int load_on_small_stack(const char *file, long kilobytes) { return call_on_small_stack(file, kilobytes, 1); }

/* In a child: its result, and WRONG where a signal ended it. */
static int run_in_child(int (*function)(const char *file, long limit), const char *file, long limit, const char *unit)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        const int result = function(file, limit);
        fflush(stdout);
        _exit(result);
    }

    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) != WRONG) {
        return WEXITSTATUS(status);
    }

    printf("FAILED %ld %s: %s %d\n", limit, unit, WIFSIGNALED(status) ? "signal" : "exit code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return WRONG;
}

typedef struct results {
    int wrong, refused, worked;
} results;

static void count(results *results, int result)
{
    results->wrong += result == WRONG;
    results->refused += result == REFUSED;
    results->worked += result == WORKS;
}

/* There has to be a limit at which the library works, and for memory one at which it refuses: otherwise nothing was tried. */
static int judge(const results *results, int needs_refusals, const char *name)
{
    const int holds = results->wrong == 0 && (results->refused > 0 || !needs_refusals) && results->worked > 0;
    printf("%s %s: refused %d times, worked %d times, wrong %d times\n", holds ? "ok" : "FAILED", name, results->refused, results->worked, results->wrong);
    return holds;
}

int main(int argc, char **argv)
{
    static const long limits[] = {8, 16, 64, 256, 1024, 1280, 1290, 1300, 1310, 1320, 1340, 1360, 1400, 1440, 1480, 1520, 1560, 1600, 2048, 4096, 0};
    if (argc != 3) {
        fprintf(stderr, "Usage: memory-limit FOLDER LIBRARY\n");
        return 2;
    }

    snprintf(cell_path, sizeof cell_path, "%s/cell.rnn", argv[1]);
    snprintf(language_path, sizeof language_path, "%s/charlm.rnn", argv[1]);
    static const long stacks[] = {48, 64, 128, ENOUGH_STACK, 1024};
    results from_the_start = {0}, after_the_start = {0}, starts = {0}, loads = {0};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        count(&from_the_start, run_in_child(run_limited, argv[2], limits[i], "MB"));
    }

    for (long kilobytes = 0; kilobytes <= 32768; kilobytes += kilobytes < 12288 ? 96 : 2048) {
        count(&after_the_start, run_in_child(run_short_of_memory, argv[2], kilobytes, "KB more"));
    }

    for (size_t i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        count(&starts, run_in_child(start_on_small_stack, argv[2], stacks[i], "KB of stack, rnn_start first"));
        count(&loads, run_in_child(load_on_small_stack, argv[2], stacks[i], "KB of stack, rnn_model_load first"));
    }

    const int holds = judge(&from_the_start, 1, "limits from the start") & judge(&after_the_start, 1, "limits after the start") & judge(&starts, 0, "stacks of rnn_start") &
                      judge(&loads, 0, "stacks of rnn_model_load");
    return holds ? 0 : 1;
}
