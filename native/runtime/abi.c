#include "managed.h"
#include "rnn_runtime.h"

static const rnn_linked_kernels linked = {rnn_kernels_abi_version, rnn_kernels_count, rnn_kernels_at, rnn_kernels_layout, rnn_run};

uint32_t rnn_abi_version(void) { return RNN_ABI_VERSION; }

int32_t rnn_default_kernel(char *text, int32_t capacity)
{
    int32_t status = rnnx_initialize(&linked, text, capacity);
    return status != 0 ? status : rnnx_default_kernel(text, capacity);
}
