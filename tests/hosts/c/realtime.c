/* Holds the functions marked [real-time] to it: no allocation and no lock, counted in this process, whose allocator and mutexes the library uses; and no system call, in a child whose
 * kernel ends it at the first one but read, write and exit (seccomp's strict mode). */

#define _GNU_SOURCE

#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit code of a child where the kernel has no strict mode. */
enum { NO_STRICT_MODE = 77 };

/* What this thread has called while it counts. */
static _Thread_local int counts;
static _Thread_local long calls;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

void *malloc(size_t size) { return calls += counts, __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return calls += counts, __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return calls += counts, __libc_realloc(memory, size); }
void *aligned_alloc(size_t alignment, size_t size) { return calls += counts, __libc_memalign(alignment, size); }
void free(void *memory) { calls += counts; __libc_free(memory); }

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static int (*real)(pthread_mutex_t *);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    }

    calls += counts;
    return real(mutex);
}

typedef struct fixture {
    sample sample;
    rnn_session session;
    rnn_session other;
    rnn_session_info info;
    float *output;
    uint8_t *saved;
    float *state;
    int32_t state_count;
    size_t state_values;
} fixture;

static void prepare(fixture *fixture, const char *folder, const char *name)
{
    fixture->sample = read_sample(folder, name);
    rnn_model model;
    rnn_model_info model_info = {.struct_size = sizeof model_info};
    rnn_tensor_info state = {.struct_size = sizeof state};
    CHECK_OK(rnn_model_load_memory(fixture->sample.file.data, fixture->sample.file.size, NULL, &model));
    CHECK_OK(rnn_session_create(model, NULL, &fixture->session));
    CHECK_OK(rnn_session_create(model, NULL, &fixture->other));
    CHECK_OK(rnn_model_get_info(model, &model_info));
    CHECK_OK(rnn_model_get_state(model, 0, &state));
    fixture->info.struct_size = sizeof fixture->info;
    CHECK_OK(rnn_session_get_info(fixture->session, &fixture->info));
    check(fixture->info.runs_natively, name, "it does not run natively: %s", fixture->info.managed_reason);
    fixture->output = calloc((size_t)fixture->sample.steps * (size_t)fixture->sample.outputs, sizeof *fixture->output);
    fixture->saved = malloc((size_t)fixture->info.state_bytes);
    fixture->state_values = (size_t)state.element_count;
    fixture->state = calloc(fixture->state_values, sizeof *fixture->state);
    CHECK_OK(rnn_model_free(model));
}

/* Every function that is marked, as it is meant and refused. Returns how many calls gave what they should not. */
static int call_everything(const fixture *fixture)
{
    const sample *sample = &fixture->sample;
    int wrong = 0;
#define GIVES(status, call) (wrong += (call) != (status))
    rnn_session session = fixture->session;
    GIVES(RNN_OK, rnn_session_reset(session));
    GIVES(RNN_OK, run_steps(sample, session, 0, 1, fixture->output));
    GIVES(RNN_OK, rnn_session_save_state(session, fixture->saved, (size_t)fixture->info.state_bytes));
    GIVES(RNN_OK, run_steps(sample, session, 1, sample->steps - 1, fixture->output));
    wrong += !has_expected_bits(sample, 0, sample->steps, fixture->output);
    GIVES(RNN_OK, rnn_session_warm_up(fixture->other, 40));
    GIVES(RNN_OK, rnn_session_load_state(fixture->other, fixture->saved, (size_t)fixture->info.state_bytes));
    GIVES(RNN_OK, run_in_chunks(sample, fixture->other, 1, sample->steps - 1, fixture->output));
    wrong += !has_expected_bits(sample, 0, sample->steps, fixture->output);
    GIVES(RNN_OK, rnn_session_carry_state(fixture->other, session, NULL));
    GIVES(RNN_OK, rnn_session_get_state(session, 0, fixture->state, fixture->state_values));
    GIVES(RNN_OK, rnn_session_set_state(session, 0, fixture->state, fixture->state_values));
    GIVES(RNN_OK, rnn_session_reset_stream(session, 0));

    const void *input = input_at(sample, 0);
    GIVES(RNN_OK, sample->is_int32 ? rnn_session_set_input_int32(session, 0, input, (size_t)sample->inputs) : rnn_session_set_input(session, 0, input, (size_t)sample->inputs));
    GIVES(RNN_OK, rnn_session_run_inputs(session, 1));
    GIVES(RNN_OK, rnn_session_get_output(session, 0, fixture->output, (size_t)sample->outputs));
    GIVES(RNN_WRONG_TYPE, rnn_session_get_output_int32(session, 0, (int32_t *)fixture->output, (size_t)sample->outputs));

    rnn_session_info info = {.struct_size = sizeof info};
    rnn_native_run run = {.struct_size = sizeof run};
    GIVES(RNN_OK, rnn_session_get_info(session, &info));
    GIVES(RNN_OK, rnn_session_get_native_run(session, &run));
    GIVES(RNN_INVALID_ARGUMENT, rnn_session_run(session, NULL, 0, NULL, 0));
    GIVES(RNN_INVALID_HANDLE, rnn_session_run(NULL, NULL, 0, NULL, 0));
    GIVES(RNN_WRONG_LENGTH, rnn_session_save_state(session, fixture->saved, 1));
    wrong += rnn_abi_version() != RNN_ABI_VERSION || rnn_version()[0] == 0 || rnn_status_name(RNN_BUSY)[0] == 0 || rnn_last_error()[0] == 0;
    return wrong;
}

static void count_calls(const fixture *fixture)
{
    counts = 1;
    const int wrong = call_everything(fixture);
    counts = 0;
    check(wrong == 0, fixture->sample.name, "%d calls gave what they should not", wrong);
    check(calls == 0, "no allocation and no lock", "%ld calls of the allocator or of pthread_mutex_lock", calls);
}

static void count_system_calls(const fixture *fixture)
{
    fflush(NULL);
    const pid_t child = fork();
    if (child < 0) {
        give_up("fork: %s", strerror(errno));
    }

    if (child == 0) {
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) {
            _exit(NO_STRICT_MODE);
        }

        syscall(SYS_exit, call_everything(fixture) == 0 ? 0 : 1);
    }

    int status;
    if (waitpid(child, &status, 0) != child) {
        give_up("waitpid: %s", strerror(errno));
    }

    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_STRICT_MODE) {
        printf("SKIPPED system calls of %s: the kernel has no strict mode of seccomp\n", fixture->sample.name);
        return;
    }

    check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "no system call", "%s %d", WIFEXITED(status) ? "exit code" : "ended by signal",
          WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* That what counts is counted, and that the strict mode is one. */
static void check_the_checks(void)
{
    counts = 1;
    free(malloc(16));
    counts = 0;
    check(calls == 2, "allocations are counted", "%ld of 2", calls);
    calls = 0;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) {
            _exit(NO_STRICT_MODE);
        }

        syscall(SYS_getpid);
        syscall(SYS_exit, 0);
    }

    int status;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != NO_STRICT_MODE) {
        check(WIFSIGNALED(status), "a system call ends a child", "it went on");
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        give_up("usage: %s FOLDER", argv[0]);
    }

    /* The texts of this thread. */
    rnn_last_error();
    check_the_checks();
    for (int i = 0; i < 2; i++) {
        fixture fixture = {0};
        prepare(&fixture, argv[1], i == 0 ? "cell" : "charlm");
        count_calls(&fixture);
        count_system_calls(&fixture);
    }

    return report(argv[0]);
}
