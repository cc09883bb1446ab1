/* What the bench cannot do in C#: the peak of vpdpbusd with 512-bit registers, and a thread that the .NET runtime does not know.
 * Built beside the program where a C compiler is found; without it those lines say so. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* 0: nothing; 1: AVX-512 VNNI on 256-bit and 512-bit registers. The compiler's run-time library asks the operating system too. */
int32_t bench_vnni(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vl");
#else
    return 0;
#endif
}

#if defined(__x86_64__)
/* Twelve chains of vpdpbusd, the weights loaded anew for each as a kernel does; 128 bytes of weights a chain. */
__attribute__((target("avx512vnni,avx512vl,avx512f,avx512bw"))) int32_t bench_vnni512(int64_t turns, const int8_t *weights)
{
    __m512i x = _mm512_set1_epi8(3), sum[12];
    for (int i = 0; i < 12; i++)
        sum[i] = _mm512_setzero_si512();
    for (int64_t turn = 0; turn < turns; turn++) {
        const int8_t *w = weights + (turn & 1) * 12 * 64;
#pragma GCC unroll 12
        for (int i = 0; i < 12; i++)
            sum[i] = _mm512_dpbusd_epi32(sum[i], x, _mm512_load_si512(w + i * 64));
    }
    __m512i all = _mm512_setzero_si512();
    for (int i = 0; i < 12; i++)
        all = _mm512_add_epi32(all, sum[i]);
    return _mm512_reduce_add_epi32(all);
}

__attribute__((target("avx512vnni,avx512vl,avx512f,avx512bw"))) int32_t bench_vnni256(int64_t turns, const int8_t *weights)
{
    __m256i x = _mm256_set1_epi8(3), sum[12];
    for (int i = 0; i < 12; i++)
        sum[i] = _mm256_setzero_si256();
    for (int64_t turn = 0; turn < turns; turn++) {
        const int8_t *w = weights + (turn & 1) * 12 * 32;
#pragma GCC unroll 12
        for (int i = 0; i < 12; i++)
            sum[i] = _mm256_dpbusd_epi32(sum[i], x, _mm256_load_si256((const __m256i *)(w + i * 32)));
    }
    __m256i all = _mm256_setzero_si256();
    for (int i = 0; i < 12; i++)
        all = _mm256_add_epi32(all, sum[i]);
    return _mm256_extract_epi32(_mm256_hadd_epi32(_mm256_hadd_epi32(all, all), all), 0);
}
#else
int32_t bench_vnni512(int64_t turns, const int8_t *weights) { (void)turns; (void)weights; return 0; }
int32_t bench_vnni256(int64_t turns, const int8_t *weights) { (void)turns; (void)weights; return 0; }
#endif

/* A host's own audio thread: calls run(program, input, output, time_steps) and notes when each call has ended. */
struct loop {
    void (*run)(void *program, const void *input, void *output, int32_t time_steps);
    void *program;
    const void *input;
    void *output;
    int64_t time_steps;
    int64_t warm_up; /* calls */
    int64_t calls;
    int64_t *stamps;    /* calls + 1 */
    uint8_t *preempted; /* calls: another thread was given the processor */
    int64_t preemptions; /* out: how often that was so */
    int64_t processor;   /* below 0: any */
};

static int64_t preemptions(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
}

static void *run(void *context)
{
    struct loop *loop = context;
    if (loop->processor >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(loop->processor, &set);
        pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    }

    const int64_t start = now();
    for (int64_t i = 0; i < loop->warm_up; i++)
        loop->run(loop->program, loop->input, loop->output, (int32_t)loop->time_steps);

    /* The counter is a system call: only a time of twice the mean asks for it. The counter's own time falls into the call after it. */
    const int64_t suspicious = 2 * (now() - start) / loop->warm_up;
    const int64_t before = preemptions();
    int64_t seen = before;
    loop->stamps[0] = now();
    for (int64_t i = 0; i < loop->calls; i++) {
        loop->run(loop->program, loop->input, loop->output, (int32_t)loop->time_steps);
        loop->stamps[i + 1] = now();
        if (loop->stamps[i + 1] - loop->stamps[i] > suspicious) {
            const int64_t count = preemptions();
            loop->preempted[i] = count != seen;
            seen = count;
        }
    }
    loop->preemptions = preemptions() - before;
    return 0;
}

/* Runs the loop on a new thread and waits for its end; not 0 where no thread could be made. */
int32_t bench_native_loop(struct loop *loop)
{
    pthread_t thread;
    int error = pthread_create(&thread, 0, run, loop);
    return error ? error : pthread_join(thread, 0);
}
