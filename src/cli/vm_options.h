/* The options of every command that talks to a VM: which VM, how long, what is shown. */
#ifndef CLI_VM_OPTIONS_H
#define CLI_VM_OPTIONS_H

#include <extvm/config.h>
#include <extvm/vm.h>

#include "command_line.h"
#include "trace.h"

enum { VM_OPTIONS_ADDRESSES = 64 }; /* how many VMs a command can be given */

/* It must stay where it is while the VM is open: trace and log lines are written through it. */
struct vm_options {
    const char *addresses[VM_OPTIONS_ADDRESSES];
    size_t address_count;
    size_t address_maximum;
    const char *config_path; /* NULL: not given */
    extvm_config *config;    /* what was read there, or where EXTVM_CONFIG says */
    extvm_options *options;
    const char *trace_path;
    enum trace_format trace_format;
    struct trace trace;
    struct log_lines log;
    bool json;
};

/* The defaults, for a command that takes up to `vm_maximum` VMs, at most VM_OPTIONS_ADDRESSES;
 * freed with vm_options_free, also after an error. */
extvm_status vm_options_init(struct vm_options *vm_options, size_t vm_maximum, extvm_error *error);
void vm_options_free(struct vm_options *vm_options);

/* The options as a group of a command line; `vm_options` NULL: for printing help. */
struct option_group vm_options_group(struct vm_options *vm_options);

/* The same for a command that is a server: without what concerns calling a VM. */
struct option_group vm_options_server_group(struct vm_options *vm_options);

/* Reads the configuration, when --config or EXTVM_CONFIG names one and --vm no VM, and opens the
 * trace; before the first VM is opened. */
extvm_status vm_options_start(struct vm_options *vm_options, extvm_error *error);

/* The address of a VM: "internal" when neither --vm nor a configuration names one;
 * an index over the last begins anew. */
const char *vm_options_address(const struct vm_options *vm_options, size_t index);

/* Whether the address is one of an IELE. */
bool vm_options_is_iele(const char *address);

/* Opens that VM, whose calls an interrupt will give up; the caller closes `*vm` with
 * vm_options_close, where NULL is allowed. Several threads may do it at once. */
extvm_status vm_options_open(const struct vm_options *vm_options, size_t index, extvm_vm **vm,
                             extvm_error *error);
void vm_options_close(extvm_vm *vm);

/* Closes the trace, after the VMs. Errors: EXTVM_SYSTEM_ERROR (it was not all written). */
extvm_status vm_options_finish(struct vm_options *vm_options, extvm_error *error);

#endif
