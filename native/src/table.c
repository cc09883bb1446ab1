/* The one table, best first. */

#include "sets.h"

#include <stddef.h>

#if defined(__x86_64__)
enum { COUNT = 4 };
#else
enum { COUNT = 1 };
#endif

static rnn_kernels table[COUNT];

static void add(int index, const rnn_kernels *set, int is_supported)
{
    table[index] = *set;
    table[index].is_supported = is_supported;
}

/* When the library is loaded, before any thread can ask. */
__attribute__((constructor)) static void fill(void)
{
    int index = 0;
#if defined(__x86_64__)
    const rnn_processor processor = rnn_detect();
    add(index++, &rnn_set_avx512vnni, processor.avx512vnni);
    add(index++, &rnn_set_avx512, processor.avx512);
    add(index++, &rnn_set_avx2, processor.avx2);
#endif
    add(index, &rnn_set_scalar, 1);
}

uint32_t rnn_kernels_abi_version(void) { return RNN_KERNELS_ABI; }

int32_t rnn_kernels_count(void) { return COUNT; }

const rnn_kernels *rnn_kernels_at(int32_t index) { return index >= 0 && index < COUNT ? &table[index] : NULL; }
