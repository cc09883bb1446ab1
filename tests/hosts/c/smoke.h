#ifndef SMOKE_H
#define SMOKE_H

#include "support.h"

void check_caller_memory(const sample *sample);
void check_streams(const char *folder, const sample *cell);
void check_ports(const char *folder);
void check_native_run(const sample *sample);
void check_in_place(const sample *square);
void check_warm_up(const sample *sample);
void check_carried_state(const char *folder, const sample *cell);
void check_memory(const sample *sample);

#endif
