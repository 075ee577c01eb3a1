/* base.conf: the file that says which VM a node uses, and how. base.conf(5) describes its keys. */
#ifndef EXTVM_CONFIG_H
#define EXTVM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include <extvm/allocator.h>
#include <extvm/declare.h>
#include <extvm/log.h>
#include <extvm/status.h>
#include <extvm/vm.h>

EXTVM_BEGIN_DECLARATIONS

/* -- in one line -- */

/* Opens the VM that a configuration names: "internal", "kevm", "iele" or "test-mode".
 * `path_or_text` is the configuration itself when there is a `{` in it (no path of ours has one),
 * and else the path of the file; NULL: the path in EXTVM_CONFIG. The environment is over the file
 * (EXTVM_CONFIG_ENVIRONMENT), and what was set in `options` (NULL: nothing) is over both.
 * With a command in the file the library starts the VM's processes (extvm/spawn.h).
 * The rest is as in extvm_open. Errors: those of extvm_config_load, extvm_open and extvm_spawn. */
extvm_status extvm_open_config(const char *path_or_text, const extvm_options *options,
                               extvm_vm **out, extvm_error *error);

/* -- step by step -- */

/* A configuration that was read and checked. It does not change any more: many threads may read it.
 */
typedef struct extvm_config extvm_config;

enum {
    /* EXTVM_VM_TYPE takes the place of vm-type, EXTVM_HOST and EXTVM_PORT that of host and port
     * (and of endpoints) of the VM that is named then, and EXTVM_CONFIG is the path when there is
     * none. A variable that is empty is as one that is not there. Without this flag the
     * environment is not looked at. The environment must not be changed at the same time. */
    EXTVM_CONFIG_ENVIRONMENT = 1 << 0,
    /* `@include "file"` is allowed. The name is taken from the folder of the file that is loaded,
     * and the file included must write its groups as `name = { }`. */
    EXTVM_CONFIG_INCLUDE = 1 << 1
};

/* Reads the file at `path`, at most 1 MiB. `flags`: 0, or those above. `allocator` (NULL: the
 * default one) is copied. On EXTVM_OK `*out` is freed with extvm_config_free, else it is NULL.
 *
 * Errors: EXTVM_INVALID_ARGUMENT (it cannot be read; what is written there is not allowed; a
 * variable of the environment is not), EXTVM_OUT_OF_RANGE (a number, or too many of something),
 * EXTVM_NO_MEMORY. The text names the file, the line, the key, its value and what is allowed, or
 * the variable. */
extvm_status extvm_config_load(const char *path, unsigned flags, const extvm_allocator *allocator,
                               extvm_config **out, extvm_error *error);

/* The same for text in memory; `origin` is its name in messages (NULL: "configuration"), and the
 * folder of `origin` is where included files are. */
extvm_status extvm_config_parse(const char *text, const char *origin, unsigned flags,
                                const extvm_allocator *allocator, extvm_config **out,
                                extvm_error *error);

/* NULL is allowed. */
void extvm_config_free(extvm_config *config);

/* Opens the VM. `options` (NULL: the defaults) are used with what extvm_config_apply does to them;
 * they are copied and stay as they are. Errors: those of extvm_open and of extvm_spawn. */
extvm_status extvm_config_open(const extvm_config *config, const extvm_options *options,
                               extvm_vm **out, extvm_error *error);

/* Puts the file's options into `options`, but for those that were set with extvm_options_set
 * before, and the file's log level, if it has one. */
void extvm_config_apply(const extvm_config *config, extvm_options *options);

/* -- what it says; all text is borrowed until the configuration is freed -- */

/* "internal", "kevm", "iele" or "test-mode". */
const char *extvm_config_vm_type(const extvm_config *config);

/* "kevm" or "iele": which of the two the VM is, also one of this library's own. */
const char *extvm_config_protocol(const extvm_config *config);

/* What extvm_open is given: "internal", "internal-iele", "kevm://127.0.0.1:8888", "kevm+unix:PATH",
 * or several with commas between. A host that means every address of this machine, 0.0.0.0 or ::,
 * is replaced by the loopback address where it is connected to; a test-mode server listens on it as
 * it is. */
const char *extvm_config_address(const extvm_config *config);

/* The host and the port of the VM as they were written or set by default (127.0.0.1 and 8888); NULL
 * and 0 for "internal" and for a unix socket. */
const char *extvm_config_host(const extvm_config *config);
unsigned extvm_config_port(const extvm_config *config);

/* The VM's processes: each "HOST:PORT" or "unix:PATH". "internal" has none. NULL
 * for an index that is none. */
size_t extvm_config_endpoint_count(const extvm_config *config);
const char *extvm_config_endpoint(const extvm_config *config, size_t index);

/* The command that starts the VM's processes (extvm/spawn.h); NULL: there is none. */
const char *extvm_config_command(const extvm_config *config);

/* Whether the file has a log-level, and which; EXTVM_LOG_WARNING when it has none. */
bool extvm_config_log_level(const extvm_config *config, extvm_log_level *level);

/* -- names that people write -- */

/* How far `name` is from what somebody wrote, in letters that are wrong, missing, too many or
 * swapped with their neighbour: 0 when only upper and lower case differ. SIZE_MAX when it is too
 * far away to be what was meant. For "did you mean": the least of all known names. */
size_t extvm_name_distance(const char *wanted, const char *name);

EXTVM_END_DECLARATIONS

#endif
