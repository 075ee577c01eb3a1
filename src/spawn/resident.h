/* How much memory a VM process has. */
#ifndef EXTVM_SPAWN_RESIDENT_H
#define EXTVM_SPAWN_RESIDENT_H

#include <stdint.h>
#include <sys/types.h>

/* The resident bytes of all processes of the group; 0 when it is not known. */
uint64_t resident_of_group(pid_t group);

#endif
