/* Models: handles with references, and what is in them. */

#include "files.h"
#include "front.h"
#include "managed.h"

#include <pthread.h>
#include <stdlib.h>

struct model {
    model *next; /* of those with a handle */
    uint64_t handle;
    void *managed;
    const rnn_model_description *description;
    _Atomic int64_t references; /* one of the handle, one of each session */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static model *models;
static uint64_t handles_made;

/* Never the same number twice, never one of a session (handles.c), and in each copy of the library from a place of its own. */
static uint64_t next_handle(void)
{
    enum { MARK = 0x5 };
    if (handles_made == 0) {
        handles_made = ((uint64_t)(uintptr_t)&models >> 4) * 0x9e3779b97f4a7c15u >> 16;
    }

    return handles_made++ << 4 | MARK;
}

static rnn_status refuse(rnn_model handle)
{
    return handle == NULL ? fail(RNN_INVALID_HANDLE, "the model is null")
                          : fail(RNN_INVALID_HANDLE, "%p is no model of this library, or one that was freed", (void *)handle);
}

rnn_status model_acquire(rnn_model handle, model **result)
{
    const rnn_status status = check_process();
    if (status != RNN_OK) {
        return status;
    }

    pthread_mutex_lock(&lock);
    model *found = models;
    while (found != NULL && found->handle != (uint64_t)(uintptr_t)handle) {
        found = found->next;
    }

    if (found != NULL) {
        model_retain(found);
    }

    pthread_mutex_unlock(&lock);
    *result = found;
    return found != NULL ? RNN_OK : refuse(handle);
}

void model_retain(model *model) { atomic_fetch_add_explicit(&model->references, 1, memory_order_relaxed); }

void model_release(model *model)
{
    if (atomic_fetch_sub_explicit(&model->references, 1, memory_order_acq_rel) == 1) {
        const modes modes = modes_enter();
        rnnx_model_free(model->managed);
        modes_leave(modes);
        free(model);
    }
}

const rnn_model_description *model_description(const model *model) { return model->description; }

void *model_managed(const model *model) { return model->managed; }

static rnn_status load(const void *data, size_t size, const rnn_model_options *options, rnn_model *handle)
{
    rnn_model_options read;
    rnn_status status = read_options("rnn_model_options", options, &read, sizeof read, FIRST_MODEL_OPTIONS);
    if (status != RNN_OK) {
        return status;
    }

    if (read.reserved != 0) {
        return fail(RNN_INVALID_ARGUMENT, "rnn_model_options.reserved is %d; expected 0", read.reserved);
    }

    if ((status = rnn_start()) != RNN_OK || (status = check_room()) != RNN_OK) {
        return status;
    }

    model *const made = calloc(1, sizeof *made);
    if (made == NULL) {
        return fail(RNN_OUT_OF_MEMORY, "there is no memory for a model");
    }

    char text[ERROR_TEXT_BYTES] = "";
    const modes modes = modes_enter();
    status = rnnx_model_load(data, size, &read, &made->managed, &made->description, text, sizeof text);
    modes_leave(modes);
    if (status != RNN_OK) {
        free(made);
        return failed(status, text);
    }

    atomic_init(&made->references, 1);
    pthread_mutex_lock(&lock);
    const uint64_t number = next_handle();
    made->handle = number;
    made->next = models;
    models = made;
    pthread_mutex_unlock(&lock);
    /* From here on the model may be gone: somebody may have guessed the number. */
    *handle = (rnn_model)(uintptr_t)number;
    return RNN_OK;
}

rnn_status rnn_model_load(const char *path, const rnn_model_options *options, rnn_model *model)
{
    if (path == NULL || model == NULL) {
        return fail(RNN_INVALID_ARGUMENT, "%s is null", path == NULL ? "path" : "model");
    }

    void *data;
    size_t size;
    rnn_status status = read_file(path, &data, &size);
    if (status == RNN_OK) {
        status = load(data, size, options, model);
        free(data);
    }

    return status;
}

rnn_status rnn_model_load_memory(const void *data, size_t size, const rnn_model_options *options, rnn_model *model)
{
    if (data == NULL || model == NULL) {
        return fail(RNN_INVALID_ARGUMENT, "%s is null", data == NULL ? "data" : "model");
    }

    return load(data, size, options, model);
}

rnn_status rnn_model_free(rnn_model handle)
{
    const rnn_status status = check_process();
    if (status != RNN_OK) {
        return status;
    }

    pthread_mutex_lock(&lock);
    model **link = &models;
    while (*link != NULL && (*link)->handle != (uint64_t)(uintptr_t)handle) {
        link = &(*link)->next;
    }

    model *const found = *link;
    if (found != NULL) {
        *link = found->next;
    }

    pthread_mutex_unlock(&lock);
    if (found == NULL) {
        return refuse(handle);
    }

    model_release(found);
    return RNN_OK;
}

rnn_status rnn_model_get_info(rnn_model handle, rnn_model_info *info)
{
    model *model = NULL;
    rnn_status status = check_struct("rnn_model_info", info, FIRST_MODEL_INFO);
    if (status != RNN_OK || (status = model_acquire(handle, &model)) != RNN_OK) {
        return status;
    }

    const rnn_model_description *const description = model->description;
    const rnn_model_info result = {
        .input_count = description->input_count,
        .output_count = description->output_count,
        .state_count = description->state_count,
        .weight_bytes = description->weight_bytes,
        .kernel = description->kernel,
        .has_golden = description->has_golden,
        .threads = description->threads,
    };
    copy_struct(info, &result, sizeof result);
    model_release(model);
    return RNN_OK;
}

typedef enum tensor_kind { INPUT, OUTPUT, STATE } tensor_kind;

static rnn_status get_tensor(rnn_model handle, tensor_kind kind, int32_t index, rnn_tensor_info *info)
{
    model *model = NULL;
    rnn_status status = check_struct("rnn_tensor_info", info, FIRST_TENSOR_INFO);
    if (status != RNN_OK || (status = model_acquire(handle, &model)) != RNN_OK) {
        return status;
    }

    const rnn_model_description *const description = model->description;
    const int32_t count = kind == INPUT ? description->input_count : kind == OUTPUT ? description->output_count : description->state_count;
    static const char *const names[] = {"input", "output", "state"};
    if ((status = check_index(names[kind], index, count)) != RNN_OK) {
        model_release(model);
        return status;
    }

    const rnn_tensor *const tensor = &(kind == INPUT ? description->inputs : kind == OUTPUT ? description->outputs : description->states)[index];
    const rnn_tensor_info result = {
        .type = tensor->is_int32 ? RNN_TYPE_INT32 : RNN_TYPE_FLOAT32,
        .name = tensor->name,
        .dimensions = tensor->dimensions,
        .rank = tensor->rank,
        .element_count = tensor->elements,
        .index_limit = tensor->index_limit,
    };
    copy_struct(info, &result, sizeof result);
    model_release(model);
    return RNN_OK;
}

rnn_status rnn_model_get_input(rnn_model model, int32_t index, rnn_tensor_info *info) { return get_tensor(model, INPUT, index, info); }

rnn_status rnn_model_get_output(rnn_model model, int32_t index, rnn_tensor_info *info) { return get_tensor(model, OUTPUT, index, info); }

rnn_status rnn_model_get_state(rnn_model model, int32_t index, rnn_tensor_info *info) { return get_tensor(model, STATE, index, info); }
