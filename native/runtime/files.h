/* Reading a file. */
#ifndef FILES_H
#define FILES_H

#include <stddef.h>

#include "rnn_runtime.h"

/* The whole of a regular file, in memory that the caller frees. */
rnn_status read_file(const char *path, void **data, size_t *size);

#endif
