/* The library: its version, the start of the managed side, kernels. */

#include "front.h"
#include "managed.h"

#include <pthread.h>
#include <signal.h>

uint32_t rnn_abi_version(void) { return RNN_ABI_VERSION; }

const char *rnn_version(void) { return RNNRUNTIME_VERSION; }

static const rnn_linked_kernels linked = {rnn_kernels_abi_version, rnn_kernels_count, rnn_kernels_at, rnn_kernels_layout, rnn_run};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int is_started;
static const rnn_kernel_info *kernels;
static int32_t kernel_count;

/* The managed side ignores SIGPIPE for the whole process when it starts, which is for the host to decide. */
static rnn_status start_managed(void)
{
    struct sigaction pipe;
    const int is_known = sigaction(SIGPIPE, NULL, &pipe) == 0;
    char text[ERROR_TEXT_BYTES] = "";
    const modes modes = modes_enter();
    const rnn_status status = rnnx_start(&linked, &kernels, &kernel_count, text, sizeof text);
    modes_leave(modes);
    if (is_known) {
        sigaction(SIGPIPE, &pipe, NULL);
    }

    return status == RNN_OK ? RNN_OK : failed(status, text);
}

static rnn_status start(void)
{
    const rnn_status status = check_conditions();
    return status == RNN_OK ? start_managed() : status;
}

/* In a child of fork(2) the managed side's thread is missing, and any lock may be held. */
static atomic_int is_forked;

static void note_fork(void) { atomic_store_explicit(&is_forked, atomic_load_explicit(&is_started, memory_order_relaxed), memory_order_relaxed); }

rnn_status check_process(void)
{
    return atomic_load_explicit(&is_forked, memory_order_relaxed)
        ? fail(RNN_NOT_READY, "the process was forked after the library had started; only the sessions that it got can be used")
        : RNN_OK;
}

rnn_status rnn_start(void)
{
    if (atomic_load_explicit(&is_started, memory_order_acquire)) {
        return check_process();
    }

    pthread_mutex_lock(&lock);
    rnn_status status = RNN_OK;
    if (!atomic_load_explicit(&is_started, memory_order_relaxed) && (status = start()) == RNN_OK) {
        pthread_atfork(NULL, NULL, note_fork);
        atomic_store_explicit(&is_started, 1, memory_order_release);
    }

    pthread_mutex_unlock(&lock);
    return status;
}

rnn_status rnn_kernel_count(int32_t *count)
{
    if (count == NULL) {
        return fail(RNN_INVALID_ARGUMENT, "count is null");
    }

    const rnn_status status = rnn_start();
    if (status == RNN_OK) {
        *count = kernel_count;
    }

    return status;
}

rnn_status rnn_kernel_at(int32_t index, rnn_kernel_info *info)
{
    rnn_status status = check_struct("rnn_kernel_info", info, FIRST_KERNEL_INFO);
    if (status != RNN_OK || (status = rnn_start()) != RNN_OK || (status = check_index("kernel", index, kernel_count)) != RNN_OK) {
        return status;
    }

    copy_struct(info, &kernels[index], sizeof *info);
    return RNN_OK;
}
