/* What this processor can run: by CPUID, and by the registers that the operating system saves (XCR0), without which an instruction that the processor has
 * still faults or loses its registers. */

#include "cpuid.h"
#include "sets.h"

#if defined(__x86_64__)

rnn_processor rnn_detect(void)
{
    enum { AVX_STATE = 0x06, AVX512_STATE = 0xe6 };
    const unsigned fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
    const unsigned avx2 = 1u << 5, avx512f = 1u << 16, avx512dq = 1u << 17, avx512bw = 1u << 30, avx512vl = 1u << 31;
    const unsigned avx512vnni = 1u << 11;

    rnn_processor result = {.scalar = 1};
    const registers basic = cpuid(1);
    const registers extended = cpuid(7);
    if (!has(basic.ecx, osxsave | avx | fma | f16c) || !has(saved_state(), AVX_STATE)) {
        return result;
    }

    result.avx2 = has(extended.ebx, avx2);
    result.avx512 = result.avx2 && has(extended.ebx, avx512f | avx512dq | avx512bw | avx512vl) && has(saved_state(), AVX512_STATE);
    result.avx512vnni = result.avx512 && has(extended.ecx, avx512vnni);
    return result;
}

#else

rnn_processor rnn_detect(void)
{
    const rnn_processor result = {.scalar = 1};
    return result;
}

#endif
