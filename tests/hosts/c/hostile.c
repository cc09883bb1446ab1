/* Calls that no sane host makes: several thousand from a seed, over all functions, then broken models, threads, floating-point modes and small stacks.
 * Usage: hostile FOLDER [SEED [CALLS]] */

#define _DEFAULT_SOURCE
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 3, SLOT_BYTES = 1 << 20, MARGIN = 64, UNTOUCHED = 0xA5 };

static uint8_t *slots[SLOTS];

int is_wrong(world *world) { return random_below(&world->random, 100) < world->wrong_in_hundred; }

void allow(world *world, rnn_status status) { world->allowed |= ALLOW(status); }

static int is_live(const world *world, const void *handle)
{
    for (int i = 0; i < MODELS; i++) {
        if ((const void *)world->models[i] == handle) {
            return 1;
        }
    }

    for (int i = 0; i < SESSIONS; i++) {
        if ((const void *)world->sessions[i].handle == handle) {
            return 1;
        }
    }

    return handle == (const void *)world->canary_model || handle == (const void *)world->canary_session;
}

/* No handle of the kind that is wanted: `real` is one of that kind, `other` one of the other kind. */
static void *wrong_handle(world *world, const void *real, const void *other)
{
    allow(world, RNN_INVALID_HANDLE);
    for (;;) {
        uintptr_t bits = 0;
        switch (random_below(&world->random, 8)) {
        case 0: break;
        case 1: bits = (uintptr_t)(world->freed_count == 0 ? 0 : world->freed[random_bits(&world->random) % (world->freed_count < FREED ? world->freed_count : FREED)]); break;
        case 2: return (void *)(uintptr_t)other;
        case 3: bits = (uintptr_t)random_bits(&world->random); break;
        case 4: bits = (uintptr_t)random_below(&world->random, 4096); break;
        case 5: bits = (uintptr_t)real ^ (uintptr_t)1 << random_below(&world->random, 64); break;
        case 6: bits = (uintptr_t)&bits; break;
        default: bits = (uintptr_t)slots[0] + (uintptr_t)random_below(&world->random, 64); break;
        }

        if (!is_live(world, (const void *)bits) || bits == 0) {
            return (void *)bits;
        }
    }
}

rnn_model pick_model(world *world, int *kind)
{
    *kind = random_below(&world->random, MODELS);
    const rnn_model model = world->models[*kind];
    return is_wrong(world) ? wrong_handle(world, model, world->canary_session) : model;
}

rnn_session pick_session(world *world, live **session)
{
    do {
        *session = &world->sessions[random_below(&world->random, SESSIONS)];
    } while ((*session)->handle == NULL);

    world->touched[world->touched[0] != NULL] = *session;
    return is_wrong(world) ? wrong_handle(world, (*session)->handle, world->canary_model) : (*session)->handle;
}

int32_t pick_index(world *world, int32_t count)
{
    if (count > 0 && !is_wrong(world)) {
        return random_below(&world->random, count);
    }

    static const int32_t wrong[] = {-1, INT32_MIN, INT32_MAX, 65536};
    allow(world, RNN_INVALID_ARGUMENT);
    const int choice = random_below(&world->random, 5);
    return choice == 4 ? count : wrong[choice];
}

size_t pick_count(world *world, size_t right)
{
    if (!is_wrong(world)) {
        return right;
    }

    allow(world, RNN_WRONG_LENGTH);
    switch (random_below(&world->random, 8)) {
    case 0: return 0;
    case 1: return right - 1;
    case 2: return SIZE_MAX;
    case 3: return SIZE_MAX / 4 + 1 + right;
    case 4: return (size_t)INT32_MAX + 1;
    case 5: return right + ((size_t)1 << 32);
    case 6: return SIZE_MAX - right + 1;
    default: return right + 1;
    }
}

void may_give(world *world, rnn_status status) { world->possible |= ALLOW(status); }

static uint8_t *pick_buffer(world *world, size_t bytes, int slot)
{
    if (is_wrong(world)) {
        allow(world, RNN_INVALID_ARGUMENT);
        return NULL;
    }

    if (bytes + MARGIN > SLOT_BYTES) {
        give_up("a buffer of %zu bytes", bytes);
    }

    uint8_t *buffer = slots[slot] + SLOT_BYTES - bytes;
    memset(buffer - MARGIN, UNTOUCHED, bytes + MARGIN);
    return buffer;
}

static void record(world *world, uint8_t *start, size_t bytes)
{
    world->outputs[world->output_count].start = start;
    world->outputs[world->output_count++].bytes = bytes;
}

void *pick_input(world *world, size_t bytes) { return pick_buffer(world, bytes, 0); }

void *pick_output(world *world, size_t bytes)
{
    uint8_t *buffer = pick_buffer(world, bytes, 1);
    if (buffer != NULL) {
        record(world, buffer, bytes);
    }

    return buffer;
}

void *pick_info(world *world, size_t bytes)
{
    uint8_t *buffer = pick_buffer(world, bytes, 2);
    if (buffer != NULL) {
        const uint32_t size = pick_struct_size(world, bytes);
        memcpy(buffer, &size, sizeof size);
        record(world, buffer + sizeof size, bytes - sizeof size);
    }

    return buffer;
}

void *pick_place(world *world, void *place)
{
    if (is_wrong(world)) {
        allow(world, RNN_INVALID_ARGUMENT);
        return NULL;
    }

    memset(place, UNTOUCHED, sizeof(void *));
    record(world, place, sizeof(void *));
    return place;
}

uint32_t pick_struct_size(world *world, size_t right)
{
    if (!is_wrong(world)) {
        return (uint32_t)right;
    }

    static const uint32_t wrong[] = {0, 1, 4, 8, UINT32_MAX, 1u << 31, 65536};
    allow(world, RNN_INVALID_ARGUMENT);
    const int choice = random_below(&world->random, 9);
    return choice < 7 ? wrong[choice] : (uint32_t)right - (choice == 7 ? 1u : 4u);
}

void remember_freed(world *world, const void *handle) { world->freed[world->freed_count++ % FREED] = handle; }

live *free_slot(world *world)
{
    for (int i = 0; i < SESSIONS; i++) {
        if (world->sessions[i].handle == NULL) {
            return &world->sessions[i];
        }
    }

    return NULL;
}

void fill_floats(world *world, float *values, size_t count)
{
    const int kind = random_below(&world->random, 4);
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = (uint32_t)random_bits(&world->random);
        const float ordinary = (float)((int32_t)bits >> 8) * 0x1p-23f;
        memcpy(&values[i], kind == 0 ? (const void *)&bits : (const void *)&ordinary, sizeof values[i]);
    }
}

void judge(world *world, const char *function, rnn_status status)
{
    world->statuses[status >= 0 && status < STATUS_COUNT ? status : RNN_INTERNAL_ERROR]++;
    if (status == RNN_OK) {
        expect(world->allowed == 0, "%s: RNN_OK though an argument was wrong (%x)", function, world->allowed);
        return;
    }

    expect(status > 0 && status < STATUS_COUNT && ((world->allowed | world->possible) & ALLOW(status)) != 0,
        "%s: %s, which its arguments do not lead to (%x): %s", function, rnn_status_name(status), world->allowed | world->possible, rnn_last_error());
    expect(rnn_last_error()[0] != 0, "%s: %s without a text", function, rnn_status_name(status));
    for (int i = 0; i < world->output_count; i++) {
        size_t same = 0;
        while (same < world->outputs[i].bytes && world->outputs[i].start[same] == UNTOUCHED) {
            same++;
        }

        expect(same == world->outputs[i].bytes, "%s: %s, but byte %zu of %zu of a result was written", function, rnn_status_name(status), same, world->outputs[i].bytes);
    }
}

void check_canary(world *world, const char *when)
{
    const size_t bytes = (size_t)world->canary.steps * (size_t)world->canary.outputs * 4;
    float *output = guarded(bytes);
    EXPECT_OK(rnn_session_reset(world->canary_session));
    EXPECT_OK(run_in_chunks(&world->canary, world->canary_session, 0, world->canary.steps, output));
    expect(has_expected_bits(&world->canary, 0, world->canary.steps, output), "%s: a session that nobody touched gives other bits", when);
    release_guarded(output, bytes);
}

/* Each status that single calls can lead to, if there were enough of them. */
static void check_statuses(const world *world, int calls)
{
    static const rnn_status all[] = {RNN_OK, RNN_INVALID_ARGUMENT, RNN_INVALID_HANDLE, RNN_WRONG_LENGTH, RNN_WRONG_TYPE, RNN_NOT_READY, RNN_INVALID_MODEL,
        RNN_UNKNOWN_KERNEL, RNN_STATE_MISMATCH, RNN_NOT_NATIVE};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        printf("%s: %d times\n", rnn_status_name(all[i]), world->statuses[all[i]]);
        expect(world->statuses[all[i]] > 0 || calls < 10000, "no call led to %s", rnn_status_name(all[i]));
    }
}

static void one_call(world *world)
{
    static uint8_t before[SLOT_BYTES], after[SLOT_BYTES];
    const int choice = random_below(&world->random, 10);
    const live *watched = random_below(&world->random, 4) == 0 ? &world->sessions[random_below(&world->random, SESSIONS)] : NULL;
    const rnn_session handle = watched == NULL ? NULL : watched->handle;
    if (handle != NULL) {
        EXPECT_OK(rnn_session_save_state(handle, before, watched->state_bytes));
    }

    world->allowed = world->possible = 0;
    world->touched[0] = world->touched[1] = NULL;
    world->output_count = 0;
    (choice < 3 ? call_library_or_model : choice < 6 ? call_session : call_run)(world);
    /* A call that failed, and one of other sessions, leaves the state. */
    const int may_change = world->allowed == 0 && (world->touched[0] == watched || world->touched[1] == watched);
    if (handle != NULL && watched->handle == handle && !may_change) {
        EXPECT_OK(rnn_session_save_state(handle, after, watched->state_bytes));
        expect(memcmp(before, after, watched->state_bytes) == 0, "a state changed though the call failed or was not for its session");
    }
}

static void describe(world *world, int index, const char *file)
{
    kind *kind = &world->kinds[index];
    *kind = (struct kind){.file = file, .bytes = read_file(world->folder, file), .info = {.struct_size = sizeof kind->info}};
    EXPECT_OK(rnn_model_load_memory(kind->bytes.data, kind->bytes.size, NULL, &world->models[index]));
    EXPECT_OK(rnn_model_get_info(world->models[index], &kind->info));
    for (int32_t i = 0; i < kind->info.input_count && i < 2; i++) {
        kind->inputs[i].struct_size = sizeof kind->inputs[i];
        EXPECT_OK(rnn_model_get_input(world->models[index], i, &kind->inputs[i]));
    }

    for (int32_t i = 0; i < kind->info.output_count && i < 2; i++) {
        kind->outputs[i].struct_size = sizeof kind->outputs[i];
        EXPECT_OK(rnn_model_get_output(world->models[index], i, &kind->outputs[i]));
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4) {
        give_up("Usage: hostile FOLDER [SEED [CALLS]]");
    }

    static const char *const files[MODELS] = {"cell.rnn", "cell-int8.rnn", "charlm.rnn", "ports.rnn", "ids.rnn"};
    static world world;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    const int calls = argc > 3 ? atoi(argv[3]) : 20000;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("seed %llu, %d calls\n", (unsigned long long)seed, calls);
    world.random = seed * 0x9E3779B97F4A7C15u + 1;
    world.folder = argv[1];
    world.wrong_in_hundred = 0;
    for (int i = 0; i < SLOTS; i++) {
        slots[i] = guarded(SLOT_BYTES);
    }

    world.canary = read_sample(argv[1], "cell");
    EXPECT_OK(rnn_model_load_memory(world.canary.file.data, world.canary.file.size, NULL, &world.canary_model));
    EXPECT_OK(rnn_session_create(world.canary_model, NULL, &world.canary_session));
    EXPECT_OK(rnn_kernel_count(&world.kernel_count));
    rnn_model threaded;
    const rnn_model_options two = {.struct_size = sizeof two, .threads = 2};
    world.has_threads = rnn_model_load_memory(world.canary.file.data, world.canary.file.size, &two, &threaded) == RNN_OK && rnn_model_free(threaded) == RNN_OK;
    for (int i = 0; i < MODELS; i++) {
        describe(&world, i, files[i]);
    }

    if (failures() != 0) {
        return report("hostile");
    }

    for (int i = 0; i < SESSIONS / 2; i++) {
        open_session(&world);
    }

    for (int i = 0; i < calls; i++) {
        world.wrong_in_hundred = i < calls / 10 ? 0 : i < calls * 8 / 10 ? 8 : 30;
        one_call(&world);
        if (i % 1000 == 0) {
            check_canary(&world, "between calls");
        }
    }

    check_statuses(&world, calls);
    check(failures() == 0, "single calls", "%d failures", failures());
    try_models(&world, calls / 20);
    try_modes(&world);
    try_small_stacks(&world);
    try_busy(&world);
    try_threads(&world, calls / 4);
    try_leaks(&world, calls / 100);
    check_canary(&world, "at the end");
    return report("hostile");
}
