/* How a running program gets another model without a gap, a click or a wait in its audio thread. Usage: swap FOLDER
 *
 * The audio thread runs one block after the other with the session it has. The control thread makes the next session: it loads the new version of the model (here the
 * int8 form of the same cell), creates a session, warms it up, and puts it into `next`. Between two blocks the audio thread takes it from there, carries the state over,
 * goes on with the new session, and puts the old one into `retired`, from where the control thread gets it to free it. Both are single atomic exchanges: the audio
 * thread takes no lock, allocates nothing and frees nothing.
 *
 * The program checks afterwards that the outputs are exactly those of a single thread that carries the state at the same blocks. */

#define _DEFAULT_SOURCE
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BLOCK = 4, SWAPS = 6, BLOCKS_AT_LEAST = 300 };

static const char *const versions[] = {"cell.rnn", "cell-int8.rnn"};

static _Atomic(rnn_session) next;    /* control -> audio */
static _Atomic(rnn_session) retired; /* audio -> control */

typedef struct audio {
    const sample *signal;  /* over and over */
    rnn_session session;   /* of the audio thread alone */
    rnn_status status;     /* of the first call that failed */
    int blocks;
    int swaps;
    int swapped_at[SWAPS]; /* before which blocks */
    uint64_t sum;          /* of all output bits, in order */
} audio;

static void run_block(audio *audio)
{
    float output[BLOCK * 64];
    const int32_t step = audio->blocks++ % (audio->signal->steps / BLOCK) * BLOCK;
    const size_t outputs = (size_t)(BLOCK * audio->signal->outputs);
    const rnn_status status = rnn_session_run(audio->session, input_at(audio->signal, step), (size_t)(BLOCK * audio->signal->inputs), output, outputs);
    audio->status = audio->status == RNN_OK ? status : audio->status;
    for (size_t i = 0; i < outputs; i++) {
        union { float value; uint32_t bits; } number = {output[i]};
        audio->sum = (audio->sum ^ number.bits) * 0x100000001B3u;
    }
}

/* Goes on with another session from the state of the one before, which is returned. */
static rnn_session go_on_with(audio *audio, rnn_session session)
{
    const rnn_session old = audio->session;
    const rnn_status status = rnn_session_carry_state(old, session, NULL);
    audio->status = audio->status == RNN_OK ? status : audio->status;
    audio->session = session;
    return old;
}

/* ---- The audio thread ---- */

static void *run_audio(void *argument)
{
    audio *audio = argument;
    const struct timespec pause = {.tv_nsec = 100000}; /* in place of the device that asks for the next block */
    rnn_last_error();                                  /* the first text of a thread may allocate: here, and not in a block */
    while (audio->swaps < SWAPS || audio->blocks < audio->swapped_at[SWAPS - 1] + BLOCKS_AT_LEAST) {
        const rnn_session session = atomic_exchange_explicit(&next, NULL, memory_order_acquire);
        if (session != NULL) {
            audio->swapped_at[audio->swaps++] = audio->blocks;
            atomic_store_explicit(&retired, go_on_with(audio, session), memory_order_release);
        }

        run_block(audio);
        nanosleep(&pause, NULL);
    }

    return NULL;
}

/* ---- The control thread ---- */

static rnn_session make_session(const char *folder, int version)
{
    rnn_model model;
    rnn_session session;
    EXPECT_OK(rnn_model_load(path_of(folder, versions[version % 2]), NULL, &model));
    EXPECT_OK(rnn_session_create(model, NULL, &session));
    EXPECT_OK(rnn_model_free(model)); /* the session keeps the weights */
    EXPECT_OK(rnn_session_warm_up(session, 16));
    return session;
}

static rnn_session wait_for_retired(void)
{
    rnn_session session;
    while ((session = atomic_exchange_explicit(&retired, NULL, memory_order_acquire)) == NULL) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }

    return session;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        give_up("Usage: swap FOLDER");
    }

    const sample signal = read_sample(argv[1], "cell");
    audio audio = {.signal = &signal, .session = make_session(argv[1], 0)};
    pthread_t thread;
    if (failures() != 0 || signal.outputs > 64 || pthread_create(&thread, NULL, run_audio, &audio) != 0) {
        give_up("the audio thread cannot be started");
    }

    for (int swap = 1; swap <= SWAPS; swap++) {
        /* The audio thread has at most one session that it did not come to yet: the last one was retired before the next one is made. */
        atomic_store_explicit(&next, make_session(argv[1], swap), memory_order_release);
        EXPECT_OK(rnn_session_free(wait_for_retired()));
    }

    pthread_join(thread, NULL);
    check(audio.status == RNN_OK, "the audio thread", "%s", rnn_status_name(audio.status));

    /* The same by one thread. */
    struct audio again = {.signal = &signal, .session = make_session(argv[1], 0)};
    struct audio without = {.signal = &signal, .session = make_session(argv[1], 0)};
    while (again.blocks < audio.blocks) {
        if (again.swaps < SWAPS && again.blocks == audio.swapped_at[again.swaps]) {
            EXPECT_OK(rnn_session_free(go_on_with(&again, make_session(argv[1], ++again.swaps))));
        }

        run_block(&again);
        run_block(&without);
    }

    printf("%d blocks, swaps before blocks", audio.blocks);
    for (int i = 0; i < SWAPS; i++) {
        printf(" %d", audio.swapped_at[i]);
    }

    printf("\n");
    check(again.status == RNN_OK && audio.sum == again.sum, "every output is the one that carrying the state at these blocks gives", "other bits");
    check(without.sum != audio.sum, "and not the one of the first model", "the same bits: nothing was swapped");
    EXPECT_OK(rnn_session_free(audio.session));
    EXPECT_OK(rnn_session_free(again.session));
    EXPECT_OK(rnn_session_free(without.session));
    return report("swap");
}
