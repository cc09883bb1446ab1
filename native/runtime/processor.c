/* What the managed part of the library is compiled for. Its runtime ends the process where that is missing, so it is looked at before. */

#include "front.h"

#include "../src/cpuid.h"

#if defined(__x86_64__)

/* x86-64-v3, the IlcInstructionSet of src/RnnRuntime.Exports. */
const char *missing_instructions(void)
{
    enum { AVX_STATE = 0x06 };
    const unsigned sse3 = 1u << 0, ssse3 = 1u << 9, fma = 1u << 12, cx16 = 1u << 13, sse41 = 1u << 19, sse42 = 1u << 20, movbe = 1u << 22, popcnt = 1u << 23,
                   osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
    const unsigned bmi1 = 1u << 3, avx2 = 1u << 5, bmi2 = 1u << 8, lzcnt = 1u << 5;
    const registers basic = cpuid(1), extended = cpuid(7), amd = cpuid(0x80000001u);
    if (!has(basic.ecx, sse3 | ssse3 | cx16 | sse41 | sse42 | popcnt)) {
        return "SSE4.2 and POPCNT (x86-64-v2)";
    }

    if (!has(basic.ecx, osxsave | avx) || !has(saved_state(), AVX_STATE)) {
        return "AVX";
    }

    if (!has(extended.ebx, avx2)) {
        return "AVX2";
    }

    return has(basic.ecx, fma | movbe | f16c) && has(extended.ebx, bmi1 | bmi2) && has(amd.ecx, lzcnt) ? NULL : "FMA, F16C, MOVBE, BMI1, BMI2 or LZCNT (x86-64-v3)";
}

#else

const char *missing_instructions(void) { return NULL; }

#endif
