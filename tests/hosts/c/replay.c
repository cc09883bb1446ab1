/* Runs networks of every kind of node as C# ran them: FOLDER/cases.txt has a line `NAME KERNEL STREAMS STEPS` for each, NAME.rnn is the network, NAME.in0 ... its inputs, NAME.out0 ...
 * what its outputs must be, NAME.state the state that the run must end with, as it is saved. */

#include "support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PORTS = 32 };

typedef struct port {
    rnn_tensor_info info;
    blob values; /* of an input: to give; of an output: expected */
    size_t step; /* values of a time step */
} port;

typedef struct replay {
    const char *name;
    int32_t streams;
    int32_t steps;
    int32_t input_count;
    int32_t output_count;
    port inputs[MOST_PORTS];
    port outputs[MOST_PORTS];
    blob state;
} replay;

static void read_port(port *port, const char *folder, const char *name, const char *kind, int32_t index, int32_t streams)
{
    char file[256];
    snprintf(file, sizeof file, "%s.%s%" PRId32, name, kind, index);
    port->values = read_file(folder, file);
    port->step = (size_t)port->info.element_count * (size_t)streams;
}

/* The steps of a session from `first` on, in one call; outputs have the expected bits. */
static void run_call(const replay *replay, rnn_session session, int32_t first, int32_t count)
{
    for (int32_t i = 0; i < replay->input_count; i++) {
        const port *port = &replay->inputs[i];
        const void *values = port->values.data + (size_t)first * port->step * 4;
        const size_t length = (size_t)count * port->step;
        if (port->info.type == RNN_TYPE_INT32) {
            EXPECT_OK(rnn_session_set_input_int32(session, i, values, length));
        } else {
            EXPECT_OK(rnn_session_set_input(session, i, values, length));
        }
    }

    EXPECT_OK(rnn_session_run_inputs(session, count));
    for (int32_t i = 0; i < replay->output_count; i++) {
        const port *port = &replay->outputs[i];
        const size_t length = (size_t)count * port->step;
        void *values = guarded(length * 4);
        if (port->info.type == RNN_TYPE_INT32) {
            EXPECT_OK(rnn_session_get_output_int32(session, i, values, length));
        } else {
            EXPECT_OK(rnn_session_get_output(session, i, values, length));
        }

        expect(memcmp(values, port->values.data + (size_t)first * port->step * 4, length * 4) == 0, "%s: output %" PRId32 ", steps %" PRId32 " to %" PRId32, replay->name, i, first,
               first + count - 1);
        release_guarded(values, length * 4);
    }
}

static void expect_state(const replay *replay, rnn_session session, const char *how)
{
    uint8_t *saved = malloc(replay->state.size);
    EXPECT_OK(rnn_session_save_state(session, saved, replay->state.size));
    expect(memcmp(saved, replay->state.data, replay->state.size) == 0, "%s: the state after %s", replay->name, how);
    free(saved);
}

/* A session in memory that ends at a guard page, in calls of so many steps; half of the steps are a fork's, into which the state is carried or loaded. */
static void run_sessions(const replay *replay, rnn_model model, int32_t chunk_length, const char *how)
{
    const rnn_session_options options = {.struct_size = sizeof options, .streams = replay->streams, .chunk_length = chunk_length};
    rnn_session_info info = {.struct_size = sizeof info};
    rnn_session session, other;
    EXPECT_OK(rnn_model_get_session_info(model, &options, &info));
    void *memory = guarded(info.memory_bytes), *more = guarded(info.memory_bytes);
    EXPECT_OK(rnn_session_create_in(model, &options, memory, info.memory_bytes, &session));
    EXPECT_OK(rnn_session_warm_up(session, 2));
    expect(info.state_bytes == replay->state.size, "%s: a saved state has %" PRIu64 " bytes", replay->name, info.state_bytes);

    for (int32_t step = 0; step < replay->steps; step += chunk_length) {
        const int32_t count = replay->steps - step < chunk_length ? replay->steps - step : chunk_length;
        run_call(replay, session, step, count);
        if (step == 0) {
            /* From here on a fork goes on; then a session that had another state. */
            EXPECT_OK(rnn_session_fork_in(session, more, info.memory_bytes, &other));
            EXPECT_OK(rnn_session_reset(session));
            EXPECT_OK(rnn_session_carry_state(other, session, NULL));
            EXPECT_OK(rnn_session_free(other));
        }
    }

    expect_state(replay, session, how);
    EXPECT_OK(rnn_session_create(model, &options, &other));
    EXPECT_OK(rnn_session_load_state(other, replay->state.data, replay->state.size));
    expect_state(replay, other, "a load");
    EXPECT_OK(rnn_session_free(other));
    EXPECT_OK(rnn_session_free(session));
    release_guarded(memory, info.memory_bytes);
    release_guarded(more, info.memory_bytes);
}

static void run_case(const char *folder, const char *name, const char *kernel, int32_t streams, int32_t steps)
{
    char file[256];
    snprintf(file, sizeof file, "%s.rnn", name);
    const rnn_model_options options = {.struct_size = sizeof options, .kernel = kernel};
    rnn_model model;
    const rnn_status status = rnn_model_load(path_of(folder, file), &options, &model);
    expect(status == RNN_OK, "%s with %s: %s", name, kernel, rnn_last_error());
    if (status != RNN_OK) {
        return;
    }

    replay replay = {.name = name, .streams = streams, .steps = steps};
    rnn_model_info info = {.struct_size = sizeof info};
    EXPECT_OK(rnn_model_get_info(model, &info));
    if (info.input_count > MOST_PORTS || info.output_count > MOST_PORTS) {
        give_up("%s has more than %d inputs or outputs", name, MOST_PORTS);
    }

    replay.input_count = info.input_count;
    replay.output_count = info.output_count;
    for (int32_t i = 0; i < info.input_count; i++) {
        replay.inputs[i].info.struct_size = sizeof replay.inputs[i].info;
        EXPECT_OK(rnn_model_get_input(model, i, &replay.inputs[i].info));
        read_port(&replay.inputs[i], folder, name, "in", i, streams);
    }

    for (int32_t i = 0; i < info.output_count; i++) {
        replay.outputs[i].info.struct_size = sizeof replay.outputs[i].info;
        EXPECT_OK(rnn_model_get_output(model, i, &replay.outputs[i].info));
        read_port(&replay.outputs[i], folder, name, "out", i, streams);
    }

    snprintf(file, sizeof file, "%s.state", name);
    replay.state = read_file(folder, file);
    run_sessions(&replay, model, steps, "one call");
    run_sessions(&replay, model, 1, "a call a step");
    run_sessions(&replay, model, 3, "calls of three steps");
    EXPECT_OK(rnn_model_free(model));
    for (int32_t i = 0; i < info.input_count; i++) {
        free(replay.inputs[i].values.data);
    }

    for (int32_t i = 0; i < info.output_count; i++) {
        free(replay.outputs[i].values.data);
    }

    free(replay.state.data);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        give_up("usage: %s FOLDER", argv[0]);
    }

    FILE *cases = fopen(path_of(argv[1], "cases.txt"), "r");
    if (cases == NULL) {
        give_up("'%s' has no cases.txt", argv[1]);
    }

    int count = 0;
    char name[128], kernel[64];
    int32_t streams, steps;
    while (fscanf(cases, "%127s %63s %" SCNd32 " %" SCNd32, name, kernel, &streams, &steps) == 4) {
        run_case(argv[1], name, kernel, streams, steps);
        count++;
    }

    fclose(cases);
    snprintf(name, sizeof name, "%d runs", count);
    check(count > 0 && failures() == 0, name, "a run failed, or there is none");
    return report(argv[0]);
}
