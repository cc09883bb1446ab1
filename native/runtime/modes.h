/* Floating-point modes: results are those of the default ones, whatever the host has set on its thread, and an exception that it traps must not end the process. */
#ifndef MODES_H
#define MODES_H

#include <stdint.h>

#if defined(__x86_64__)

#include <immintrin.h>

typedef uint32_t modes;

/* Round to nearest, no flush to zero, every exception masked; the low six bits are flags, which every operation sets. */
enum { DEFAULT_MODES = 0x1f80, FLAGS = 0x3f };

static inline modes modes_enter(void)
{
    const modes found = _mm_getcsr();
    if ((found & ~(modes)FLAGS) != DEFAULT_MODES) {
        _mm_setcsr(DEFAULT_MODES);
    }

    return found;
}

static inline void modes_leave(modes found)
{
    if ((found & ~(modes)FLAGS) != DEFAULT_MODES) {
        _mm_setcsr(found);
    }
}

#elif defined(__aarch64__)

typedef uint64_t modes;

static inline void modes_set(modes value) { __asm__ volatile("msr fpcr, %0" : : "r"(value)); }

static inline modes modes_enter(void)
{
    modes found;
    __asm__ volatile("mrs %0, fpcr" : "=r"(found));
    if (found != 0) {
        modes_set(0);
    }

    return found;
}

static inline void modes_leave(modes found)
{
    if (found != 0) {
        modes_set(found);
    }
}

#else
#error "floating-point modes of this processor are not known"
#endif

#endif
