/* A process whose address space is limited (ulimit -v): what does not fit is RNN_OUT_OF_MEMORY, and no end of the process. Usage: memory-limit FOLDER LIBRARY
 * Each limit is tried in a child of its own, from before the library is loaded. */

#define _DEFAULT_SOURCE
#include "loaded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKS = 0, REFUSED = 10, NOT_LOADED = 11, WRONG = 12 };

static char path[4096];

static int refuse(const library *library, rnn_status status, const char *call, long megabytes)
{
    printf("%ld MB: %s: %s: %s\n", megabytes, call, library->rnn_status_name(status), library->rnn_last_error());
    return status == RNN_OUT_OF_MEMORY && library->rnn_last_error()[0] != 0 ? REFUSED : WRONG;
}

/* What one process does below a limit. Sessions are made until there is no room; then they are freed, and one has to fit again. */
static int run_limited(const char *file, long megabytes)
{
    enum { MOST = 200000 };
    static rnn_session sessions[MOST];
    library library;
    const struct rlimit limit = {(rlim_t)megabytes << 20, (rlim_t)megabytes << 20};
    if (megabytes > 0 && setrlimit(RLIMIT_AS, &limit) != 0) {
        return WRONG;
    }

    if (!open_library(file, &library)) {
        return NOT_LOADED;
    }

    rnn_model model;
    rnn_status status = library.rnn_start();
    if (status != RNN_OK) {
        return refuse(&library, status, "rnn_start", megabytes);
    }

    if ((status = library.rnn_model_load(path, NULL, &model)) != RNN_OK) {
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

int main(int argc, char **argv)
{
    static const long limits[] = {8, 16, 32, 64, 128, 256, 512, 1024, 1280, 1536, 1600, 1700, 1792, 1900, 2048, 2560, 3072, 4096, 0};
    if (argc != 3) {
        fprintf(stderr, "Usage: memory-limit FOLDER LIBRARY\n");
        return 2;
    }

    snprintf(path, sizeof path, "%s/cell.rnn", argv[1]);
    int failed = 0, refused = 0, worked = 0;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0) {
            const int result = run_limited(argv[2], limits[i]);
            fflush(stdout);
            _exit(result);
        }

        int status = 0;
        waitpid(child, &status, 0);
        const int code = WIFEXITED(status) ? WEXITSTATUS(status) : WRONG;
        refused += code == REFUSED;
        worked += code == WORKS;
        failed += code == WRONG;
        printf("%s %ld MB: %s (%d)\n", code == WRONG ? "FAILED" : "ok", limits[i],
            code == WORKS ? "it works" : code == REFUSED ? "refused" : code == NOT_LOADED ? "the loader refuses" : "the process ended, or gave another status",
            WIFSIGNALED(status) ? WTERMSIG(status) : code);
    }

    /* A limit at which the library refuses, and one at which it works: otherwise nothing was tried. */
    printf("%s %d limits were refused, with %d it worked\n", refused > 0 && worked > 1 ? "ok" : "FAILED", refused, worked);
    return failed > 0 || refused == 0 || worked < 2;
}
