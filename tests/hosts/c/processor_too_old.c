/* Every function of rnn_runtime.h where the processor cannot run the library: a status with a text, and nothing written. */

#include "processor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED(call) check_status((call), RNN_UNSUPPORTED_PROCESSOR, #call)
#define NO_HANDLE(call) expect_status((call), RNN_INVALID_HANDLE, #call)

static void check_start(const char *missing)
{
    char expected[256];
    snprintf(expected, sizeof expected, " lacks %s,", missing);
    check(rnn_abi_version() == RNN_ABI_VERSION, "the ABI version", "%u", rnn_abi_version());
    check(rnn_version()[0] != 0, "the version", "'%s'", rnn_version());
    check(strcmp(rnn_status_name(RNN_UNSUPPORTED_PROCESSOR), "RNN_UNSUPPORTED_PROCESSOR") == 0, "a status' name", "'%s'", rnn_status_name(RNN_UNSUPPORTED_PROCESSOR));
    check(rnn_last_error()[0] == 0, "no text before a failure", "'%s'", rnn_last_error());
    for (int i = 0; i < 2; i++) {
        REFUSED(rnn_start());
        check(strstr(rnn_last_error(), expected) != NULL, "the text says what is missing", "'%s', without '%s'", rnn_last_error(), expected);
    }
}

static void check_kernels_and_models(const char *folder, const char *missing)
{
    const blob file = read_file(folder, "cell.rnn");
    rnn_kernel_info kernel = {.struct_size = sizeof kernel, .name = "untouched"};
    const rnn_model_options options = {.struct_size = sizeof options, .kernel = "c-scalar"};
    int32_t count = -1;
    rnn_model model = NULL;
    REFUSED(rnn_kernel_count(&count));
    REFUSED(rnn_kernel_at(0, &kernel));
    REFUSED(rnn_model_load(path_of(folder, "cell.rnn"), NULL, &model));
    REFUSED(rnn_model_load_memory(file.data, file.size, NULL, &model));
    REFUSED(rnn_model_load_memory(file.data, file.size, &options, &model));
    check(strstr(rnn_last_error(), missing) != NULL, "the text for a model", "'%s'", rnn_last_error());
    check(count == -1 && strcmp(kernel.name, "untouched") == 0 && model == NULL, "results are as they were", "%d, '%s', %p", count, kernel.name, (void *)model);
    check_status(rnn_model_load(path_of(folder, "no-such-file.rnn"), NULL, &model), RNN_IO_ERROR, "a missing file");
    free(file.data);
}

/* There is no model, so a handle can only be a wrong one. */
static void check_handles(rnn_model model, rnn_session session)
{
    rnn_model_info about = {.struct_size = sizeof about};
    rnn_tensor_info tensor = {.struct_size = sizeof tensor};
    rnn_session_info info = {.struct_size = sizeof info};
    rnn_native_run run = {.struct_size = sizeof run};
    rnn_session made = NULL;
    static _Alignas(64) char memory[4096];
    float values[4] = {0};
    int32_t indices[4] = {0}, carried = -1;
    NO_HANDLE(rnn_model_get_info(model, &about));
    NO_HANDLE(rnn_model_get_input(model, 0, &tensor));
    NO_HANDLE(rnn_model_get_output(model, 0, &tensor));
    NO_HANDLE(rnn_model_get_state(model, 0, &tensor));
    NO_HANDLE(rnn_model_get_session_info(model, NULL, &info));
    NO_HANDLE(rnn_session_create(model, NULL, &made));
    NO_HANDLE(rnn_session_create_in(model, NULL, memory, sizeof memory, &made));
    NO_HANDLE(rnn_model_free(model));
    NO_HANDLE(rnn_session_fork(session, &made));
    NO_HANDLE(rnn_session_fork_in(session, memory, sizeof memory, &made));
    NO_HANDLE(rnn_session_get_info(session, &info));
    NO_HANDLE(rnn_session_run(session, values, 4, values, 4));
    NO_HANDLE(rnn_session_run_int32(session, indices, 4, values, 4));
    NO_HANDLE(rnn_session_set_input(session, 0, values, 4));
    NO_HANDLE(rnn_session_set_input_int32(session, 0, indices, 4));
    NO_HANDLE(rnn_session_run_inputs(session, 1));
    NO_HANDLE(rnn_session_get_output(session, 0, values, 4));
    NO_HANDLE(rnn_session_get_output_int32(session, 0, indices, 4));
    NO_HANDLE(rnn_session_warm_up(session, 1));
    NO_HANDLE(rnn_session_reset(session));
    NO_HANDLE(rnn_session_reset_stream(session, 0));
    NO_HANDLE(rnn_session_save_state(session, memory, sizeof memory));
    NO_HANDLE(rnn_session_load_state(session, memory, sizeof memory));
    NO_HANDLE(rnn_session_get_state(session, 0, values, 4));
    NO_HANDLE(rnn_session_set_state(session, 0, values, 4));
    NO_HANDLE(rnn_session_carry_state(session, session, &carried));
    NO_HANDLE(rnn_session_get_native_run(session, &run));
    NO_HANDLE(rnn_session_free(session));
    check(made == NULL && carried == -1 && run.run == NULL, "calls with wrong handles leave results as they were", "%p, %d", (void *)made, carried);
}

void check_lacks(const char *folder, const char *missing)
{
    check_start(missing);
    check_kernels_and_models(folder, missing);
    check_handles(NULL, NULL);
    /* As handles of this library end. */
    check_handles((rnn_model)(uintptr_t)0x5, (rnn_session)(uintptr_t)0xb);
}
