/* The one table, in the order of RNN_SETS. */

#include "sets.h"

#include <stddef.h>

#define COUNT_SET(name) +1
enum { COUNT = 0 RNN_SETS(COUNT_SET) };

static rnn_kernels table[COUNT];

/* When the library is loaded, before any thread can ask. */
__attribute__((constructor)) static void fill(void)
{
    const rnn_processor processor = rnn_detect();
    rnn_kernels *next = table;
#define ADD_SET(name)                              \
    *next = rnn_set_##name;                        \
    next++->is_supported = processor.name != 0;
    RNN_SETS(ADD_SET)
}

uint32_t rnn_kernels_abi_version(void) { return RNN_KERNELS_ABI; }

int32_t rnn_kernels_count(void) { return COUNT; }

const rnn_kernels *rnn_kernels_at(int32_t index) { return index >= 0 && index < COUNT ? &table[index] : NULL; }
