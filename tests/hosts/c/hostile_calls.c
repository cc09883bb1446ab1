/* Single calls of the library, of models, and of what makes, frees and keeps sessions. */

#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void call_kernels(world *world)
{
    if (random_below(&world->random, 4) == 0) {
        int32_t *count = pick_output(world, sizeof *count);
        judge(world, "rnn_kernel_count", rnn_kernel_count(count));
        return;
    }

    const int32_t index = pick_index(world, world->kernel_count);
    rnn_kernel_info *info = pick_info(world, sizeof *info);
    const rnn_status status = rnn_kernel_at(index, info);
    judge(world, "rnn_kernel_at", status);
    expect(status != RNN_OK || (info->name[0] != 0 && info->description[0] != 0), "kernel %d has no name", index);
}

static void call_texts(world *world)
{
    const int32_t number = (int32_t)random_bits(&world->random);
    expect(rnn_abi_version() == RNN_ABI_VERSION && rnn_version()[0] != 0, "versions");
    expect(rnn_status_name(number) != NULL && rnn_status_name(number)[0] != 0, "the name of status %d", number);
    expect(rnn_last_error() != NULL, "the last text is null");
    EXPECT_OK(rnn_start());
}

/* Options of a model, right ones or wrong ones; sometimes none. */
static const rnn_model_options *pick_model_options(world *world, const kind *kind, rnn_model_options *options)
{
    static const char *const unknown[] = {"", "avx", "c-avx2 ", "\xFF\xFE\xC0", "%s%n%s%n", "AVX2"};
    *options = (rnn_model_options){.struct_size = pick_struct_size(world, sizeof *options)};
    if (options->struct_size == sizeof *options && random_below(&world->random, 3) == 0) {
        return NULL;
    }

    if (random_below(&world->random, 2) == 0) {
        rnn_kernel_info kernel = {.struct_size = sizeof kernel};
        EXPECT_OK(rnn_kernel_at(random_below(&world->random, world->kernel_count), &kernel));
        options->kernel = kernel.name;
        if (!kernel.is_available) {
            allow(world, RNN_UNKNOWN_KERNEL);
        }
    } else if (is_wrong(world)) {
        options->kernel = unknown[random_below(&world->random, 6)];
        allow(world, RNN_UNKNOWN_KERNEL);
    }

    options->verify_golden = random_below(&world->random, 2);
    if (options->verify_golden && !kind->info.has_golden) {
        allow(world, RNN_INVALID_MODEL);
    }

    options->threads = random_below(&world->random, world->has_threads ? 3 : 2);
    if (is_wrong(world)) {
        static const int32_t threads[] = {-1, INT32_MIN, INT32_MAX, 100000};
        options->threads = threads[random_below(&world->random, 4)];
        allow(world, RNN_INVALID_ARGUMENT);
    }

    if (is_wrong(world)) {
        options->reserved = 1;
        allow(world, RNN_INVALID_ARGUMENT);
    }

    return options;
}

/* Loads one of the models anew, and frees the handle that there was. */
static void call_load(world *world)
{
    const int index = random_below(&world->random, MODELS);
    const kind *kind = &world->kinds[index];
    rnn_model_options options;
    const rnn_model_options *chosen = pick_model_options(world, kind, &options);
    rnn_model model;
    rnn_model *place = pick_place(world, &model);
    rnn_status status;
    if (random_below(&world->random, 2) == 0) {
        const char *path = path_of(world->folder, kind->file);
        if (is_wrong(world)) {
            path = NULL;
            allow(world, RNN_INVALID_ARGUMENT);
        }

        status = rnn_model_load(path, chosen, place);
        judge(world, "rnn_model_load", status);
    } else {
        /* At any address: a buffer off the network is aligned to nothing. */
        const size_t size = kind->bytes.size;
        uint8_t *memory = guarded(size), *data = memory;
        memcpy(memory, kind->bytes.data, size);
        if (is_wrong(world)) {
            data = NULL;
            allow(world, RNN_INVALID_ARGUMENT);
        }

        status = rnn_model_load_memory(data, size, chosen, place);
        judge(world, "rnn_model_load_memory", status);
        release_guarded(memory, size);
    }

    if (status == RNN_OK) {
        EXPECT_OK(rnn_model_free(world->models[index]));
        remember_freed(world, world->models[index]);
        world->models[index] = model;
    }
}

static const rnn_session_options *pick_session_options(world *world, rnn_session_options *options)
{
    static const int32_t wrong[] = {-1, 65537, INT32_MIN, INT32_MAX};
    static const int32_t lengths[] = {0, 1, 2, 5, 16};
    *options = (rnn_session_options){.struct_size = pick_struct_size(world, sizeof *options)};
    if (options->struct_size == sizeof *options && random_below(&world->random, 4) == 0) {
        return NULL;
    }

    options->streams = random_below(&world->random, 4);
    options->chunk_length = lengths[random_below(&world->random, 5)];
    if (is_wrong(world)) {
        options->streams = wrong[random_below(&world->random, 4)];
        allow(world, RNN_INVALID_ARGUMENT);
    }

    if (is_wrong(world)) {
        options->chunk_length = wrong[random_below(&world->random, 4)];
        allow(world, RNN_INVALID_ARGUMENT);
    }

    if (is_wrong(world)) {
        options->reserved = -1;
        allow(world, RNN_INVALID_ARGUMENT);
    }

    return options;
}

static void call_infos(world *world)
{
    int kind;
    rnn_session_options options;
    const rnn_model model = pick_model(world, &kind);
    const rnn_model_info *info = &world->kinds[kind].info;
    switch (random_below(&world->random, 5)) {
    case 0: judge(world, "rnn_model_get_info", rnn_model_get_info(model, pick_info(world, sizeof(rnn_model_info)))); break;
    case 1: {
        const int32_t index = pick_index(world, info->input_count);
        judge(world, "rnn_model_get_input", rnn_model_get_input(model, index, pick_info(world, sizeof(rnn_tensor_info))));
        break;
    }
    case 2: {
        const int32_t index = pick_index(world, info->output_count);
        judge(world, "rnn_model_get_output", rnn_model_get_output(model, index, pick_info(world, sizeof(rnn_tensor_info))));
        break;
    }
    case 3: {
        const int32_t index = pick_index(world, info->state_count);
        judge(world, "rnn_model_get_state", rnn_model_get_state(model, index, pick_info(world, sizeof(rnn_tensor_info))));
        break;
    }
    default: {
        const rnn_session_options *chosen = pick_session_options(world, &options);
        judge(world, "rnn_model_get_session_info", rnn_model_get_session_info(model, chosen, pick_info(world, sizeof(rnn_session_info))));
        break;
    }
    }
}

void call_library_or_model(world *world)
{
    const int choice = random_below(&world->random, 20);
    if (choice < 5) {
        call_kernels(world);
    } else if (choice < 8) {
        call_texts(world);
    } else if (choice < 10) {
        call_load(world);
    } else if (choice < 11) {
        /* Freeing what is no model; call_load frees real ones. */
        world->wrong_in_hundred += 1000;
        int kind;
        const rnn_model model = pick_model(world, &kind);
        world->wrong_in_hundred -= 1000;
        judge(world, "rnn_model_free", rnn_model_free(model));
    } else {
        call_infos(world);
    }
}

/* Takes down what a new session is. */
static void enter(live *slot, rnn_session session, int kind, void *memory, size_t bytes)
{
    rnn_session_info info = {.struct_size = sizeof info};
    EXPECT_OK(rnn_session_get_info(session, &info));
    *slot = (live){.handle = session, .kind = kind, .streams = info.streams, .chunk_length = info.chunk_length, .runs_natively = info.runs_natively,
        .state_bytes = (size_t)info.state_bytes, .memory = memory, .memory_bytes = bytes};
}

/* Memory for a session in the caller's hands; its end is the end of a page where size and alignment allow. */
static void *pick_session_memory(world *world, size_t needed, size_t alignment, size_t *size, void **whole, size_t *whole_bytes)
{
    *whole_bytes = (needed + alignment - 1) / alignment * alignment + alignment;
    *whole = guarded(*whole_bytes);
    *size = needed;
    if (is_wrong(world)) {
        static const size_t less[] = {0, 1, 64};
        const int choice = random_below(&world->random, 4);
        *size = choice == 3 ? needed - 1 : less[choice];
        allow(world, RNN_WRONG_LENGTH);
    }

    uint8_t *start = (uint8_t *)*whole + alignment;
    if (is_wrong(world)) {
        allow(world, RNN_INVALID_ARGUMENT);
        return random_below(&world->random, 3) == 0 ? NULL : start - 1 - random_below(&world->random, (int)alignment - 1);
    }

    return start;
}

static void create_session(world *world, live *slot)
{
    int kind;
    rnn_session session;
    rnn_session_options options;
    const rnn_model model = pick_model(world, &kind);
    const rnn_session_options *chosen = pick_session_options(world, &options);
    rnn_session *place = pick_place(world, &session);
    if (random_below(&world->random, 2) == 0) {
        const rnn_status status = rnn_session_create(model, chosen, place);
        judge(world, "rnn_session_create", status);
        if (status == RNN_OK) {
            enter(slot, session, kind, NULL, 0);
        }

        return;
    }

    rnn_session_info info = {.struct_size = sizeof info, .memory_bytes = 4096, .memory_alignment = 64};
    rnn_model_get_session_info(model, chosen, &info);
    void *whole;
    size_t size, whole_bytes;
    void *memory = pick_session_memory(world, (size_t)info.memory_bytes, (size_t)info.memory_alignment, &size, &whole, &whole_bytes);
    const rnn_status status = rnn_session_create_in(model, chosen, memory, size, place);
    judge(world, "rnn_session_create_in", status);
    if (status == RNN_OK) {
        enter(slot, session, kind, whole, whole_bytes);
    } else {
        release_guarded(whole, whole_bytes);
    }
}

void open_session(world *world)
{
    world->allowed = world->possible = 0;
    world->output_count = 0;
    live *slot = free_slot(world);
    create_session(world, slot);
    if (slot->handle == NULL) {
        give_up("no session could be made");
    }
}

static void fork_session(world *world, live *slot)
{
    live *from;
    rnn_session fork;
    const rnn_session session = pick_session(world, &from);
    rnn_session *place = pick_place(world, &fork);
    if (random_below(&world->random, 2) == 0) {
        const rnn_status status = rnn_session_fork(session, place);
        judge(world, "rnn_session_fork", status);
        if (status == RNN_OK) {
            enter(slot, fork, from->kind, NULL, 0);
        }

        return;
    }

    rnn_session_info info = {.struct_size = sizeof info};
    EXPECT_OK(rnn_session_get_info(from->handle, &info));
    void *whole;
    size_t size, whole_bytes;
    void *memory = pick_session_memory(world, (size_t)info.memory_bytes, (size_t)info.memory_alignment, &size, &whole, &whole_bytes);
    const rnn_status status = rnn_session_fork_in(session, memory, size, place);
    judge(world, "rnn_session_fork_in", status);
    if (status == RNN_OK) {
        enter(slot, fork, from->kind, whole, whole_bytes);
    } else {
        release_guarded(whole, whole_bytes);
    }
}

static void free_session(world *world)
{
    live *slot;
    const rnn_session session = pick_session(world, &slot);
    const rnn_status status = rnn_session_free(session);
    judge(world, "rnn_session_free", status);
    if (status == RNN_OK && session == slot->handle) {
        if (slot->memory != NULL) {
            release_guarded(slot->memory, slot->memory_bytes);
        }

        remember_freed(world, session);
        *slot = (live){0};
    }
}

static void get_session_info(world *world)
{
    live *slot;
    const rnn_session session = pick_session(world, &slot);
    judge(world, "rnn_session_get_info", rnn_session_get_info(session, pick_info(world, sizeof(rnn_session_info))));
}

void call_session(world *world)
{
    int live_count = 0;
    for (int i = 0; i < SESSIONS; i++) {
        live_count += world->sessions[i].handle != NULL;
    }

    live *slot = free_slot(world);
    const int choice = random_below(&world->random, 8);
    if (slot != NULL && (choice < 2 || live_count < SESSIONS / 3)) {
        create_session(world, slot);
    } else if (slot != NULL && choice < 4) {
        fork_session(world, slot);
    } else if (choice < 6) {
        free_session(world);
    } else {
        get_session_info(world);
    }
}
