/* A file is read and not mapped: a mapping of one that is shortened meanwhile would end the process. */

#include "files.h"

#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The most of a path that a text has room for. */
enum { SHOWN = 512 };

static rnn_status fail_with(const char *path, const char *what, int error)
{
    char reason[128];
    snprintf(reason, sizeof reason, "error %d", error);
    /* The POSIX form, whatever the C library: its result is a number, and the text is in the buffer. */
    if (strerror_r(error, reason, sizeof reason) != 0) {
        snprintf(reason, sizeof reason, "error %d", error);
    }

    return fail(RNN_IO_ERROR, "'%.*s' cannot be %s: %s", SHOWN, path, what, reason);
}

static rnn_status read_all(const char *path, int file, void **data, size_t *size)
{
    struct stat about;
    if (fstat(file, &about) != 0) {
        return fail_with(path, "read", errno);
    }

    if (!S_ISREG(about.st_mode)) {
        return fail(RNN_IO_ERROR, "'%.*s' is no regular file", SHOWN, path);
    }

    if (about.st_size > INT32_MAX) {
        return fail(RNN_INVALID_MODEL, "'%.*s' has %lld bytes; expected at most %d", SHOWN, path, (long long)about.st_size, INT32_MAX);
    }

    const size_t length = (size_t)about.st_size;
    uint8_t *const memory = malloc(length > 0 ? length : 1);
    if (memory == NULL) {
        return fail(RNN_OUT_OF_MEMORY, "there are no %zu bytes for '%.*s'", length, SHOWN, path);
    }

    for (size_t done = 0; done < length;) {
        const ssize_t count = read(file, memory + done, length - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }

        if (count <= 0) {
            const int error = errno;
            free(memory);
            return count < 0 ? fail_with(path, "read", error) : fail(RNN_IO_ERROR, "'%.*s' had %zu bytes and became shorter while it was read", SHOWN, path, length);
        }

        done += (size_t)count;
    }

    *data = memory;
    *size = length;
    return RNN_OK;
}

rnn_status read_file(const char *path, void **data, size_t *size)
{
    /* Without waiting for the other end of what is a pipe. */
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return fail_with(path, "opened", errno);
    }

    const rnn_status status = read_all(path, file, data, size);
    close(file);
    return status;
}
