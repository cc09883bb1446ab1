/* CPUID and XCR0. */
#ifndef CPUID_H
#define CPUID_H

#if defined(__x86_64__)

#include <cpuid.h>
#include <stddef.h>

typedef struct registers {
    unsigned eax, ebx, ecx, edx;
} registers;

static inline registers cpuid(unsigned leaf)
{
    registers r = {0, 0, 0, 0};
    if (leaf <= (unsigned)__get_cpuid_max(leaf & 0x80000000u, NULL)) {
        __cpuid_count(leaf, 0, r.eax, r.ebx, r.ecx, r.edx);
    }

    return r;
}

/* What the operating system saves on a switch of threads; only where CPUID says that it says so (OSXSAVE). */
static inline unsigned saved_state(void)
{
    unsigned low;
    unsigned high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static inline int has(unsigned bits, unsigned wanted) { return (bits & wanted) == wanted; }

#endif

#endif
