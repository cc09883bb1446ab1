#define _DEFAULT_SOURCE
#include "loaded.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static int find(void *handle, const char *name, void *function)
{
    void *const address = dlsym(handle, name);
    if (address == NULL) {
        fprintf(stderr, "the library has no %s\n", name);
        return 0;
    }

    memcpy(function, &address, sizeof address);
    return 1;
}

int open_library(const char *path, library *library)
{
    library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 0;
    }

    int complete = 1;
#define FUNCTION(name) complete &= find(library->handle, #name, &library->name);
    FUNCTIONS(FUNCTION)
#undef FUNCTION
    return complete;
}
