/* Broken models, from memory and from files, paths that lead to none, and whether anything is left behind. */

#define _DEFAULT_SOURCE
#include "hostile.h"
#include "memory_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODELS_AND_BAD = 1 << RNN_OK | 1 << RNN_INVALID_MODEL };

/* Loads it, and runs a step of what could be loaded: whatever the weights are, nothing else may happen. */
static void try_load(const char *what, rnn_status status, rnn_model model, uint32_t right)
{
    expect(status >= 0 && (right & ALLOW(status)) != 0, "%s: %s: %s", what, rnn_status_name(status), rnn_last_error());
    expect(status == RNN_OK || rnn_last_error()[0] != 0, "%s: no text", what);
    if (status != RNN_OK) {
        return;
    }

    rnn_session session;
    rnn_session_options options = {.struct_size = sizeof options, .chunk_length = 2};
    const rnn_status created = rnn_session_create(model, &options, &session);
    expect(created == RNN_OK || created == RNN_OUT_OF_MEMORY, "%s: a session: %s: %s", what, rnn_status_name(created), rnn_last_error());
    EXPECT_OK(rnn_model_free(model));
    if (created == RNN_OK) {
        EXPECT_OK(rnn_session_warm_up(session, 3));
        EXPECT_OK(rnn_session_free(session));
    }
}

/* The bytes end at a page that must not be touched. */
static void load_bytes(const char *what, const uint8_t *data, size_t size, int verifies, uint32_t right)
{
    const rnn_model_options options = {.struct_size = sizeof options, .verify_golden = verifies};
    uint8_t *copy = guarded(size);
    rnn_model model = NULL;
    memcpy(copy, data, size);
    const rnn_status status = rnn_model_load_memory(copy, size, &options, &model);
    release_guarded(copy, size);
    try_load(what, status, model, right);
}

static void load_file(const char *what, const char *path, uint32_t right)
{
    rnn_model model = NULL;
    const rnn_status status = rnn_model_load(path, NULL, &model);
    try_load(what, status, model, right);
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        give_up("cannot write %s", path);
    }
}

static void try_paths(world *world)
{
    char folder[] = "/tmp/rnn-hostile-XXXXXX";
    if (mkdtemp(folder) == NULL) {
        give_up("cannot make a folder");
    }

    static char longest[20000];
    memset(longest, 'a', sizeof longest - 1);
    const uint32_t error = ALLOW(RNN_IO_ERROR);
    load_file("no path", "", error);
    load_file("a missing file", "/no/such/folder/model.rnn", error);
    load_file("a folder", folder, error);
    load_file("a path that is no UTF-8", "/tmp/\xFF\xC0\x80\xED\xA0\x80.rnn", error);
    load_file("a long path", longest, error);
    load_file("a format string", "%s%s%n", error);
    load_file("an endless file", "/dev/zero", error);
    load_file("no file", "/dev/null", error);
    load_file("memory of the process, a file of no bytes", "/proc/self/mem", error | ALLOW(RNN_INVALID_MODEL));

    const blob cell = world->kinds[0].bytes;
    const char *path = path_of(folder, "\xC3\xA4 b\xE6\xBC\xA2.rnn");
    write_file(path, cell.data, cell.size);
    load_file("a path with other letters", path, ALLOW(RNN_OK));
    const char *raw = path_of(folder, "\xFF\xFE.rnn");
    write_file(raw, cell.data, cell.size);
    load_file("a name that is no UTF-8, of a file that is there", raw, ALLOW(RNN_OK) | error);
    write_file(path, cell.data, 0);
    load_file("an empty file", path, ALLOW(RNN_INVALID_MODEL));
    write_file(path, cell.data, cell.size / 2);
    load_file("half a file", path, ALLOW(RNN_INVALID_MODEL));
    const char *pipe = path_of(folder, "pipe");
    if (mkfifo(pipe, 0600) == 0) {
        load_file("a pipe that nobody writes to", pipe, error);
        unlink(pipe);
    }

    if (chmod(path, 0) == 0 && access(path, R_OK) != 0) {
        load_file("a file that must not be read", path, error);
    }

    unlink(path);
    unlink(raw);
    rmdir(folder);
}

/* The container: 8 bytes with the length of a header in JSON, the header, the tensors. */
static void try_lengths(world *world)
{
    static const uint64_t lengths[] = {0, 1, 7, UINT64_MAX, UINT64_MAX / 2, 1u << 31, 1ull << 32, 1ull << 62};
    const blob cell = world->kinds[0].bytes;
    uint8_t *copy = malloc(cell.size);
    memcpy(copy, cell.data, cell.size);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memcpy(copy, &lengths[i], 8);
        load_bytes("another length of the header", copy, cell.size, 0, ALLOW(RNN_INVALID_MODEL));
    }

    for (size_t size = 0; size < 12; size++) {
        load_bytes("a few bytes", cell.data, size, 0, ALLOW(RNN_INVALID_MODEL));
    }

    free(copy);
}

void try_models(world *world, int rounds)
{
    const int before = failures();
    try_paths(world);
    try_lengths(world);
    for (int i = 0; i < rounds; i++) {
        const blob *file = &world->kinds[random_below(&world->random, MODELS)].bytes;
        if (file->size > 200000 && i % 8 != 0) {
            continue;
        }

        const size_t header = 8 + (size_t)file->data[0] + ((size_t)file->data[1] << 8) + ((size_t)file->data[2] << 16);
        if (random_below(&world->random, 4) == 0) {
            load_bytes("a truncated model", file->data, random_bits(&world->random) % file->size, 0, ALLOW(RNN_INVALID_MODEL));
            continue;
        }

        uint8_t *copy = malloc(file->size);
        memcpy(copy, file->data, file->size);
        const size_t reach = random_below(&world->random, 4) == 0 ? file->size : header;
        for (int flips = 1 + random_below(&world->random, 3); flips > 0; flips--) {
            const size_t place = random_bits(&world->random) % reach;
            copy[place] = random_below(&world->random, 2) == 0 ? (uint8_t)(copy[place] ^ 1 << random_below(&world->random, 8)) : (uint8_t)random_bits(&world->random);
        }

        load_bytes("a model with other bits", copy, file->size, random_below(&world->random, 4) == 0, MODELS_AND_BAD);
        free(copy);
    }

    check(failures() == before, "broken models", "%d failures", failures() - before);
    check_canary(world, "after broken models");
}

/* Models and sessions that come and go, also those that fail, leave nothing behind. */
void try_leaks(world *world, int rounds)
{
    const blob *file = &world->kinds[0].bytes;
    size_t first = 0;
    for (int i = 0; i < rounds * 2; i++) {
        if (i == rounds) {
            first = read_memory_use().resident;
        }

        rnn_model model;
        rnn_session sessions[8];
        EXPECT_OK(rnn_model_load_memory(file->data, file->size, NULL, &model));
        for (int j = 0; j < 8; j++) {
            EXPECT_OK(j % 2 == 0 ? rnn_session_create(model, NULL, &sessions[j]) : rnn_session_fork(sessions[j - 1], &sessions[j]));
        }

        EXPECT_OK(rnn_model_free(model));
        for (int j = 0; j < 8; j++) {
            EXPECT_OK(rnn_session_warm_up(sessions[j], 1));
            EXPECT_OK(rnn_session_free(sessions[j]));
        }

        expect(rnn_model_load_memory(file->data, file->size - 100, NULL, &model) == RNN_INVALID_MODEL, "a truncated model");
    }

    const size_t last = read_memory_use().resident, grown = last > first ? last - first : 0, bound = ((size_t)32 << 20) + (size_t)rounds * file->size / 4;
    printf("resident memory: %zu KB after %d loads, %zu KB after as many more\n", first / 1024, rounds, last / 1024);
    check(grown < bound, "nothing is left behind", "%zu KB more after %d loads of %zu bytes", grown / 1024, rounds, file->size);
}
