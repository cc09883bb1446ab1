/* The functions in C# that the C front end calls: src/RnnRuntime.Exports. Nothing outside of the library sees them. */
#ifndef RNN_MANAGED_H
#define RNN_MANAGED_H

#include "rnn_kernels.h"
#include "rnn_layout.h"
#include "rnn_program.h"

/* LinkedKernels of src/RnnRuntime/Interop */
typedef struct rnn_linked_kernels {
    uint32_t (*abi_version)(void);
    int32_t (*count)(void);
    const rnn_kernels *(*at)(int32_t index);
    const rnn_layout *(*layout)(int32_t *count);
    void (*run)(rnn_program *program, const void *input, void *output, int32_t time_steps);
} rnn_linked_kernels;

/* Before any other function: makes the kernels of this binary those of the runtime. Like rnnx_default_kernel, but 0 where all is well. */
int32_t rnnx_initialize(const rnn_linked_kernels *kernels, char *text, int32_t capacity);

int32_t rnnx_default_kernel(char *text, int32_t capacity);

#endif
