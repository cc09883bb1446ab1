/* State: reset, saved, loaded, read and written, with the bytes of RnnSession in src/RnnRuntime. */

#include "front.h"

#include "../src/steps.h"

#include <string.h>

enum { MAGIC = 0x54534e52 /* "RNST" */, VERSION = 1, HEADER_WORDS = 4 };

static float *stream_of(const rnn_state *slot, int32_t stream) { return slot->buffer.start + stream * slot->buffer.stride; }

/* The entry of a ring at this place, 0 the oldest. */
static float *entry_of(const rnn_state *slot, int32_t stream, int32_t place)
{
    const int32_t index = *slot->ring.position + place, length = slot->ring.length;
    return stream_of(slot, stream) + (intptr_t)(index >= length ? index - length : index) * slot->ring.width;
}

/* Values lie at any address. */
static void copy_out(const rnn_state *slot, int32_t stream, void *values)
{
    if (slot->ring.data == NULL) {
        memcpy(values, stream_of(slot, stream), (size_t)slot->elements * sizeof(float));
        return;
    }

    for (int32_t place = 0; place < slot->ring.length; place++) {
        const size_t bytes = (size_t)slot->ring.width * sizeof(float);
        memcpy((uint8_t *)values + (size_t)place * bytes, entry_of(slot, stream, place), bytes);
    }
}

/* What comes from outside is held to the rule of what a step made: no magnitude below 2^-80. */
static void copy_in(const session *session, const rnn_state *slot, int32_t stream, const void *values)
{
    if (slot->ring.data == NULL) {
        memcpy(stream_of(slot, stream), values, (size_t)slot->elements * sizeof(float));
    }

    for (int32_t place = 0; slot->ring.data != NULL && place < slot->ring.length; place++) {
        const size_t bytes = (size_t)slot->ring.width * sizeof(float);
        memcpy(entry_of(slot, stream, place), (const uint8_t *)values + (size_t)place * bytes, bytes);
    }

    float *const state = stream_of(slot, stream);
    session->image->program.kernels->unary(UNARY_FLUSH, 0.0f, 0.0f, state, state, slot->elements);
}

static void reset_stream(const session *session, int32_t stream)
{
    for (int32_t i = 0; i < session->image->state_count; i++) {
        const rnn_state *const slot = &session->image->states[i];
        if (slot->initial == NULL) {
            memset(stream_of(slot, stream), 0, (size_t)slot->elements * sizeof(float));
        } else {
            copy_in(session, slot, stream, slot->initial);
        }
    }
}

void reset_states(const session *session)
{
    for (int32_t stream = 0; stream < session->blueprint->streams; stream++) {
        reset_stream(session, stream);
    }
}

rnn_status rnn_session_reset(rnn_session handle)
{
    call call;
    const rnn_status status = enter(handle, &call);
    if (status == RNN_OK) {
        reset_states(call.session);
        leave(&call);
    }

    return status;
}

rnn_status rnn_session_reset_stream(rnn_session handle, int32_t stream)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status != RNN_OK) {
        return status;
    }

    if ((status = check_index("stream", stream, call.session->blueprint->streams)) == RNN_OK) {
        reset_stream(call.session, stream);
    }

    leave(&call);
    return status;
}

static rnn_status check_saved(const session *session, const void *data, size_t size)
{
    const uint64_t expected = (uint64_t)session->blueprint->state_bytes;
    if (data == NULL) {
        return fail(RNN_INVALID_ARGUMENT, "data is null");
    }

    return size == expected ? RNN_OK : fail(RNN_WRONG_LENGTH, "a saved state of this session has %llu bytes; found %zu", (unsigned long long)expected, size);
}

rnn_status rnn_session_save_state(rnn_session handle, void *data, size_t size)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status != RNN_OK) {
        return status;
    }

    const session *const session = call.session;
    if ((status = check_saved(session, data, size)) == RNN_OK) {
        const uint32_t header[HEADER_WORDS] = {MAGIC, VERSION, session->image->state_hash, (uint32_t)session->blueprint->streams};
        memcpy(data, header, sizeof header);
        uint8_t *rest = (uint8_t *)data + sizeof header;
        for (int32_t i = 0; i < session->image->state_count; i++) {
            const rnn_state *const slot = &session->image->states[i];
            for (int32_t stream = 0; stream < session->blueprint->streams; stream++, rest += (size_t)slot->elements * sizeof(float)) {
                copy_out(slot, stream, rest);
            }
        }
    }

    leave(&call);
    return status;
}

static rnn_status check_header(const session *session, const void *data)
{
    static const char *const names[HEADER_WORDS] = {"magic", "version", "hash of the state variables", "number of streams"};
    const uint32_t expected[HEADER_WORDS] = {MAGIC, VERSION, session->image->state_hash, (uint32_t)session->blueprint->streams};
    uint32_t found[HEADER_WORDS];
    memcpy(found, data, sizeof found);
    for (int i = 0; i < HEADER_WORDS; i++) {
        if (found[i] != expected[i]) {
            return fail(RNN_STATE_MISMATCH, "the saved state's %s is %u (0x%08x); expected %u (0x%08x)", names[i], found[i], found[i], expected[i], expected[i]);
        }
    }

    return RNN_OK;
}

rnn_status rnn_session_load_state(rnn_session handle, const void *data, size_t size)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status != RNN_OK) {
        return status;
    }

    const session *const session = call.session;
    if ((status = check_saved(session, data, size)) == RNN_OK && (status = check_header(session, data)) == RNN_OK) {
        const uint8_t *rest = (const uint8_t *)data + HEADER_WORDS * sizeof(uint32_t);
        for (int32_t i = 0; i < session->image->state_count; i++) {
            const rnn_state *const slot = &session->image->states[i];
            for (int32_t stream = 0; stream < session->blueprint->streams; stream++, rest += (size_t)slot->elements * sizeof(float)) {
                copy_in(session, slot, stream, rest);
            }
        }
    }

    leave(&call);
    return status;
}

static rnn_status check_state(const session *session, int32_t index, const void *data, size_t count)
{
    const rnn_status status = check_index("state", index, session->image->state_count);
    if (status != RNN_OK) {
        return status;
    }

    if (data == NULL) {
        return fail(RNN_INVALID_ARGUMENT, "data is null");
    }

    const int32_t streams = session->blueprint->streams, elements = session->image->states[index].elements;
    return count == (size_t)elements * (size_t)streams
        ? RNN_OK
        : fail(RNN_WRONG_LENGTH, "state '%s' holds %zu values (%d streams of %d); found %zu", session->description->states[index].name, (size_t)elements * (size_t)streams,
               streams, elements, count);
}

rnn_status rnn_session_get_state(rnn_session handle, int32_t index, float *data, size_t count)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status != RNN_OK) {
        return status;
    }

    if ((status = check_state(call.session, index, data, count)) == RNN_OK) {
        const rnn_state *const slot = &call.session->image->states[index];
        for (int32_t stream = 0; stream < call.session->blueprint->streams; stream++) {
            copy_out(slot, stream, data + (intptr_t)stream * slot->elements);
        }
    }

    leave(&call);
    return status;
}

rnn_status rnn_session_set_state(rnn_session handle, int32_t index, const float *data, size_t count)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status != RNN_OK) {
        return status;
    }

    if ((status = check_state(call.session, index, data, count)) == RNN_OK) {
        const rnn_state *const slot = &call.session->image->states[index];
        for (int32_t stream = 0; stream < call.session->blueprint->streams; stream++) {
            copy_in(call.session, slot, stream, data + (intptr_t)stream * slot->elements);
        }
    }

    leave(&call);
    return status;
}

/* From where a state lies to where one of as many elements lies. One of the two orders of a ring's entries may differ from the other's. */
static void carry(const session *session, const rnn_state *from, const rnn_state *to)
{
    for (int32_t stream = 0; stream < session->blueprint->streams; stream++) {
        if (from->ring.data == NULL) {
            copy_in(session, to, stream, stream_of(from, stream));
        } else if (to->ring.data == NULL) {
            copy_out(from, stream, stream_of(to, stream));
        } else {
            for (int32_t place = 0; place < from->ring.length; place++) {
                memcpy(entry_of(to, stream, place), entry_of(from, stream, place), (size_t)from->ring.width * sizeof(float));
            }
        }
    }
}

static int carries(const session *from, int32_t i, const session *to, int32_t j)
{
    const rnn_tensor *const source = &from->description->states[i], *const target = &to->description->states[j];
    const rnn_ring *const old = &from->image->states[i].ring, *const new = &to->image->states[j].ring;
    return source->elements == target->elements && strcmp(source->name, target->name) == 0
        && (old->data == NULL || new->data == NULL || (old->length == new->length && old->width == new->width));
}

rnn_status rnn_session_carry_state(rnn_session from, rnn_session to, int32_t *carried)
{
    call source, target;
    rnn_status status = enter(from, &source);
    if (status != RNN_OK) {
        return status;
    }

    if ((status = from == to ? RNN_OK : enter(to, &target)) != RNN_OK) {
        leave(&source);
        return status;
    }

    int32_t count = 0;
    if (from == to) {
        count = source.session->image->state_count;
    } else if (source.session->blueprint->streams != target.session->blueprint->streams) {
        status = fail(RNN_STATE_MISMATCH, "one session has %d streams, the other %d", source.session->blueprint->streams, target.session->blueprint->streams);
    } else {
        const rnn_image *const old = source.session->image, *const new = target.session->image;
        for (int32_t j = 0; j < new->state_count; j++) {
            for (int32_t i = 0; i < old->state_count; i++) {
                if (carries(source.session, i, target.session, j)) {
                    carry(target.session, &old->states[i], &new->states[j]);
                    count++;
                    break;
                }
            }
        }
    }

    if (from != to) {
        leave(&target);
    }

    leave(&source);
    if (status == RNN_OK && carried != NULL) {
        *carried = count;
    }

    return status;
}
