/* Statuses and their texts. */

#include "front.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text is not thread-local itself: the C library would make room for it when a thread first touches it, and end the process where it cannot. A word has its place already. */
static _Thread_local char *text __attribute__((tls_model("initial-exec")));

static char no_memory[] = "there is no memory for the text of an error";
static pthread_once_t is_prepared = PTHREAD_ONCE_INIT;
static pthread_key_t of_thread;

static void free_text(void *memory)
{
    free(memory);
    text = NULL;
}

static void prepare(void) { pthread_key_create(&of_thread, free_text); }

/* Room for the thread's text, or null. */
static char *make_text(void)
{
    if (text == NULL || text == no_memory) {
        pthread_once(&is_prepared, prepare);
        char *const memory = calloc(1, ERROR_TEXT_BYTES);
        if (memory != NULL && pthread_setspecific(of_thread, memory) != 0) {
            free(memory);
            text = no_memory;
        } else {
            text = memory != NULL ? memory : no_memory;
        }
    }

    return text == no_memory ? NULL : text;
}

/* How many bytes a character of UTF-8 has that starts here, or 0 where none does. */
static int character_length(const unsigned char *at)
{
    const int length = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : at[0] >= 0xf0 && at[0] < 0xf5 ? 4 : 0;
    for (int i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    return length;
}

/* Paths may hold any bytes, and a text may be cut within a character. */
static void make_utf8(unsigned char *at)
{
    while (*at != 0) {
        const int length = character_length(at);
        if (length == 0) {
            *at = '?';
        }

        at += length == 0 ? 1 : length;
    }
}

rnn_status fail(rnn_status status, const char *format, ...)
{
    char *const room = make_text();
    if (room != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(room, ERROR_TEXT_BYTES, format, arguments);
        va_end(arguments);
        make_utf8((unsigned char *)room);
    }

    return status;
}

rnn_status failed(rnn_status status, char managed_text[ERROR_TEXT_BYTES])
{
    managed_text[ERROR_TEXT_BYTES - 1] = 0;
    return fail(status, "%s", managed_text[0] != 0 ? managed_text : rnn_status_name(status));
}

const char *rnn_last_error(void)
{
    make_text();
    return text;
}

const char *rnn_status_name(rnn_status status)
{
#define NAME(name) case name: return #name
    switch (status) {
    NAME(RNN_OK);
    NAME(RNN_INVALID_ARGUMENT);
    NAME(RNN_INVALID_HANDLE);
    NAME(RNN_WRONG_LENGTH);
    NAME(RNN_WRONG_TYPE);
    NAME(RNN_BUSY);
    NAME(RNN_NOT_READY);
    NAME(RNN_IO_ERROR);
    NAME(RNN_INVALID_MODEL);
    NAME(RNN_UNKNOWN_KERNEL);
    NAME(RNN_OUT_OF_MEMORY);
    NAME(RNN_UNSUPPORTED_PROCESSOR);
    NAME(RNN_STATE_MISMATCH);
    NAME(RNN_NOT_NATIVE);
    NAME(RNN_INTERNAL_ERROR);
    default: return "an unknown status";
    }
}

rnn_status check_index(const char *kind, int32_t index, int32_t count)
{
    return index >= 0 && index < count ? RNN_OK : fail(RNN_INVALID_ARGUMENT, "%s %d is asked for; there are %d, counted from 0", kind, index, count);
}

/* A size that a caller means: what has more bytes than this is no struct of a later version but rubbish. */
enum { LARGEST_STRUCT = 4096 };

rnn_status check_struct(const char *name, const void *structure, size_t first_size)
{
    if (structure == NULL) {
        return fail(RNN_INVALID_ARGUMENT, "%s is null", name);
    }

    const uint32_t size = *(const uint32_t *)structure;
    if (size < first_size || size > LARGEST_STRUCT) {
        return fail(RNN_INVALID_ARGUMENT, "%s.struct_size is %u; expected sizeof(%s), at least %zu", name, size, name, first_size);
    }

    return RNN_OK;
}

void copy_struct(void *target, const void *source, size_t size)
{
    const uint32_t target_size = *(const uint32_t *)target;
    memcpy(target, source, target_size < size ? target_size : size);
    if (target_size > size) {
        memset((uint8_t *)target + size, 0, target_size - size);
    }

    *(uint32_t *)target = target_size;
}

rnn_status read_options(const char *name, const void *options, void *target, size_t size, size_t first_size)
{
    memset(target, 0, size);
    if (options == NULL) {
        return RNN_OK;
    }

    const rnn_status status = check_struct(name, options, first_size);
    if (status != RNN_OK) {
        return status;
    }

    const uint32_t given = *(const uint32_t *)options;
    memcpy(target, options, given < size ? given : size);
    for (size_t i = size; i < given; i++) {
        if (((const uint8_t *)options)[i] != 0) {
            return fail(RNN_INVALID_ARGUMENT, "%s has a field at byte %zu that this version of the library does not know; expected zeros from byte %zu on", name, i, size);
        }
    }

    return RNN_OK;
}
