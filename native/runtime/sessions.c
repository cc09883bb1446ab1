/* Sessions: made from a blueprint in one piece of memory, which holds the session, its image and its arena. */

#include "front.h"
#include "managed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From what size on a session is compared with the machine's memory. */
enum { LOOKED_AT_BYTES = 64 << 20 };

enum { ALIGNMENT = 64, HEADER_BYTES = (sizeof(session) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT };

static uint64_t memory_bytes(const rnn_blueprint *blueprint)
{
    return HEADER_BYTES + (uint64_t)blueprint->image_bytes + (uint64_t)blueprint->arena_bytes;
}

static rnn_session_info describe(const rnn_blueprint *blueprint)
{
    const rnn_session_info info = {
        .streams = blueprint->streams,
        .chunk_length = blueprint->chunk_length,
        .runs_natively = blueprint->managed_reason == NULL,
        .memory_bytes = memory_bytes(blueprint),
        .memory_alignment = ALIGNMENT,
        .arena_bytes = (uint64_t)blueprint->arena_bytes,
        .state_bytes = (uint64_t)blueprint->state_bytes,
        .managed_reason = blueprint->managed_reason,
    };
    return info;
}

static void relocate(uint64_t *words, const int32_t *indices, int32_t count, const void *base)
{
    for (int32_t i = 0; i < count; i++) {
        words[indices[i]] += (uint64_t)(uintptr_t)base;
    }
}

/* A session in its initial state. The memory counts as large enough. */
static session *build(model *model, const rnn_blueprint *blueprint, uint8_t *memory)
{
    session *const session = (void *)memory;
    uint8_t *const image = memory + HEADER_BYTES;
    memset(session, 0, HEADER_BYTES);
    session->image = (void *)image;
    session->arena = image + blueprint->image_bytes;
    session->blueprint = blueprint;
    session->model = model;
    session->description = model_description(model);

    memcpy(image, blueprint->image, (size_t)blueprint->image_bytes);
    relocate((void *)image, blueprint->arena_words, blueprint->arena_word_count, session->arena);
    relocate((void *)image, blueprint->image_words, blueprint->image_word_count, image);
    memset(session->arena, 0, (size_t)blueprint->arena_bytes);

    const rnn_image *const built = session->image;
    if (built->input_count == 1 && built->output_count == 1) {
        session->step_input = (size_t)built->inputs[0].elements * (size_t)blueprint->streams;
        session->step_output = (size_t)built->outputs[0].elements * (size_t)blueprint->streams;
        session->takes_floats = !built->inputs[0].is_int32 && !built->outputs[0].is_int32;
        session->takes_indices = built->inputs[0].is_int32 && !built->outputs[0].is_int32;
    }

    reset_states(session);
    return session;
}

/* The memory of the machine, or of the container where that has less (Linux, as a container sees its own group). */
static uint64_t machine_bytes(void)
{
    const uint64_t physical = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    unsigned long long limit = 0;
    FILE *const file = fopen("/sys/fs/cgroup/memory.max", "r");
    const int has_limit = file != NULL && fscanf(file, "%llu", &limit) == 1;
    if (file != NULL) {
        fclose(file);
    }

    return has_limit && limit < physical ? limit : physical;
}

/* Takes the reference of the model that the caller holds, or gives it back. Memory is null for memory of the library's own. */
static rnn_status open(model *model, const rnn_blueprint *blueprint, void *memory, size_t size, int is_own, const session *original, rnn_session *handle)
{
    const uint64_t needed = memory_bytes(blueprint);
    rnn_status status = RNN_OK;
    if (is_own) {
        /* The system may promise memory that it has not: a process that touches it is ended. */
        memory = needed > LOOKED_AT_BYTES && needed > machine_bytes() ? NULL : aligned_alloc(ALIGNMENT, (size_t)needed);
        status = memory == NULL ? fail(RNN_OUT_OF_MEMORY, "there are no %llu bytes for a session", (unsigned long long)needed) : RNN_OK;
    } else if (memory == NULL) {
        status = fail(RNN_INVALID_ARGUMENT, "memory is null");
    } else if ((uintptr_t)memory % ALIGNMENT != 0) {
        status = fail(RNN_INVALID_ARGUMENT, "the memory starts at %p; expected a multiple of %d", memory, ALIGNMENT);
    } else if (size < needed) {
        status = fail(RNN_WRONG_LENGTH, "the memory has %zu bytes; a session needs %llu", size, (unsigned long long)needed);
    } else if (original != NULL && overlap(memory, needed, original, needed)) {
        status = fail(RNN_INVALID_ARGUMENT, "the memory is that of the session that is forked");
    }

    if (status != RNN_OK) {
        model_release(model);
        return status;
    }

    const modes modes = modes_enter();
    session *const made = build(model, blueprint, memory);
    made->own_memory = is_own ? memory : NULL;
    if (made->image->host != NULL) {
        char text[ERROR_TEXT_BYTES] = "";
        if ((status = check_room()) == RNN_OK && (status = rnnx_host_open(model_managed(model), blueprint, made->arena, made->image->host, text, sizeof text)) != RNN_OK) {
            failed(status, text);
        }
    }

    if (status == RNN_OK && original != NULL) {
        memcpy(made->arena, original->arena, (size_t)blueprint->persistent_bytes);
    }

    if (status == RNN_OK && (status = handle_open(made, handle)) != RNN_OK && made->image->host != NULL) {
        rnnx_host_close(made->image->host->host);
    }

    modes_leave(modes);
    if (status != RNN_OK) {
        free(made->own_memory);
        model_release(model);
    }

    return status;
}

/* The options as this version reads them, and the model with a reference. */
static rnn_status read_request(rnn_model handle, const rnn_session_options *options, rnn_session_options *read, model **model)
{
    rnn_status status = read_options("rnn_session_options", options, read, sizeof *read, FIRST_SESSION_OPTIONS);
    if (status != RNN_OK || (status = check_room()) != RNN_OK) {
        return status;
    }

    return read->reserved != 0 ? fail(RNN_INVALID_ARGUMENT, "rnn_session_options.reserved is %d; expected 0", read->reserved) : model_acquire(handle, model);
}

rnn_status rnn_model_get_session_info(rnn_model handle, const rnn_session_options *options, rnn_session_info *info)
{
    rnn_session_options read;
    model *model = NULL;
    rnn_status status = check_struct("rnn_session_info", info, FIRST_SESSION_INFO);
    if (status != RNN_OK || (status = read_request(handle, options, &read, &model)) != RNN_OK) {
        return status;
    }

    rnn_blueprint blueprint = {0};
    char text[ERROR_TEXT_BYTES] = "";
    const modes modes = modes_enter();
    status = rnnx_model_describe(model_managed(model), read.streams, read.chunk_length, &blueprint, text, sizeof text);
    modes_leave(modes);
    if (status == RNN_OK) {
        const rnn_session_info result = describe(&blueprint);
        copy_struct(info, &result, sizeof result);
    } else {
        failed(status, text);
    }

    model_release(model);
    return status;
}

static rnn_status create(rnn_model handle, const rnn_session_options *options, void *memory, size_t size, int is_own, rnn_session *result)
{
    rnn_session_options read;
    model *model = NULL;
    if (result == NULL) {
        return fail(RNN_INVALID_ARGUMENT, "session is null");
    }

    rnn_status status = read_request(handle, options, &read, &model);
    if (status != RNN_OK) {
        return status;
    }

    const rnn_blueprint *blueprint = NULL;
    char text[ERROR_TEXT_BYTES] = "";
    const modes modes = modes_enter();
    status = rnnx_model_blueprint(model_managed(model), read.streams, read.chunk_length, &blueprint, text, sizeof text);
    modes_leave(modes);
    if (status != RNN_OK) {
        model_release(model);
        return failed(status, text);
    }

    return open(model, blueprint, memory, size, is_own, NULL, result);
}

rnn_status rnn_session_create(rnn_model model, const rnn_session_options *options, rnn_session *session)
{
    return create(model, options, NULL, 0, 1, session);
}

rnn_status rnn_session_create_in(rnn_model model, const rnn_session_options *options, void *memory, size_t size, rnn_session *session)
{
    return create(model, options, memory, size, 0, session);
}

static rnn_status fork_session(rnn_session handle, void *memory, size_t size, int is_own, rnn_session *result)
{
    call call;
    rnn_status status;
    if (result == NULL) {
        return fail(RNN_INVALID_ARGUMENT, "fork is null");
    }

    if ((status = check_process()) != RNN_OK || (status = enter(handle, &call)) != RNN_OK) {
        return status;
    }

    model_retain(call.session->model);
    status = open(call.session->model, call.session->blueprint, memory, size, is_own, call.session, result);
    leave(&call);
    return status;
}

rnn_status rnn_session_fork(rnn_session session, rnn_session *fork) { return fork_session(session, NULL, 0, 1, fork); }

rnn_status rnn_session_fork_in(rnn_session session, void *memory, size_t size, rnn_session *fork) { return fork_session(session, memory, size, 0, fork); }

rnn_status rnn_session_free(rnn_session handle)
{
    call call;
    rnn_status status = check_process();
    if (status != RNN_OK || (status = enter(handle, &call)) != RNN_OK) {
        return status;
    }

    session *const session = call.session;
    model *const model = session->model;
    if (session->image->host != NULL) {
        rnnx_host_close(session->image->host->host);
    }

    void *const own_memory = session->own_memory;
    handle_close(handle, &call);
    free(own_memory);
    model_release(model);
    return RNN_OK;
}

rnn_status rnn_session_get_info(rnn_session handle, rnn_session_info *info)
{
    call call;
    rnn_status status = check_struct("rnn_session_info", info, FIRST_SESSION_INFO);
    if (status != RNN_OK || (status = enter(handle, &call)) != RNN_OK) {
        return status;
    }

    const rnn_session_info result = describe(call.session->blueprint);
    copy_struct(info, &result, sizeof result);
    leave(&call);
    return RNN_OK;
}
