/* The functions in C# that the C front end calls: src/RnnRuntime.Exports. Nothing outside of the library sees them. Each catches everything: it returns a status and, where that is
 * not RNN_OK, writes a text of at most text_bytes with its zero. */
#ifndef MANAGED_H
#define MANAGED_H

#include "rnn_image.h"
#include "rnn_layout.h"
#include "rnn_runtime.h"

/* LinkedKernels of src/RnnRuntime/Interop */
typedef struct rnn_linked_kernels {
    uint32_t (*abi_version)(void);
    int32_t (*count)(void);
    const rnn_kernels *(*at)(int32_t index);
    const rnn_layout *(*layout)(int32_t *count);
    void (*run)(rnn_program *program, const void *input, void *output, int32_t time_steps);
} rnn_linked_kernels;

/* Before any other function: makes the kernels of this binary those of the runtime. Gives all kernels, best first; they live as long as the process. */
int32_t rnnx_start(const rnn_linked_kernels *linked, const rnn_kernel_info **kernels, int32_t *kernel_count, char *text, int32_t text_bytes);

/* A model of the bytes of a .rnn file, which may go afterwards, and what is in it. */
int32_t rnnx_model_load(const void *data, uint64_t size, const rnn_model_options *options, void **model, const rnn_model_description **description, char *text,
                        int32_t text_bytes);

void rnnx_model_free(void *model);

/* What sessions of these streams and chunks (0: the default) are made of; it lives as long as the model. */
int32_t rnnx_model_blueprint(void *model, int32_t streams, int32_t chunk_length, const rnn_blueprint **blueprint, char *text, int32_t text_bytes);

/* The same without its image, kept by nobody but for the text of managed_reason, which lives as long as the model. */
int32_t rnnx_model_describe(void *model, int32_t streams, int32_t chunk_length, rnn_blueprint *blueprint, char *text, int32_t text_bytes);

/* Fills the host of a session that managed code runs; it is closed by its host. */
int32_t rnnx_host_open(void *model, const rnn_blueprint *blueprint, void *arena, rnn_host_call *host, char *text, int32_t text_bytes);
void rnnx_host_close(void *host);

#endif
