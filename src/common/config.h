/* base.conf as it is kept in memory. Only config_read.c knows libconfig. */
#ifndef EXTVM_COMMON_CONFIG_H
#define EXTVM_COMMON_CONFIG_H

#include <extvm/config.h>

#include "endpoint.h"
#include "options.h"

/* The values of vm-type. */
enum vm_type { VM_INTERNAL, VM_KEVM, VM_IELE, VM_TEST_MODE, VM_TYPES };

struct vm_type_rule {
    const char *name;    /* also of its group in the file, and in its address */
    const char *version; /* the proto-api-version that this library speaks; NULL: it has no group */
    bool listens;        /* the host is one to listen on */
    bool is_own; /* it is this library's, which has one for each protocol: the key protocol */
};

extern const struct vm_type_rule vm_type_rules[VM_TYPES];

/* The values of protocol. */
enum config_protocol { CONFIG_KEVM, CONFIG_IELE, CONFIG_PROTOCOLS };

struct config_protocol_rule {
    const char *name;
    const char *version; /* as in vm_type_rule */
    const char *suffix;  /* of the kind of VM, in its address */
};

extern const struct config_protocol_rule config_protocol_rules[CONFIG_PROTOCOLS];

enum {
    HOST_SIZE = 254,          /* a name has at most 253 characters (RFC 1035) */
    PATH_SIZE = 108,          /* of a unix socket, as in struct endpoint */
    CONFIG_MAXIMUM = 1 << 20, /* bytes of a file */
    ENDPOINTS_MAXIMUM = 16,   /* VM processes that one handle has */
    LOG_LEVELS = EXTVM_LOG_DEBUG + 1,
};

/* Where one VM process listens. */
struct config_place {
    char host[HOST_SIZE]; /* "": not given */
    unsigned port;        /* 0: not given */
    char path[PATH_SIZE]; /* "": no unix socket */
};

/* What the section vm says itself, or one of the groups in it. */
struct config_section {
    extvm_options options; /* those that are given */
    bool has_log_level;
    extvm_log_level log_level;
    bool has_protocol;
    enum config_protocol protocol;
    struct config_place places[ENDPOINTS_MAXIMUM]; /* the first is also host and port */
    size_t more_places;                            /* after the first */
    char *command;                                 /* NULL: none */
};

struct extvm_config {
    extvm_allocator allocator;
    bool has_vm_type;
    enum vm_type vm_type;
    unsigned line; /* of the section vm */
    /* By type; the section vm itself stands at VM_INTERNAL, which has no group. */
    struct config_section sections[VM_TYPES];
    char address[ENDPOINTS_MAXIMUM * ENDPOINT_TEXT_SIZE];
    char endpoints[ENDPOINTS_MAXIMUM][ENDPOINT_TEXT_SIZE];
    size_t endpoint_count;
};

/* Reads the text, with its checks, but for what may still come from the environment. `origin` is
 * its name in messages. Errors: as extvm_config_parse. */
extvm_status base_conf_read(extvm_config *config, const char *text, const char *origin,
                            bool include, extvm_error *error);

/* Checks shared with the environment. The error's text says only what is wrong: whoever calls puts
 * before it where that is. */
extvm_status vm_type_check(const char *text, enum vm_type *type, extvm_error *error);
extvm_status host_check(const char *text, char host[HOST_SIZE], extvm_error *error);
extvm_status port_check(long long number, unsigned *port, extvm_error *error);

#endif
