#ifndef PROCESSOR_H
#define PROCESSOR_H

#include "support.h"

/* The library on a processor that is too old for it. */
void check_lacks(const char *folder, const char *missing);

#endif
