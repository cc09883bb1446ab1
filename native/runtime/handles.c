/* Handles of sessions: an index and a generation, so that a handle that was freed, or is of another copy of the library, is found out. */

#include "front.h"

#include <pthread.h>
#include <stdlib.h>

/* From the low end: what a session's handle is marked with, the index of its slot, the generation. */
enum { MARK_BITS = 4, INDEX_BITS = 20, MARK = 0xb, CHUNK_SLOTS = 1 << 10, CHUNKS = 1 << (INDEX_BITS - 10) };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static slot *_Atomic chunks[CHUNKS];
static uint32_t slots_made;

/* Free slots, as a ring of indices: the one that was freed first is used first. */
static uint32_t *free_slots;
static uint32_t free_first, free_count, free_room;

static uint64_t word_of(rnn_session handle) { return (uint64_t)(uintptr_t)handle >> (MARK_BITS + INDEX_BITS) << 2; }

static rnn_session handle_of(uint32_t index, uint64_t word)
{
    return (rnn_session)(uintptr_t)(word >> 2 << (MARK_BITS + INDEX_BITS) | (uint64_t)index << MARK_BITS | MARK);
}

static uint32_t index_of(rnn_session handle) { return (uint32_t)((uintptr_t)handle >> MARK_BITS) & ((1u << INDEX_BITS) - 1); }

/* Where the generations of this copy of the library start: at a place of their own, since its data are. */
static uint64_t first_word(void) { return (((uint64_t)(uintptr_t)&chunks >> 4) * 0x9e3779b97f4a7c15u >> 34 | 1) << 2; }

static uint64_t next_word(uint64_t word)
{
    const uint64_t generations = (uint64_t)1 << (64 - MARK_BITS - INDEX_BITS);
    const uint64_t next = (word >> 2) + 1;
    return (next == generations ? 1 : next) << 2;
}

slot *handle_find(rnn_session handle, uint64_t *idle)
{
    *idle = word_of(handle);
    if (((uintptr_t)handle & ((1u << MARK_BITS) - 1)) != MARK) {
        return NULL;
    }

    const uint32_t index = index_of(handle);
    slot *chunk = atomic_load_explicit(&chunks[index / CHUNK_SLOTS], memory_order_acquire);
    return chunk == NULL ? NULL : &chunk[index % CHUNK_SLOTS];
}

rnn_status handle_refused(rnn_session handle, uint64_t found, uint64_t idle)
{
    if (handle == NULL) {
        return fail(RNN_INVALID_HANDLE, "the session is null");
    }

    return found == idle + INSIDE
        ? fail(RNN_BUSY, "another thread is inside session %p; expected one thread at a time", (void *)handle)
        : fail(RNN_INVALID_HANDLE, "%p is no session of this library, or one that was freed", (void *)handle);
}

/* A slot that nobody has, or -1. */
static int64_t take_slot(void)
{
    if (free_count > 0) {
        const uint32_t index = free_slots[free_first];
        free_first = (free_first + 1) % free_room;
        free_count--;
        return index;
    }

    if (slots_made == CHUNKS * CHUNK_SLOTS) {
        return -1;
    }

    if (slots_made % CHUNK_SLOTS == 0) {
        /* Room for freeing all slots comes first: freeing one cannot fail. */
        const uint32_t room = slots_made + CHUNK_SLOTS;
        uint32_t *const more = malloc(room * sizeof *more);
        slot *const chunk = calloc(CHUNK_SLOTS, sizeof *chunk);
        if (more == NULL || chunk == NULL) {
            free(more);
            free(chunk);
            return -1;
        }

        /* The ring is empty here. */
        free(free_slots);
        free_slots = more;
        free_room = room;
        free_first = 0;
        for (uint32_t i = 0; i < CHUNK_SLOTS; i++) {
            atomic_init(&chunk[i].word, first_word() + UNUSED);
        }

        atomic_store_explicit(&chunks[slots_made / CHUNK_SLOTS], chunk, memory_order_release);
    }

    return slots_made++;
}

rnn_status handle_open(session *session, rnn_session *handle)
{
    pthread_mutex_lock(&lock);
    const int64_t index = take_slot();
    const uint32_t made = slots_made;
    pthread_mutex_unlock(&lock);
    if (index < 0) {
        return fail(RNN_OUT_OF_MEMORY, "there is no room for one more session; %u are there", made);
    }

    slot *const slot = &chunks[index / CHUNK_SLOTS][index % CHUNK_SLOTS];
    const uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed) - UNUSED;
    slot->session = session;
    atomic_store_explicit(&slot->word, word, memory_order_release);
    *handle = handle_of((uint32_t)index, word);
    return RNN_OK;
}

void handle_close(rnn_session handle, const call *call)
{
    modes_leave(call->modes);
    atomic_store_explicit(call->word, next_word(call->idle) + UNUSED, memory_order_release);
    pthread_mutex_lock(&lock);
    free_slots[(free_first + free_count++) % free_room] = index_of(handle);
    pthread_mutex_unlock(&lock);
}
