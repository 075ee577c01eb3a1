/* Where a VM process listens. */
#include "endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

static extvm_status keep_text(struct endpoint *endpoint, const char *whole, extvm_error *error) {
    *endpoint = (struct endpoint){.is_unix = false};
    if (strlen(whole) >= sizeof endpoint->text) {
        return error_set(error, EXTVM_OUT_OF_RANGE,
                         "the VM's address has %zu characters: at most %zu", strlen(whole),
                         sizeof endpoint->text - 1);
    }
    strcpy(endpoint->text, whole);
    return EXTVM_OK;
}

static extvm_status parse_port(struct endpoint *endpoint, const char *port, unsigned least,
                               extvm_error *error) {
    size_t digits = strspn(port, "0123456789");
    unsigned long number = strtoul(port, NULL, 10);
    if (digits == 0 || port[digits] != '\0') {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "%s: the port \"%.40s\" is no number",
                         endpoint->text, port);
    }
    if (digits > 5 || number < least || number > 65535) {
        return error_set(error, EXTVM_OUT_OF_RANGE, "%s: port %.40s: allowed is %u to 65535",
                         endpoint->text, port, least);
    }
    snprintf(endpoint->port, sizeof endpoint->port, "%lu", number);
    return EXTVM_OK;
}

static extvm_status parse_host_port(struct endpoint *endpoint, const char *whole,
                                    const char *host_port, unsigned least_port,
                                    extvm_error *error) {
    extvm_status status = keep_text(endpoint, whole, error);
    if (status != EXTVM_OK) {
        return status;
    }
    bool bracketed = host_port[0] == '[';
    const char *host = host_port + (bracketed ? 1 : 0);
    const char *end = bracketed ? strchr(host, ']') : strrchr(host, ':');
    const char *colon = end != NULL && bracketed ? end + 1 : end;
    if (end == NULL || end == host || *colon != ':' ||
        (!bracketed && memchr(host, ':', (size_t)(end - host)) != NULL)) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "%s: a host and a port are needed, as HOST:PORT or [IPV6]:PORT", whole);
    }
    if ((size_t)(end - host) >= sizeof endpoint->host) {
        return error_set(error, EXTVM_OUT_OF_RANGE, "%s: the host's name is too long", whole);
    }
    memcpy(endpoint->host, host, (size_t)(end - host));
    return parse_port(endpoint, colon + 1, least_port, error);
}

extvm_status endpoint_parse_tcp(struct endpoint *endpoint, const char *whole, const char *host_port,
                                extvm_error *error) {
    return parse_host_port(endpoint, whole, host_port, 1, error);
}

extvm_status endpoint_parse_listen(struct endpoint *endpoint, const char *host_port,
                                   extvm_error *error) {
    return parse_host_port(endpoint, host_port, host_port, 0, error);
}

extvm_status endpoint_parse_unix(struct endpoint *endpoint, const char *whole, const char *path,
                                 extvm_error *error) {
    extvm_status status = keep_text(endpoint, whole, error);
    if (status != EXTVM_OK) {
        return status;
    }
    if (path[0] == '\0' || strlen(path) >= sizeof endpoint->path) {
        return error_set(error, path[0] == '\0' ? EXTVM_INVALID_ARGUMENT : EXTVM_OUT_OF_RANGE,
                         "%s: a unix socket's path of %zu characters: allowed is 1 to %zu", whole,
                         strlen(path), sizeof endpoint->path - 1);
    }
    endpoint->is_unix = true;
    strcpy(endpoint->path, path);
    return EXTVM_OK;
}
