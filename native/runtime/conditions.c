/* What has to hold before the managed side starts, which ends the process where it has not what it needs. */

#define _GNU_SOURCE /* pthread_getattr_np */

#include "front.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* What the managed side reserves, without memory behind it: RegionRange of src/RnnRuntime.Exports/Linking.targets, and what its thread and the allocator take. */
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

/* The start is deeper than it can look itself. */
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

rnn_status check_room(void)
{
    enum { ROOM = 1 << 20 };
    void *const memory = malloc(1 << 12);
    const int has_memory = memory != NULL && has_address_space(ROOM);
    free(memory);
    return has_memory ? RNN_OK : fail(RNN_OUT_OF_MEMORY, "the process has no memory left; the call needs some %d KB", ROOM >> 10);
}

static void *do_nothing(void *argument) { return argument; }

/* One is started. */
static int has_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, do_nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

rnn_status check_conditions(void)
{
    const char *const missing = missing_instructions();
    const size_t needed = address_space();
    return missing != NULL ? fail(RNN_UNSUPPORTED_PROCESSOR, "the processor, or its operating system, lacks %s, for which this library is compiled", missing)
        : !has_stack() ? fail(RNN_OUT_OF_MEMORY, "the thread has too little stack left for the start of the library; expected 256 KB")
        : !has_address_space(needed) ? fail(RNN_OUT_OF_MEMORY, "the process has not the %zu MB of address space that the library reserves once; it may be limited (ulimit -v)", needed >> 20)
        : !has_thread() ? fail(RNN_OUT_OF_MEMORY, "the process cannot start the thread that the library needs; their number may be limited (ulimit -u)")
        : RNN_OK;
}

/* The managed side's settings are those that it was linked with. Variables for managed hosts (DOTNET_GCHeapHardLimit ...) would change them, and some end the process. The link
 * gives it this function in place of getenv. */
char *__real_getenv(const char *name);
char *__wrap_getenv(const char *name);
char *__wrap_getenv(const char *name)
{
    static const char *const prefixes[] = {"DOTNET_", "COMPlus_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            return NULL;
        }
    }

    return __real_getenv(name);
}
