/* The contract of all hosts, and every function of rnn_runtime.h at least once, as a well-behaved host calls it. Usage: smoke FOLDER */

#include "smoke.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_library(const sample *sample)
{
    CHECK_OK(rnn_start());
    CHECK_OK(rnn_start());
    check(rnn_abi_version() == RNN_ABI_VERSION, "the ABI version", "%u instead of %d", rnn_abi_version(), RNN_ABI_VERSION);
    int major, minor, patch;
    check(sscanf(rnn_version(), "%d.%d.%d", &major, &minor, &patch) == 3, "the version", "'%s'", rnn_version());
    static const char *const names[STATUS_COUNT] = {
        "RNN_OK", "RNN_INVALID_ARGUMENT", "RNN_INVALID_HANDLE", "RNN_WRONG_LENGTH", "RNN_WRONG_TYPE", "RNN_BUSY", "RNN_NOT_READY", "RNN_IO_ERROR",
        "RNN_INVALID_MODEL", "RNN_UNKNOWN_KERNEL", "RNN_OUT_OF_MEMORY", "RNN_UNSUPPORTED_PROCESSOR", "RNN_STATE_MISMATCH", "RNN_NOT_NATIVE", "RNN_INTERNAL_ERROR",
    };
    for (int status = RNN_OK; status < STATUS_COUNT; status++) {
        expect(strcmp(rnn_status_name(status), names[status]) == 0, "the name of status %d is %s", status, rnn_status_name(status));
    }

    rnn_model model;
    check_status(rnn_model_load("/no/such/file.rnn", NULL, &model), RNN_IO_ERROR, "a missing file");
    check(strstr(rnn_last_error(), "/no/such/file.rnn") != NULL, "the text names the file", "'%s'", rnn_last_error());
    const char *text = rnn_last_error();
    int32_t count;
    CHECK_OK(rnn_kernel_count(&count));
    check(text == rnn_last_error() && strstr(text, "/no/such/file.rnn") != NULL, "a call that succeeds leaves the text", "'%s'", rnn_last_error());
    CHECK_OK(rnn_model_load_memory(sample->file.data, sample->file.size, NULL, &model));
    rnn_session session;
    CHECK_OK(rnn_session_create(model, NULL, &session));
    check(text == rnn_last_error() && strstr(text, "/no/such/file.rnn") != NULL, "so do those that call managed code", "'%s'", rnn_last_error());
    CHECK_OK(rnn_session_free(session));
    CHECK_OK(rnn_model_free(model));

    /* A struct of a later version: what this library does not know of it becomes zero, or has to be. */
    struct {
        rnn_kernel_info info;
        uint64_t later[4];
    } larger = {.info = {.struct_size = sizeof larger}, .later = {1, 2, 3, 4}};
    CHECK_OK(rnn_kernel_at(0, &larger.info));
    check(larger.info.struct_size == sizeof larger && larger.info.name != NULL && larger.later[0] == 0 && larger.later[3] == 0, "a larger struct is filled as far as it is known",
        "%u bytes", larger.info.struct_size);
    struct {
        rnn_model_options options;
        uint64_t later[4];
    } options = {.options = {.struct_size = sizeof options}};
    CHECK_OK(rnn_model_load_memory(sample->file.data, sample->file.size, &options.options, &model));
    CHECK_OK(rnn_model_free(model));
    options.later[2] = 7;
    check_status(rnn_model_load_memory(sample->file.data, sample->file.size, &options.options, &model), RNN_INVALID_ARGUMENT, "an option that the library does not know");
}

/* What a model takes by itself runs natively wherever the C library has vectors. */
static void check_default_kernel(void)
{
    int32_t count = 0, default_is_native = 0, has_vectors = 0;
    CHECK_OK(rnn_kernel_count(&count));
    for (int32_t i = 0; i < count; i++) {
        rnn_kernel_info kernel = {.struct_size = sizeof kernel};
        EXPECT_OK(rnn_kernel_at(i, &kernel));
        default_is_native |= kernel.is_default && kernel.is_native;
        has_vectors |= kernel.is_native && kernel.is_available && strcmp(kernel.name, "c-scalar") != 0;
    }

    if (!has_vectors || getenv("RNNRUNTIME_KERNEL") != NULL) {
        printf("SKIPPED that the default kernel is native: %s\n", has_vectors ? "RNNRUNTIME_KERNEL names one" : "the library has none with vectors here");
        return;
    }

    check(default_is_native, "the default kernel is native", "it is a managed one");
}

/* Each kernel, forced by its name, gives the same bits; what cannot run here is refused with a reason. */
static void check_kernels(const sample *sample)
{
    int32_t count = 0, defaults = 0, available = 0;
    CHECK_OK(rnn_kernel_count(&count));
    float *output = calloc((size_t)sample->steps * (size_t)sample->outputs, sizeof *output);
    for (int32_t i = 0; i < count; i++) {
        rnn_kernel_info kernel = {.struct_size = sizeof kernel};
        CHECK_OK(rnn_kernel_at(i, &kernel));
        printf("kernel %s: %s%s%s\n", kernel.name, kernel.description, kernel.is_available ? "" : "; not here: ", kernel.is_available ? "" : kernel.unavailable_reason);
        expect((kernel.unavailable_reason == NULL) == (kernel.is_available != 0), "%s is available or has a reason", kernel.name);
        defaults += kernel.is_default != 0;
        available += kernel.is_available != 0;
        rnn_model_options options = {.struct_size = sizeof options, .kernel = kernel.name, .verify_golden = 1};
        rnn_model model;
        const rnn_status status = rnn_model_load_memory(sample->file.data, sample->file.size, &options, &model);
        check_status(status, kernel.is_available ? RNN_OK : RNN_UNKNOWN_KERNEL, kernel.name);
        if (status != RNN_OK) {
            continue;
        }

        rnn_model_info info = {.struct_size = sizeof info};
        rnn_session_info session_info = {.struct_size = sizeof session_info};
        rnn_session session;
        EXPECT_OK(rnn_model_get_info(model, &info));
        expect(strcmp(info.kernel, kernel.name) == 0, "a model asked for %s has %s", kernel.name, info.kernel);
        EXPECT_OK(rnn_session_create(model, NULL, &session));
        EXPECT_OK(rnn_session_get_info(session, &session_info));
        expect((session_info.runs_natively != 0) == (kernel.is_native != 0), "whether %s runs natively", kernel.name);
        expect((session_info.managed_reason == NULL) == (session_info.runs_natively != 0), "%s runs natively or has a reason", kernel.name);
        EXPECT_OK(run_in_chunks(sample, session, 0, sample->steps, output));
        check(has_expected_bits(sample, 0, sample->steps, output), kernel.name, "other bits than the default kernel's");
        EXPECT_OK(rnn_session_free(session));
        EXPECT_OK(rnn_model_free(model));
    }

    check(defaults == 1 && available >= 1, "one kernel is the default", "%d of %d available ones", defaults, available);
    rnn_kernel_info none = {.struct_size = sizeof none};
    check_status(rnn_kernel_at(count, &none), RNN_INVALID_ARGUMENT, "no kernel is behind the last one");
    rnn_model_options options = {.struct_size = sizeof options, .kernel = "no-such-kernel"};
    rnn_model model;
    check_status(rnn_model_load_memory(sample->file.data, sample->file.size, &options, &model), RNN_UNKNOWN_KERNEL, "an unknown kernel");
    check(strstr(rnn_last_error(), "no-such-kernel") != NULL && strstr(rnn_last_error(), "c-scalar") != NULL, "the text lists kernels", "'%s'", rnn_last_error());
    free(output);
}

static void check_tensor(const rnn_tensor_info *tensor)
{
    int32_t elements = 1;
    for (int32_t i = 0; i < tensor->rank; i++) {
        elements *= tensor->dimensions[i];
    }

    expect(elements == tensor->element_count && tensor->name != NULL && tensor->name[0] != 0, "tensor '%s' of %d elements", tensor->name, tensor->element_count);
}

static void check_models(const char *folder, const sample *cell, const sample *language)
{
    rnn_model model, token_model;
    rnn_model_info info = {.struct_size = sizeof info};
    rnn_model_options options = {.struct_size = sizeof options, .verify_golden = 1};
    CHECK_OK(rnn_model_load(path_of(folder, "cell.rnn"), &options, &model));
    CHECK_OK(rnn_model_get_info(model, &info));
    check(info.input_count == 1 && info.output_count == 1 && info.state_count > 0 && info.weight_bytes > 0 && info.has_golden && info.threads == 1, "infos of the cell",
        "%d inputs, %d outputs, %d states, %lld bytes, golden %d, %d threads", info.input_count, info.output_count, info.state_count, (long long)info.weight_bytes,
        info.has_golden, info.threads);
    rnn_tensor_info tensor = {.struct_size = sizeof tensor};
    CHECK_OK(rnn_model_get_input(model, 0, &tensor));
    check_tensor(&tensor);
    check(tensor.type == RNN_TYPE_FLOAT32 && tensor.rank == 1 && tensor.element_count == cell->inputs && tensor.index_limit == 0, "the input of the cell", "'%s'", tensor.name);
    check_status(rnn_model_get_input(model, 1, &tensor), RNN_INVALID_ARGUMENT, "there is no second input");
    CHECK_OK(rnn_model_get_output(model, 0, &tensor));
    check_tensor(&tensor);
    check(tensor.element_count == cell->outputs, "the output of the cell", "%d elements", tensor.element_count);
    for (int32_t i = 0; i < info.state_count; i++) {
        EXPECT_OK(rnn_model_get_state(model, i, &tensor));
        check_tensor(&tensor);
    }

    CHECK_OK(rnn_model_load(path_of(folder, "charlm.rnn"), &options, &token_model));
    CHECK_OK(rnn_model_get_input(token_model, 0, &tensor));
    check(tensor.type == RNN_TYPE_INT32 && tensor.rank == 0 && tensor.index_limit == language->outputs, "the input of the language model", "type %d, rank %d, below %d",
        tensor.type, tensor.rank, tensor.index_limit);
    CHECK_OK(rnn_model_free(token_model));
    check_status(rnn_model_get_info(token_model, &info), RNN_INVALID_HANDLE, "a model that was freed");
    check_status(rnn_model_load(path_of(folder, "broken-golden.rnn"), &options, &token_model), RNN_INVALID_MODEL, "other golden outputs than the model gives");
    CHECK_OK(rnn_model_load(path_of(folder, "broken-golden.rnn"), NULL, &token_model));
    CHECK_OK(rnn_model_free(token_model));

    /* More threads: the same bits, and no native runs. */
    rnn_model_options threads = {.struct_size = sizeof threads, .threads = 2};
    rnn_session session;
    float *output = calloc((size_t)cell->steps * (size_t)cell->outputs, sizeof *output);
    const rnn_status status = rnn_model_load_memory(cell->file.data, cell->file.size, &threads, &token_model);
    if (status == RNN_OK) {
        CHECK_OK(rnn_session_create(token_model, NULL, &session));
        CHECK_OK(run_in_chunks(cell, session, 0, cell->steps, output));
        check(has_expected_bits(cell, 0, cell->steps, output), "two threads", "other bits");
        CHECK_OK(rnn_session_free(session));
        CHECK_OK(rnn_model_free(token_model));
    } else {
        printf("SKIPPED two threads: %s\n", rnn_last_error());
        check_status(status, RNN_INVALID_ARGUMENT, "two threads where there is one processor");
    }

    CHECK_OK(rnn_model_free(model));
    free(output);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        give_up("Usage: smoke FOLDER");
    }

    setvbuf(stdout, NULL, _IOLBF, 0);
    check(rnn_last_error()[0] == 0, "no text before a failure", "'%s'", rnn_last_error());
    const sample cell = read_sample(argv[1], "cell"), language = read_sample(argv[1], "charlm"), square = read_sample(argv[1], "square");
    check_library(&cell);
    check_contract(&cell);
    check_contract(&language);
    check_default_kernel();
    check_kernels(&cell);
    check_kernels(&language);
    check_models(argv[1], &cell, &language);
    check_caller_memory(&cell);
    check_caller_memory(&language);
    check_streams(argv[1], &cell);
    check_ports(argv[1]);
    check_native_run(&cell);
    check_native_run(&language);
    check_in_place(&square);
    check_warm_up(&cell);
    check_carried_state(argv[1], &cell);
    check_memory(&language);
    free_sample(&cell);
    free_sample(&language);
    free_sample(&square);
    return report("smoke");
}
