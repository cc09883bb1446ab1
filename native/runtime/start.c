/* The library: its version, what the processor must have, and the managed side's start, which ends the process where it has not what it needs: so that is looked at
 * before. */

#include "front.h"
#include "managed.h"

#include <pthread.h>
#include <sys/mman.h>

uint32_t rnn_abi_version(void) { return RNN_ABI_VERSION; }

const char *rnn_version(void) { return RNNRUNTIME_VERSION; }

static const rnn_linked_kernels linked = {rnn_kernels_abi_version, rnn_kernels_count, rnn_kernels_at, rnn_kernels_layout, rnn_run};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int is_started;
static const rnn_kernel_info *kernels;
static int32_t kernel_count;

/* The managed side reserves address space for its heap when it starts, without memory behind it. */
static int has_address_space(size_t bytes)
{
    void *const space = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) {
        return 0;
    }

    munmap(space, bytes);
    return 1;
}

static rnn_status start(void)
{
    const char *const missing = missing_instructions();
    if (missing != NULL) {
        return fail(RNN_UNSUPPORTED_PROCESSOR, "the processor, or its operating system, lacks %s, for which this library is compiled", missing);
    }

    if (!has_address_space(RNN_START_ADDRESS_SPACE)) {
        return fail(RNN_OUT_OF_MEMORY, "the process has not the %llu MB of address space that the library reserves once; it may be limited (ulimit -v)",
                    (unsigned long long)(RNN_START_ADDRESS_SPACE >> 20));
    }

    error_text()[0] = 0;
    const modes modes = modes_enter();
    const rnn_status status = rnnx_start(&linked, &kernels, &kernel_count, error_text(), ERROR_TEXT_BYTES);
    modes_leave(modes);
    return status == RNN_OK ? RNN_OK : failed(status);
}

rnn_status rnn_start(void)
{
    if (atomic_load_explicit(&is_started, memory_order_acquire)) {
        return RNN_OK;
    }

    pthread_mutex_lock(&lock);
    const rnn_status status = atomic_load_explicit(&is_started, memory_order_relaxed) ? RNN_OK : start();
    atomic_store_explicit(&is_started, status == RNN_OK, memory_order_release);
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
    rnn_status status = check_struct("rnn_kernel_info", info, sizeof *info);
    if (status != RNN_OK || (status = rnn_start()) != RNN_OK) {
        return status;
    }

    if (index < 0 || index >= kernel_count) {
        return fail(RNN_INVALID_ARGUMENT, "kernel %d is asked for; there are %d, counted from 0", index, kernel_count);
    }

    copy_struct(info, &kernels[index], sizeof *info);
    return RNN_OK;
}
