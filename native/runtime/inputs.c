/* Models with several inputs or outputs: each given or got by itself. */

#include "front.h"

#include "../src/steps.h"

/* The frames of an input or output, whose values and type are those of the call. */
static rnn_status check_port(const char *kind, const rnn_tensor *tensors, int32_t tensor_count, int32_t index, int is_int32, const void *data)
{
    const rnn_status status = check_index(kind, index, tensor_count);
    if (status != RNN_OK) {
        return status;
    }

    if (data == NULL) {
        return fail(RNN_INVALID_ARGUMENT, "the data of %s '%s' is null", kind, tensors[index].name);
    }

    if (tensors[index].is_int32 != is_int32) {
        return fail(RNN_WRONG_TYPE, "%s '%s' is %s; found %s values", kind, tensors[index].name, is_int32 ? "float32" : "int32", is_int32 ? "int32" : "float32");
    }

    return RNN_OK;
}

static rnn_status set_input(const session *session, int32_t index, const void *data, size_t count, int is_int32)
{
    rnn_image *const image = session->image;
    const rnn_tensor *const tensors = session->description->inputs;
    rnn_status status = check_port("input", tensors, image->input_count, index, is_int32, data);
    if (status != RNN_OK) {
        return status;
    }

    rnn_io *const port = &image->inputs[index];
    const int32_t streams = session->blueprint->streams, chunk_length = session->blueprint->chunk_length;
    const size_t step = (size_t)port->elements * (size_t)streams, steps = count / step;
    if (steps == 0 || steps * step != count || steps > (size_t)chunk_length) {
        return fail(RNN_WRONG_LENGTH, "input '%s' takes %zu values a time step (%d streams of %d) for 1 to %d time steps; found %zu values", tensors[index].name, step, streams,
                    port->elements, chunk_length, count);
    }

    if (is_int32 && (status = check_indices(&tensors[index], data, count)) != RNN_OK) {
        return status;
    }

    const float *source = data;
    float *frame = port->buffer.start;
    for (size_t i = 0; i < steps * (size_t)streams; i++, source += port->elements, frame += port->buffer.stride) {
        if (is_int32) {
            copy_floats(source, frame, port->elements);
        } else {
            image->program.kernels->unary(UNARY_FLUSH, 0.0f, 0.0f, source, frame, port->elements);
        }
    }

    port->given_steps = (int32_t)steps;
    return RNN_OK;
}

rnn_status rnn_session_set_input(rnn_session handle, int32_t index, const float *data, size_t count)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status == RNN_OK) {
        status = set_input(call.session, index, data, count, 0);
        leave(&call);
    }

    return status;
}

rnn_status rnn_session_set_input_int32(rnn_session handle, int32_t index, const int32_t *data, size_t count)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status == RNN_OK) {
        status = set_input(call.session, index, data, count, 1);
        leave(&call);
    }

    return status;
}

static rnn_status check_time_steps(const session *session, int32_t time_steps)
{
    return time_steps < 1 || time_steps > session->blueprint->chunk_length
        ? fail(RNN_WRONG_LENGTH, "the call takes 1 to %d time steps (the session's chunk length); found %d", session->blueprint->chunk_length, time_steps)
        : RNN_OK;
}

static rnn_status run_inputs(const session *session, int32_t time_steps)
{
    rnn_image *const image = session->image;
    rnn_status status = check_time_steps(session, time_steps);
    for (int32_t i = 0; status == RNN_OK && i < image->input_count; i++) {
        const int32_t given = image->inputs[i].given_steps;
        if (given == 0) {
            return fail(RNN_NOT_READY, "input '%s' has not been given for this call", session->description->inputs[i].name);
        }

        if (given != time_steps) {
            return fail(RNN_NOT_READY, "input '%s' was given for %d time steps, but the call runs %d", session->description->inputs[i].name, given, time_steps);
        }
    }

    if (status == RNN_OK) {
        status = execute(session, NULL, NULL, time_steps);
        image->run_steps = status == RNN_OK ? time_steps : 0;
    }

    return status;
}

rnn_status rnn_session_run_inputs(rnn_session handle, int32_t time_steps)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status == RNN_OK) {
        status = run_inputs(call.session, time_steps);
        leave(&call);
    }

    return status;
}

static rnn_status get_output(const session *session, int32_t index, void *data, size_t count, int is_int32)
{
    const rnn_image *const image = session->image;
    const rnn_tensor *const tensors = session->description->outputs;
    const rnn_status status = check_port("output", tensors, image->output_count, index, is_int32, data);
    if (status != RNN_OK) {
        return status;
    }

    const rnn_io *const port = &image->outputs[index];
    if (image->run_steps == 0) {
        return fail(RNN_NOT_READY, "output '%s' is asked for, but no rnn_session_run_inputs has run since the session was made, reset by a warm-up or ran a plain call",
                    tensors[index].name);
    }

    const size_t vectors = (size_t)image->run_steps * (size_t)session->blueprint->streams;
    if (count != vectors * (size_t)port->elements) {
        return fail(RNN_WRONG_LENGTH, "output '%s' holds %zu values for %d time steps of %d streams of %d; found room for %zu", tensors[index].name,
                    vectors * (size_t)port->elements, image->run_steps, session->blueprint->streams, port->elements, count);
    }

    float *target = data;
    const float *frame = port->buffer.start;
    for (size_t i = 0; i < vectors; i++, target += port->elements, frame += port->buffer.stride) {
        copy_floats(frame, target, port->elements);
    }

    return RNN_OK;
}

rnn_status rnn_session_get_output(rnn_session handle, int32_t index, float *data, size_t count)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status == RNN_OK) {
        status = get_output(call.session, index, data, count, 0);
        leave(&call);
    }

    return status;
}

rnn_status rnn_session_get_output_int32(rnn_session handle, int32_t index, int32_t *data, size_t count)
{
    call call;
    rnn_status status = enter(handle, &call);
    if (status == RNN_OK) {
        status = get_output(call.session, index, data, count, 1);
        leave(&call);
    }

    return status;
}
