#define _DEFAULT_SOURCE
#include "memory_use.h"

#include <stdio.h>
#include <unistd.h>

memory_use read_memory_use(void)
{
    unsigned long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%lu %lu", &total, &resident) != 2) {
            total = resident = 0;
        }

        fclose(file);
    }

    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (memory_use){total * page, resident * page};
}
