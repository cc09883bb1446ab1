/* Runs a program: chunks, copies in and out, one operation after the other. */

#include "steps.h"

#include <math.h>

static void step_host(const context *c, rnn_host_call *step) 
{
    const int32_t status = step->execute(step->host, c->time_steps);
    step->status = status != 0 ? status : step->status;
}

static inline __attribute__((always_inline)) void run_operations(rnn_program *program, context *c)
{
    c->backwards = program->backwards;
    program->backwards ^= 1;
    const rnn_operation *end = program->operations + program->operation_count;
    for (const rnn_operation *operation = program->operations; operation < end; operation++) {
        const void *arguments = operation->arguments;
        switch (operation->kind) {
        case RNN_OP_RECURRENT: step_recurrent(c, arguments); break;
        case RNN_OP_LINEAR: step_linear(c, arguments); break;
        case RNN_OP_ELEMENTWISE: step_elementwise(c, arguments); break;
        case RNN_OP_EMBEDDING: step_embedding(c, arguments); break;
        case RNN_OP_SOFTMAX: step_softmax(c, arguments); break;
        case RNN_OP_REDUCE: step_reduce(c, arguments); break;
        case RNN_OP_LAYER_NORM: step_layer_norm(c, arguments); break;
        case RNN_OP_CAST: step_cast(c, arguments); break;
        case RNN_OP_COPY: step_copy(c, arguments); break;
        case RNN_OP_FLUSH: step_flush(c, arguments); break;
        case RNN_OP_STRIDED_COPY: step_strided_copy(c, arguments); break;
        case RNN_OP_BLOCK_COPY: step_block_copy(c, arguments); break;
        case RNN_OP_GATHER: step_gather(c, arguments); break;
        case RNN_OP_COMPARE: step_compare(c, arguments); break;
        case RNN_OP_CAUSAL_CONVOLUTION: step_causal_convolution(c, arguments); break;
        case RNN_OP_DELAY: step_delay(c, arguments); break;
        case RNN_OP_CONVOLUTION: step_convolution(c, arguments); break;
        case RNN_OP_DEPTHWISE: step_depthwise(c, arguments); break;
        case RNN_OP_MATMUL: step_matmul(c, arguments); break;
        case RNN_OP_SEQUENCE: step_sequence(c, arguments); break;
        case RNN_OP_GENERAL_SEQUENCE: step_general_sequence(c, arguments); break;
        case RNN_OP_HOST: step_host(c, (rnn_host_call *)(uintptr_t)arguments); break;
        default: __builtin_trap();
        }
    }
}

static void run_chunk(rnn_program *program, int32_t time_steps)
{
    context c = {program->kernels, 0, time_steps, program->streams, time_steps * program->streams, 0};
    if (!program->has_feedback) {
        run_operations(program, &c);
        return;
    }

    c.time_steps = 1;
    c.vectors = program->streams;
    for (int32_t t = 0; t < time_steps; t++) {
        c.first_time_step = t;
        run_operations(program, &c);
    }
}

static inline void copy_frame_in(const rnn_program *program, const float *data, float *frame)
{
    const float smallest = 8.271806e-25f; /* 2^-80 */
    const rnn_port *port = &program->input;
    if (port->is_int32) {
        copy_floats(data, frame, port->elements);
    } else if (port->elements <= 4) {
        /* A frame of a few values costs less here than a call does. */
        for (int32_t element = 0; element < port->elements; element++) {
            frame[element] = fabsf(data[element]) < smallest ? 0.0f : data[element];
        }
    } else {
        program->kernels->unary(UNARY_FLUSH, 0.0f, 0.0f, data, frame, port->elements);
    }
}

static void copy_in(const rnn_program *program, const float *data, int32_t time_steps)
{
    const rnn_port *port = &program->input;
    const int32_t vectors = time_steps * program->streams;
    float *frame = port->buffer.start;
    for (int32_t i = 0; i < vectors; i++, data += port->elements, frame += port->buffer.stride) {
        copy_frame_in(program, data, frame);
    }
}

static void copy_out(const rnn_program *program, float *data, int32_t time_steps)
{
    const rnn_port *port = &program->output;
    const int32_t vectors = time_steps * program->streams;
    const float *frame = port->buffer.start;
    for (int32_t i = 0; i < vectors; i++, data += port->elements, frame += port->buffer.stride) {
        copy_floats(frame, data, port->elements);
    }
}

/* One step of one stream, as a small cell at audio rate has it, without the walks over chunks, frames and time steps. */
static inline void run_one(rnn_program *program, const float *input, float *output)
{
    context c = {program->kernels, 0, 1, 1, 1, 0};
    copy_frame_in(program, input, program->input.buffer.start);
    run_operations(program, &c);
    copy_floats(program->output.buffer.start, output, program->output.elements);
}

void rnn_run(rnn_program *program, const void *input, void *output, int32_t time_steps)
{
    if (input == NULL) {
        run_chunk(program, time_steps);
        return;
    }

    if (time_steps == 1 && program->streams == 1) {
        run_one(program, input, output);
        return;
    }

    const float *in = input;
    float *out = output;
    const intptr_t in_step = (intptr_t)program->input.elements * program->streams;
    const intptr_t out_step = (intptr_t)program->output.elements * program->streams;
    for (int32_t done = 0, steps; done < time_steps; done += steps, in += steps * in_step, out += steps * out_step) {
        steps = time_steps - done < program->chunk_length ? time_steps - done : program->chunk_length;
        copy_in(program, in, steps);
        run_chunk(program, steps);
        copy_out(program, out, steps);
    }
}
