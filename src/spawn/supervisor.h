/* A VM process that is started when it is needed, and looked after: a keeper. */
#ifndef EXTVM_SPAWN_SUPERVISOR_H
#define EXTVM_SPAWN_SUPERVISOR_H

#include "common/endpoint.h"
#include "common/keeper.h"
#include "common/options.h"

/* Makes a keeper of the process that `command` starts and that is to listen at `endpoint`; all is
 * copied. Nothing is started before its `ready`. `kind` is "kevm" or "iele". NULL on anything but
 * EXTVM_OK in `*status`: the errors of program_make and place_find, and EXTVM_SYSTEM_ERROR. */
struct keeper *keeper_new(const struct endpoint *endpoint, const char *command, const char *kind,
                          const extvm_options *options, extvm_status *status, extvm_error *error);

/* A keeper for each endpoint, whose text begins with its kind ("kevm://..."); none on anything but
 * EXTVM_OK. Errors: as above. */
extvm_status keepers_new(const struct endpoint *endpoints, size_t count, const char *command,
                         const extvm_options *options, struct keeper **keepers, extvm_error *error);

#endif
