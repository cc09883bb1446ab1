/* The library: its version, what the processor must have, and the managed side's start, which ends the process where it has not what it needs: so that is looked at
 * before. */

#define _GNU_SOURCE /* pthread_getattr_np */

#include "front.h"
#include "managed.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

uint32_t rnn_abi_version(void) { return RNN_ABI_VERSION; }

const char *rnn_version(void) { return RNNRUNTIME_VERSION; }

static const rnn_linked_kernels linked = {rnn_kernels_abi_version, rnn_kernels_count, rnn_kernels_at, rnn_kernels_layout, rnn_run};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int is_started;
static const rnn_kernel_info *kernels;
static int32_t kernel_count;

/* What the managed side reserves when it starts, without memory behind it: RegionRange of src/RnnRuntime.Exports/Linking.targets, and what its thread and the allocator take. */
static size_t address_space(void)
{
    const size_t heap = (size_t)1 << 30, rest = (size_t)256 << 20;
    struct rlimit stack;
    return heap + rest + (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur != RLIM_INFINITY ? (size_t)stack.rlim_cur : 0);
}

static int has_address_space(size_t bytes)
{
    void *const space = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) {
        return 0;
    }

    munmap(space, bytes);
    return 1;
}

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

/* The managed side's start is deeper than it can look itself. */
static int has_stack(void)
{
    enum { NEEDED = 160 << 10 };
    int has = 1;
#if defined(__GLIBC__)
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        void *lowest;
        size_t size;
        if (pthread_attr_getstack(&attributes, &lowest, &size) == 0) {
            /* A stack of the host's own making says nothing of its size. */
            const uintptr_t room = (uintptr_t)__builtin_frame_address(0) - (uintptr_t)lowest;
            has = room >= size || room >= NEEDED;
        }

        pthread_attr_destroy(&attributes);
    }
#endif
    return has;
}

static rnn_status start(void)
{
    const char *const missing = missing_instructions();
    if (missing != NULL) {
        return fail(RNN_UNSUPPORTED_PROCESSOR, "the processor, or its operating system, lacks %s, for which this library is compiled", missing);
    }

    if (!has_stack()) {
        return fail(RNN_OUT_OF_MEMORY, "the thread has too little stack left for the start of the library; expected 256 KB");
    }

    const size_t needed = address_space();
    return has_address_space(needed)
        ? start_managed()
        : fail(RNN_OUT_OF_MEMORY, "the process has not the %zu MB of address space that the library reserves once; it may be limited (ulimit -v)", needed >> 20);
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
    rnn_status status = check_struct("rnn_kernel_info", info, FIRST_KERNEL_INFO);
    if (status != RNN_OK || (status = rnn_start()) != RNN_OK || (status = check_index("kernel", index, kernel_count)) != RNN_OK) {
        return status;
    }

    copy_struct(info, &kernels[index], sizeof *info);
    return RNN_OK;
}
