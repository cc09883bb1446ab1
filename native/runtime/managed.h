/* What the managed side (src/RnnRuntime.Exports) gives to the front end. Every function catches everything: it returns a status and, where that is not RNN_OK, a text of at most
 * text_bytes with its zero. */
#ifndef MANAGED_H
#define MANAGED_H

#include "rnn_image.h"
#include "rnn_runtime.h"

/* The kernels, best first; they live as long as the process. */
int32_t rnnx_kernels(const rnn_kernel_info **kernels, int32_t *count, char *text, int32_t text_bytes);

/* A model of a file, or of memory where the path is null, and what is in it. */
int32_t rnnx_model_load(const char *path, const void *data, uint64_t size, const rnn_model_options *options, void **model,
                        const rnn_model_description **description, char *text, int32_t text_bytes);

void rnnx_model_free(void *model);

/* What sessions of these streams and chunks (0: the default) are made of; it lives as long as the model. */
int32_t rnnx_model_blueprint(void *model, int32_t streams, int32_t chunk_length, const rnn_blueprint **blueprint, char *text, int32_t text_bytes);

/* Fills the host of a session that managed code runs; close it by its host. */
int32_t rnnx_host_open(void *model, const rnn_blueprint *blueprint, void *arena, rnn_host_call *host, char *text, int32_t text_bytes);
void rnnx_host_close(void *host);

#endif
