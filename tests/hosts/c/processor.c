/* What the library makes of the processor that it finds. Usage: processor FOLDER HOW...
 *   runs DEFAULT [REFUSED...]  it takes the kernel DEFAULT by itself, refuses these, and gives the expected bits with all others
 *   unknown                    RNNRUNTIME_KERNEL names what cannot run here: a status for each model that does not name its kernel
 *   lacks WHAT                 the processor is too old, for lack of WHAT: a status, from every function
 *   write                      writes into FOLDER, which has the models, inputs and the outputs of c-scalar, for machines that have no C# library to compute them */

#include "processor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_among(const char *name, char *const *list, int count)
{
    int found = 0;
    for (int i = 0; i < count; i++) {
        found |= strcmp(list[i], name) == 0;
    }

    return found;
}

/* The sample with this kernel, or with that which the library takes by itself. */
static void check_bits(const sample *sample, const char *kernel, const char *expected, int is_native)
{
    rnn_model model;
    rnn_session session;
    rnn_model_info info = {.struct_size = sizeof info};
    rnn_session_info session_info = {.struct_size = sizeof session_info};
    const rnn_model_options options = {.struct_size = sizeof options, .kernel = kernel};
    float *output = calloc((size_t)sample->steps * (size_t)sample->outputs, sizeof *output);
    EXPECT_OK(rnn_model_load_memory(sample->file.data, sample->file.size, kernel == NULL ? NULL : &options, &model));
    EXPECT_OK(rnn_model_get_info(model, &info));
    expect(strcmp(info.kernel, expected) == 0, "%s has the kernel %s instead of %s", sample->name, info.kernel, expected);
    EXPECT_OK(rnn_session_create(model, NULL, &session));
    EXPECT_OK(rnn_session_get_info(session, &session_info));
    expect((session_info.runs_natively != 0) == is_native, "%s with %s: runs natively %d", sample->name, expected, session_info.runs_natively);
    EXPECT_OK(run_in_chunks(sample, session, 0, sample->steps, output));
    char name[128];
    snprintf(name, sizeof name, "%s with %s%s", sample->name, expected, kernel == NULL ? ", by itself" : "");
    check(has_expected_bits(sample, 0, sample->steps, output), name, "other bits");
    EXPECT_OK(rnn_session_free(session));
    EXPECT_OK(rnn_model_free(model));
    free(output);
}

static void check_refusal(const sample *sample, const rnn_kernel_info *kernel)
{
    rnn_model model = NULL;
    const rnn_model_options options = {.struct_size = sizeof options, .kernel = kernel->name};
    check_status(rnn_model_load_memory(sample->file.data, sample->file.size, &options, &model), RNN_UNKNOWN_KERNEL, kernel->name);
    expect(model == NULL && kernel->unavailable_reason != NULL && strstr(kernel->unavailable_reason, "lacks") != NULL &&
            strstr(rnn_last_error(), kernel->unavailable_reason) != NULL,
        "the reason of %s: '%s', refused with '%s'", kernel->name, kernel->unavailable_reason, rnn_last_error());
}

static void check_runs(const char *folder, const char *best, char *const *refused, int refused_count)
{
    int32_t count = 0, defaults = 0;
    int is_found = 0;
    CHECK_OK(rnn_start());
    CHECK_OK(rnn_kernel_count(&count));
    const sample cell = read_sample(folder, "cell"), language = read_sample(folder, "charlm");
    for (int32_t i = 0; i < count; i++) {
        rnn_kernel_info kernel = {.struct_size = sizeof kernel};
        EXPECT_OK(rnn_kernel_at(i, &kernel));
        const int is_refused = is_among(kernel.name, refused, refused_count), is_best = strcmp(kernel.name, best) == 0;
        printf("kernel %s: %s%s\n", kernel.name, kernel.is_available ? "can run here" : kernel.unavailable_reason, kernel.is_default ? ", the default" : "");
        expect((kernel.is_available != 0) == !is_refused, "%s can%s run here", kernel.name, kernel.is_available ? "" : "not");
        expect((kernel.is_default != 0) == is_best, "%s is %sthe default", kernel.name, kernel.is_default ? "" : "not ");
        defaults += kernel.is_default != 0;
        is_found |= is_best;
        if (!kernel.is_available) {
            check_refusal(&cell, &kernel);
            continue;
        }

        /* The language model is large: emulated processors take it with the kernels in C alone, once each. */
        check_bits(&cell, kernel.name, kernel.name, kernel.is_native != 0);
        if (is_best) {
            check_bits(&cell, NULL, best, kernel.is_native != 0);
        }

        if (is_best || kernel.is_native) {
            check_bits(&language, is_best ? NULL : kernel.name, kernel.name, kernel.is_native != 0);
        }
    }

    free_sample(&cell);
    free_sample(&language);
    check(defaults == 1 && is_found, "one kernel is the default", "%d of %d kernels; expected %s", defaults, count, best);
}

static void check_unknown(const char *folder)
{
    const char *const name = getenv("RNNRUNTIME_KERNEL");
    if (name == NULL) {
        give_up("RNNRUNTIME_KERNEL is not set");
    }

    int32_t count = 0;
    CHECK_OK(rnn_start());
    CHECK_OK(rnn_kernel_count(&count));
    for (int32_t i = 0; i < count; i++) {
        rnn_kernel_info kernel = {.struct_size = sizeof kernel};
        EXPECT_OK(rnn_kernel_at(i, &kernel));
        expect(!kernel.is_default, "%s is the default", kernel.name);
        expect(!kernel.is_available || strcmp(kernel.name, name) != 0, "%s can run here", name);
    }

    const blob file = read_file(folder, "cell.rnn");
    rnn_model model = NULL;
    check_status(rnn_model_load_memory(file.data, file.size, NULL, &model), RNN_UNKNOWN_KERNEL, "a model without a kernel's name");
    const char *const text = rnn_last_error();
    check(model == NULL && strstr(text, "RNNRUNTIME_KERNEL") != NULL && strstr(text, name) != NULL && strstr(text, "c-scalar") != NULL, "the text names it and those that can",
        "'%s'", text);
    const rnn_model_options options = {.struct_size = sizeof options, .kernel = "c-scalar"};
    check_status(rnn_model_load_memory(file.data, file.size, &options, &model), RNN_OK, "a model with a kernel's name");
    CHECK_OK(rnn_model_free(model));
    free(file.data);
}

static void write_file(const char *folder, const char *name, const char *ending, const void *data, size_t bytes)
{
    char file[256];
    snprintf(file, sizeof file, "%s%s", name, ending);
    FILE *target = fopen(path_of(folder, file), "wb");
    if (target == NULL || fwrite(data, 1, bytes, target) != bytes || fclose(target) != 0) {
        give_up("cannot write %s", path_of(folder, file));
    }
}

static void write_sample(const char *folder, const char *name, size_t steps)
{
    char file[256];
    snprintf(file, sizeof file, "%s.rnn", name);
    rnn_model model;
    rnn_session session;
    rnn_tensor_info in = {.struct_size = sizeof in}, out = {.struct_size = sizeof out};
    const rnn_model_options options = {.struct_size = sizeof options, .kernel = "c-scalar"};
    if (rnn_model_load(path_of(folder, file), &options, &model) != RNN_OK || rnn_model_get_input(model, 0, &in) != RNN_OK ||
        rnn_model_get_output(model, 0, &out) != RNN_OK || rnn_session_create(model, NULL, &session) != RNN_OK) {
        give_up("the model %s: %s", name, rnn_last_error());
    }

    const size_t inputs = (size_t)in.element_count * steps, outputs = (size_t)out.element_count * steps;
    const int is_int32 = in.type == RNN_TYPE_INT32;
    float *floats = calloc(inputs, sizeof *floats), *output = calloc(outputs, sizeof *output);
    int32_t *indices = calloc(inputs, sizeof *indices);
    uint64_t random = 1;
    for (size_t i = 0; i < inputs; i++) {
        floats[i] = (float)random_below(&random, 2001) / 1000 - 1;
        indices[i] = random_below(&random, is_int32 ? in.index_limit : 1);
    }

    if ((is_int32 ? rnn_session_run_int32(session, indices, inputs, output, outputs) : rnn_session_run(session, floats, inputs, output, outputs)) != RNN_OK) {
        give_up("the model %s: %s", name, rnn_last_error());
    }

    write_file(folder, name, is_int32 ? "-input.i32" : "-input.f32", is_int32 ? (const void *)indices : floats, inputs * 4);
    write_file(folder, name, "-output.f32", output, outputs * 4);
    rnn_session_free(session);
    rnn_model_free(model);
    free(floats);
    free(indices);
    free(output);
}

int main(int argc, char **argv)
{
    const char *const how = argc > 2 ? argv[2] : "";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(how, "runs") == 0 && argc > 3) {
        check_runs(argv[1], argv[3], argv + 4, argc - 4);
    } else if (strcmp(how, "unknown") == 0 && argc == 3) {
        check_unknown(argv[1]);
    } else if (strcmp(how, "lacks") == 0 && argc == 4) {
        check_lacks(argv[1], argv[3]);
    } else if (strcmp(how, "write") == 0 && argc == 3) {
        write_sample(argv[1], "cell", 13);
        write_sample(argv[1], "charlm", 5);
        return 0;
    } else {
        give_up("Usage: processor FOLDER runs DEFAULT [REFUSED...] | unknown | lacks WHAT | write");
    }

    return report(how);
}
