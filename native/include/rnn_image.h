/* A session as bytes that can be copied: what the managed side writes once for a model, a number of streams and a chunk length, and what every session
 * with those is made of without managed code. The structs are mirrored in src/RnnRuntime/Plan/NativeImage.cs. */
#ifndef RNN_IMAGE_H
#define RNN_IMAGE_H

#include "rnn_program.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An input or output of the model. */
typedef struct rnn_io {
    rnn_buffer buffer;
    int32_t elements; /* of one stream */
    int32_t is_int32;
    int32_t given_steps; /* of an input: for how many time steps it was given, 0: not */
    int32_t reserved;
} rnn_io;

/* A state variable. */
typedef struct rnn_state {
    rnn_buffer buffer;
    rnn_ring ring;        /* without data where the value is not kept as a ring */
    const float *initial; /* null: zeros */
    int32_t elements;     /* of one stream */
    int32_t reserved;
} rnn_state;

/* The start of an image; the rest of it is what these fields lead to. */
typedef struct rnn_image {
    rnn_program program;
    rnn_io *inputs;
    rnn_io *outputs;
    rnn_state *states;
    rnn_host_call *host; /* null where the program runs natively */
    int32_t input_count;
    int32_t output_count;
    int32_t state_count;
    int32_t reserved;
    uint32_t state_hash;
    int32_t run_steps; /* of the last run of given inputs, 0: none */
} rnn_image;

/* An image to copy. Its words at arena_words and image_words are offsets, which become addresses in the session's arena and in its copy of the image. */
typedef struct rnn_blueprint {
    const uint8_t *image;
    int64_t image_bytes; /* a multiple of 64 */
    const int32_t *arena_words; /* indices of words of 8 bytes */
    const int32_t *image_words;
    int32_t arena_word_count;
    int32_t image_word_count;
    int64_t arena_bytes; /* a multiple of 64 */
    int64_t persistent_bytes; /* at the start of the arena: what outlives a call */
    int64_t state_bytes; /* of a saved state */
    int32_t streams;
    int32_t chunk_length;
    const char *managed_reason; /* why programs have a host, or null */
} rnn_blueprint;

/* A tensor of the model, for one step of one stream. */
typedef struct rnn_tensor {
    const char *name;
    const int32_t *dimensions;
    int32_t rank;
    int32_t elements;
    int32_t is_int32;
    int32_t index_limit;
} rnn_tensor;

typedef struct rnn_model_description {
    const rnn_tensor *inputs;
    const rnn_tensor *outputs;
    const rnn_tensor *states;
    const char *kernel;
    int64_t weight_bytes;
    int32_t input_count;
    int32_t output_count;
    int32_t state_count;
    int32_t has_golden;
    int32_t threads;
    int32_t reserved;
} rnn_model_description;

#ifdef __cplusplus
}
#endif

#endif
