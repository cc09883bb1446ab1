/* The C interface of the runtime. */
#ifndef RNN_RUNTIME_H
#define RNN_RUNTIME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define RNN_API
#else
#define RNN_API __attribute__((visibility("default")))
#endif

#define RNN_ABI_VERSION 1

/* RNN_ABI_VERSION of the library. */
RNN_API uint32_t rnn_abi_version(void);

/* Writes the name of the kernel that a model takes when none is named, or why there is none, cut to the capacity and closed with a zero. Returns the
 * length that the whole text has, negative where it says why there is none. */
RNN_API int32_t rnn_default_kernel(char *text, int32_t capacity);

#ifdef __cplusplus
}
#endif

#endif
