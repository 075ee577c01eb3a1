/* The options of every command that talks to a VM: which VM, how long, what is shown. */
#ifndef CLI_VM_OPTIONS_H
#define CLI_VM_OPTIONS_H

#include <extvm/config.h>
#include <extvm/vm.h>

#include "command_line.h"
#include "trace.h"

/* It must stay where it is while the VM is open: trace and log lines are written through it. */
struct vm_options {
    const char *address;     /* NULL: not given */
    const char *config_path; /* NULL: not given */
    extvm_config *config;    /* what was read there, or where EXTVM_CONFIG says */
    extvm_options *options;
    const char *trace_path;
    struct trace trace;
    struct log_lines log;
    bool json;
};

/* The defaults; freed with vm_options_free, also after an error. */
extvm_status vm_options_init(struct vm_options *vm_options, extvm_error *error);
void vm_options_free(struct vm_options *vm_options);

/* The options as a group of a command line; `vm_options` NULL: for printing help. */
struct option_group vm_options_group(struct vm_options *vm_options);

/* Opens the VM, "internal" when neither --vm nor --config nor EXTVM_CONFIG names one, and the
 * trace. The caller closes `*vm`. */
extvm_status vm_options_open(struct vm_options *vm_options, extvm_vm **vm, extvm_error *error);

/* Closes the trace, after the VM. Errors: EXTVM_SYSTEM_ERROR (it was not all written). */
extvm_status vm_options_finish(struct vm_options *vm_options, extvm_error *error);

#endif
