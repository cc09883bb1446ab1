/* Single calls that run sessions, and that read and write their states. */

#include "hostile.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_CALL = 9 };

static void run_plain(world *world, int as_int32)
{
    live *live;
    const rnn_session session = pick_session(world, &live);
    const kind *kind = &world->kinds[live->kind];
    const size_t vectors = (size_t)(1 + random_below(&world->random, LONGEST_CALL)) * (size_t)live->streams;
    const size_t ins = vectors * (size_t)kind->inputs[0].element_count, outs = vectors * (size_t)kind->outputs[0].element_count;
    const size_t input_count = pick_count(world, ins), output_count = pick_count(world, outs);
    void *input = pick_input(world, ins * 4);
    float *output = pick_output(world, outs * 4);
    const int takes_int32 = kind->inputs[0].type == RNN_TYPE_INT32;
    if (kind->info.input_count != 1 || kind->info.output_count != 1 || takes_int32 != as_int32) {
        allow(world, RNN_WRONG_TYPE);
    }

    if (!as_int32) {
        if (input != NULL) {
            fill_floats(world, input, ins);
        }

        judge(world, "rnn_session_run", rnn_session_run(session, input, input_count, output, output_count));
        return;
    }

    const int32_t limit = takes_int32 && kind->inputs[0].index_limit > 0 ? kind->inputs[0].index_limit : 65;
    for (size_t i = 0; input != NULL && i < ins; i++) {
        ((int32_t *)input)[i] = random_below(&world->random, limit);
    }

    if (input != NULL && is_wrong(world)) {
        static const int32_t wrong[] = {-1, INT32_MIN, INT32_MAX};
        const int choice = random_below(&world->random, 4);
        ((int32_t *)input)[random_bits(&world->random) % ins] = choice == 3 ? limit : wrong[choice];
        allow(world, RNN_INVALID_ARGUMENT);
    }

    judge(world, "rnn_session_run_int32", rnn_session_run_int32(session, input, input_count, output, output_count));
}

static void set_input(world *world, int as_int32)
{
    live *live;
    const rnn_session session = pick_session(world, &live);
    const kind *kind = &world->kinds[live->kind];
    const int32_t index = pick_index(world, kind->info.input_count);
    const rnn_tensor_info *tensor = &kind->inputs[index == 1];
    const int32_t longest = live->chunk_length < LONGEST_CALL ? live->chunk_length : LONGEST_CALL;
    const size_t unit = (size_t)live->streams * (size_t)tensor->element_count;
    const size_t right = unit * (size_t)(1 + random_below(&world->random, longest));
    size_t count = pick_count(world, right);
    if (unit == 1 && (count == right + 1 || count == right - 1)) {
        /* Another number of steps, and a right one. */
        count = 0;
    }

    void *data = pick_input(world, right * 4);
    if ((tensor->type == RNN_TYPE_INT32) != as_int32) {
        allow(world, RNN_WRONG_TYPE);
    }

    if (data != NULL && as_int32) {
        for (size_t i = 0; i < right; i++) {
            ((int32_t *)data)[i] = random_below(&world->random, 65);
        }

        if (tensor->type == RNN_TYPE_INT32 && tensor->index_limit > 0 && is_wrong(world)) {
            ((int32_t *)data)[right - 1] = random_below(&world->random, 2) == 0 ? -1 : tensor->index_limit;
            allow(world, RNN_INVALID_ARGUMENT);
        }
    } else if (data != NULL) {
        fill_floats(world, data, right);
    }

    if (as_int32) {
        judge(world, "rnn_session_set_input_int32", rnn_session_set_input_int32(session, index, data, count));
    } else {
        judge(world, "rnn_session_set_input", rnn_session_set_input(session, index, data, count));
    }
}

static void run_inputs(world *world)
{
    live *live;
    const rnn_session session = pick_session(world, &live);
    int32_t steps = 1 + random_below(&world->random, live->chunk_length < LONGEST_CALL ? live->chunk_length : LONGEST_CALL);
    if (is_wrong(world)) {
        static const int32_t wrong[] = {0, -1, INT32_MIN, INT32_MAX};
        const int choice = random_below(&world->random, 5);
        steps = choice == 4 ? live->chunk_length + 1 : wrong[choice];
        allow(world, RNN_WRONG_LENGTH);
    }

    may_give(world, RNN_NOT_READY);
    judge(world, "rnn_session_run_inputs", rnn_session_run_inputs(session, steps));
}

static void get_output(world *world, int as_int32)
{
    live *live;
    const rnn_session session = pick_session(world, &live);
    const kind *kind = &world->kinds[live->kind];
    const int32_t index = pick_index(world, kind->info.output_count);
    const rnn_tensor_info *tensor = &kind->outputs[index == 1];
    const int32_t longest = live->chunk_length < LONGEST_CALL ? live->chunk_length : LONGEST_CALL;
    const size_t right = (size_t)live->streams * (size_t)tensor->element_count * (size_t)(1 + random_below(&world->random, longest));
    const size_t count = pick_count(world, right);
    void *data = pick_output(world, right * 4);
    if ((tensor->type == RNN_TYPE_INT32) != as_int32) {
        allow(world, RNN_WRONG_TYPE);
    }

    may_give(world, RNN_NOT_READY);
    may_give(world, RNN_WRONG_LENGTH);
    if (as_int32) {
        judge(world, "rnn_session_get_output_int32", rnn_session_get_output_int32(session, index, data, count));
    } else {
        judge(world, "rnn_session_get_output", rnn_session_get_output(session, index, data, count));
    }
}

static void warm_up_or_reset(world *world)
{
    live *live;
    const rnn_session session = pick_session(world, &live);
    switch (random_below(&world->random, 3)) {
    case 0: {
        int32_t steps = 1 + random_below(&world->random, 40);
        if (is_wrong(world)) {
            static const int32_t wrong[] = {0, -1, INT32_MIN};
            steps = wrong[random_below(&world->random, 3)];
            allow(world, RNN_WRONG_LENGTH);
        }

        judge(world, "rnn_session_warm_up", rnn_session_warm_up(session, steps));
        break;
    }
    case 1: judge(world, "rnn_session_reset", rnn_session_reset(session)); break;
    default: judge(world, "rnn_session_reset_stream", rnn_session_reset_stream(session, pick_index(world, live->streams))); break;
    }
}

static void save_or_load(world *world)
{
    static uint8_t saved[1 << 20];
    live *live;
    const rnn_session session = pick_session(world, &live);
    const size_t bytes = live->state_bytes, size = pick_count(world, bytes);
    if (random_below(&world->random, 2) == 0) {
        judge(world, "rnn_session_save_state", rnn_session_save_state(session, pick_output(world, bytes), size));
        return;
    }

    if (bytes > sizeof saved) {
        give_up("a state of %zu bytes", bytes);
    }

    EXPECT_OK(rnn_session_save_state(live->handle, saved, bytes));
    uint8_t *data = pick_input(world, bytes);
    if (data != NULL) {
        memcpy(data, saved, bytes);
        if (is_wrong(world)) {
            /* Its first 16 bytes say what it is. */
            data[random_below(&world->random, 16)] ^= (uint8_t)(1 + random_below(&world->random, 255));
            allow(world, RNN_STATE_MISMATCH);
        } else {
            fill_floats(world, (float *)(void *)(data + 16), (bytes - 16) / 4);
        }
    }

    judge(world, "rnn_session_load_state", rnn_session_load_state(session, data, size));
}

static void get_or_set_state(world *world)
{
    live *live;
    const rnn_session session = pick_session(world, &live);
    const rnn_model model = world->models[live->kind];
    const int32_t index = pick_index(world, world->kinds[live->kind].info.state_count);
    rnn_tensor_info state = {.struct_size = sizeof state, .element_count = 1};
    rnn_model_get_state(model, index, &state);
    const size_t right = (size_t)state.element_count * (size_t)live->streams;
    const size_t count = pick_count(world, right);
    if (random_below(&world->random, 2) == 0) {
        judge(world, "rnn_session_get_state", rnn_session_get_state(session, index, pick_output(world, right * 4), count));
        return;
    }

    float *data = pick_input(world, right * 4);
    if (data != NULL) {
        fill_floats(world, data, right);
    }

    judge(world, "rnn_session_set_state", rnn_session_set_state(session, index, data, count));
}

static void carry_state(world *world)
{
    live *first, *second;
    const rnn_session from = pick_session(world, &first), to = pick_session(world, &second);
    int32_t *carried = random_below(&world->random, 3) == 0 ? NULL : pick_output(world, sizeof *carried);
    world->allowed &= carried == NULL ? ~ALLOW(RNN_INVALID_ARGUMENT) : ~0u; /* carried may be null */
    if (first->streams != second->streams) {
        allow(world, RNN_STATE_MISMATCH);
    }

    if (first == second) {
        may_give(world, RNN_INVALID_ARGUMENT);
        may_give(world, RNN_BUSY);
    }

    judge(world, "rnn_session_carry_state", rnn_session_carry_state(from, to, carried));
}

static void get_native_run(world *world)
{
    live *live;
    const rnn_session session = pick_session(world, &live);
    const kind *kind = &world->kinds[live->kind];
    if (!live->runs_natively) {
        allow(world, RNN_NOT_NATIVE);
    }

    if (kind->info.input_count != 1 || kind->info.output_count != 1) {
        allow(world, RNN_WRONG_TYPE);
    }

    judge(world, "rnn_session_get_native_run", rnn_session_get_native_run(session, pick_info(world, sizeof(rnn_native_run))));
}

void call_run(world *world)
{
    switch (random_below(&world->random, 12)) {
    case 0:
    case 1: run_plain(world, 0); break;
    case 2: run_plain(world, 1); break;
    case 3: set_input(world, 0); break;
    case 4: set_input(world, 1); break;
    case 5: run_inputs(world); break;
    case 6: get_output(world, random_below(&world->random, 2)); break;
    case 7: warm_up_or_reset(world); break;
    case 8: save_or_load(world); break;
    case 9: get_or_set_state(world); break;
    case 10: carry_state(world); break;
    default: get_native_run(world); break;
    }
}
