/* Running: what is checked at a session's edge. */

#include "front.h"

#include "../src/steps.h"

void forget_inputs(rnn_image *image)
{
    for (int32_t i = 0; i < image->input_count; i++) {
        image->inputs[i].given_steps = 0;
    }

    image->run_steps = 0;
}

rnn_status execute(const session *session, const void *input, void *output, int32_t time_steps)
{
    rnn_run(&session->image->program, input, output, time_steps);
    const rnn_host_call *const host = session->image->host;
    if (host != NULL && host->status != 0) {
        const rnn_status status = host->status;
        session->image->host->status = 0;
        return fail(status, "the managed kernels failed: %s", rnn_status_name(status));
    }

    return RNN_OK;
}

static rnn_status refuse_plain(const session *session, const char *type)
{
    const rnn_model_description *const model = session->description;
    return model->input_count != 1 || model->output_count != 1
        ? fail(RNN_WRONG_TYPE, "the call is for models with 1 input and 1 output; this one has %d and %d: use rnn_session_set_input, rnn_session_run_inputs and rnn_session_get_output",
               model->input_count, model->output_count)
        : fail(RNN_WRONG_TYPE, "the call is for a model with %s input and float32 output; '%s' is %s and '%s' is %s", type, model->inputs[0].name,
               model->inputs[0].is_int32 ? "int32" : "float32", model->outputs[0].name, model->outputs[0].is_int32 ? "int32" : "float32");
}

/* The time steps of a plain call, or 0 and an error. */
static int32_t plain_steps(const session *session, size_t input_count, size_t output_count, rnn_status *status)
{
    const rnn_model_description *const model = session->description;
    const size_t steps = input_count / session->step_input;
    if (steps == 0 || steps > INT32_MAX || steps * session->step_input != input_count) {
        *status = fail(RNN_WRONG_LENGTH, "input '%s' takes %zu values a time step (%d streams of %d), a positive multiple of that; found %zu", model->inputs[0].name,
                       session->step_input, session->blueprint->streams, model->inputs[0].elements, input_count);
        return 0;
    }

    if (output_count / session->step_output != steps || steps * session->step_output != output_count) {
        *status = fail(RNN_WRONG_LENGTH, "output '%s' gives %zu values a time step (%d streams of %d); expected room for %zu time steps, found room for %zu values",
                       model->outputs[0].name, session->step_output, session->blueprint->streams, model->outputs[0].elements, steps, output_count);
        return 0;
    }

    return (int32_t)steps;
}

rnn_status check_indices(const rnn_tensor *tensor, const int32_t *indices, size_t count)
{
    for (size_t i = 0; tensor->index_limit != 0 && i < count; i++) {
        if ((uint32_t)indices[i] >= (uint32_t)tensor->index_limit) {
            return fail(RNN_INVALID_ARGUMENT, "input '%s' takes indices from 0 to %d; found %d at position %zu", tensor->name, tensor->index_limit - 1, indices[i], i);
        }
    }

    return RNN_OK;
}

static rnn_status run_plain(const session *session, const void *input, size_t input_count, float *output, size_t output_count, int is_int32)
{
    if (input == NULL || output == NULL) {
        return fail(RNN_INVALID_ARGUMENT, "%s is null", input == NULL ? "input" : "output");
    }

    if (!(is_int32 ? session->takes_indices : session->takes_floats)) {
        return refuse_plain(session, is_int32 ? "int32" : "float32");
    }

    int32_t time_steps = 1;
    rnn_status status = RNN_OK;
    if ((input_count != session->step_input || output_count != session->step_output)
        && (time_steps = plain_steps(session, input_count, output_count, &status)) == 0) {
        return status;
    }

    const int is_in_place = input == output && session->step_input == session->step_output;
    if (!is_in_place && overlap(input, input_count * sizeof(float), output, output_count * sizeof(float))) {
        return fail(RNN_INVALID_ARGUMENT, "input and output overlap, which only those that start at one address and have as many elements a step may");
    }

    if (is_int32 && (status = check_indices(session->description->inputs, input, input_count)) != RNN_OK) {
        return status;
    }

    forget_inputs(session->image);
    return execute(session, input, output, time_steps);
}

rnn_status rnn_session_run(rnn_session handle, const float *input, size_t input_count, float *output, size_t output_count)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status == RNN_OK) {
        status = run_plain(call.session, input, input_count, output, output_count, 0);
        leave(&call);
    }

    return status;
}

rnn_status rnn_session_run_int32(rnn_session handle, const int32_t *input, size_t input_count, float *output, size_t output_count)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status == RNN_OK) {
        status = run_plain(call.session, input, input_count, output, output_count, 1);
        leave(&call);
    }

    return status;
}

static rnn_status warm_up(const session *session, int32_t time_steps)
{
    rnn_image *const image = session->image;
    if (time_steps < 1) {
        return fail(RNN_WRONG_LENGTH, "the call takes at least 1 time step; found %d", time_steps);
    }

    rnn_status status = RNN_OK;
    for (int32_t done = 0, steps; status == RNN_OK && done < time_steps; done += steps) {
        const int32_t chunk_length = session->blueprint->chunk_length;
        steps = time_steps - done < chunk_length ? time_steps - done : chunk_length;
        for (int32_t i = 0; i < image->input_count; i++) {
            const rnn_io *const port = &image->inputs[i];
            float *frame = port->buffer.start;
            for (int32_t vector = 0; vector < steps * session->blueprint->streams; vector++, frame += port->buffer.stride) {
                clear_floats(frame, port->elements);
            }
        }

        status = execute(session, NULL, NULL, steps);
    }

    forget_inputs(image);
    reset_states(session);
    return status;
}

rnn_status rnn_session_warm_up(rnn_session handle, int32_t time_steps)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status == RNN_OK) {
        status = warm_up(call.session, time_steps);
        leave(&call);
    }

    return status;
}

/* rnn_run with the parameters of rnn_native_run. */
static void run_program(void *program, const void *input, void *output, int32_t time_steps) { rnn_run(program, input, output, time_steps); }

rnn_status rnn_session_get_native_run(rnn_session handle, rnn_native_run *run)
{
    call call;
    rnn_status status = check_struct("rnn_native_run", run, FIRST_NATIVE_RUN);
    if (status != RNN_OK || (status = enter(handle, &call)) != RNN_OK) {
        return status;
    }

    const session *const session = call.session;
    if (session->image->host != NULL) {
        status = fail(RNN_NOT_NATIVE, "the session does not run natively: %s", session->blueprint->managed_reason);
    } else if (!session->takes_floats && !session->takes_indices) {
        status = refuse_plain(session, "float32 or int32");
    } else {
        const rnn_native_run result = {.program = &session->image->program, .run = run_program};
        copy_struct(run, &result, sizeof result);
    }

    leave(&call);
    return status;
}
