/* The sets of the library, best first, each in a file of its own, and which of them this processor can run. */
#ifndef SETS_H
#define SETS_H

#include "rnn_kernels.h"

/* SET(name) for every set: its table is rnn_set_NAME, and the member of rnn_processor with that name tells whether it can run. */
#if defined(__x86_64__)
#define RNN_SETS(SET) SET(avx512vnni) SET(avx512) SET(avx2) SET(scalar)
#else
#define RNN_SETS(SET) SET(scalar)
#endif

#define DECLARE_SET(name) extern const rnn_kernels rnn_set_##name;
RNN_SETS(DECLARE_SET)
#undef DECLARE_SET

/* What the processor has and its operating system saves on a switch of threads. */
typedef struct rnn_processor {
    int avx2;       /* AVX2, FMA and F16C */
    int avx512;     /* those, and AVX-512 F, BW, VL and DQ */
    int avx512vnni; /* those, and AVX-512 VNNI */
    int scalar;     /* nothing: always 1 */
} rnn_processor;

rnn_processor rnn_detect(void);

#endif
