#ifndef MEMORY_USE_H
#define MEMORY_USE_H

#include <stddef.h>

/* Of this process, in bytes; zeros where the system does not tell. */
typedef struct memory_use {
    size_t address_space;
    size_t resident;
} memory_use;

memory_use read_memory_use(void);

#endif
