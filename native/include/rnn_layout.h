/* Where the compiler puts the fields of the structs that C and C# share; a test of the library holds both together. */
#ifndef RNN_LAYOUT_H
#define RNN_LAYOUT_H

#include "rnn_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rnn_layout {
    const char *structure;
    const char *field;
    int32_t offset;
    int32_t size;
} rnn_layout;

/* All fields of all structs, in order. */
RNN_EXPORT const rnn_layout *rnn_kernels_layout(int32_t *count);

#ifdef __cplusplus
}
#endif

#endif
