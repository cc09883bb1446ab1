/* The sets of the library, each in a file of its own, and which of them this processor can run. */
#ifndef SETS_H
#define SETS_H

#include "rnn_kernels.h"

#if defined(__x86_64__)
extern const rnn_kernels rnn_set_avx512vnni;
extern const rnn_kernels rnn_set_avx512;
extern const rnn_kernels rnn_set_avx2;
#endif
extern const rnn_kernels rnn_set_scalar;

/* What the processor has and its operating system saves on a switch of threads. */
typedef struct rnn_processor {
    int avx2;       /* AVX2, FMA and F16C */
    int avx512;     /* those, and AVX-512 F, BW, VL and DQ */
    int avx512vnni; /* those, and AVX-512 VNNI */
} rnn_processor;

rnn_processor rnn_detect(void);

#endif
