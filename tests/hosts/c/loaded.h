/* The library as a plug-in host gets it: opened by its path while the program runs. */
#ifndef LOADED_H
#define LOADED_H

#include "rnn_runtime.h"

#define FUNCTIONS(FUNCTION)                                                                                                                          \
    FUNCTION(rnn_start) FUNCTION(rnn_last_error) FUNCTION(rnn_status_name) FUNCTION(rnn_model_load) FUNCTION(rnn_model_free)                                \
    FUNCTION(rnn_model_get_info) FUNCTION(rnn_model_get_input) FUNCTION(rnn_model_get_output) FUNCTION(rnn_session_create) FUNCTION(rnn_session_free)         \
    FUNCTION(rnn_session_get_info) FUNCTION(rnn_session_run) FUNCTION(rnn_session_run_int32) FUNCTION(rnn_session_reset) FUNCTION(rnn_session_warm_up)         \
    FUNCTION(rnn_session_get_native_run)

typedef struct library {
    void *handle;
#define FUNCTION(name) __typeof__(name) *name;
    FUNCTIONS(FUNCTION)
#undef FUNCTION
} library;

/* Opens the library and finds its functions; says on standard error what is missing and returns 0. */
int open_library(const char *path, library *library);

#endif
