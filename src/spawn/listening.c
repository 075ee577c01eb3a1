/* Whether somebody listens, as /proc/net tells it: see proc(5). A connection that is made to find
 * out would cost a real VM 256 MiB and its only place for a client (protocol/kevm.md, section 12),
 * so none is made: the client's own connection, with its Hello, is the first. */
#include "listening.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/error.h"

enum {
    TCP_STATE_LISTEN = 0x0a,     /* TCP_LISTEN of the kernel */
    UNIX_FLAG_ACCEPTS = 0x10000, /* __SO_ACCEPTCON of the kernel */
    HEX_OF_WORD = 8,             /* characters of an address's 32 bits */
    LINE_SIZE = 512,             /* a unix socket's path has at most 108 */
    IPV4_AT = 12,                /* where ::ffff:a.b.c.d has its a.b.c.d */
};

static struct in6_addr as_ipv6(const struct sockaddr *address) {
    struct in6_addr ipv6 = {{{[10] = 0xff, [11] = 0xff}}};
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 whole;
        memcpy(&whole, address, sizeof whole);
        return whole.sin6_addr;
    }
    struct sockaddr_in whole;
    memcpy(&whole, address, sizeof whole);
    memcpy(&ipv6.s6_addr[IPV4_AT], &whole.sin_addr, sizeof whole.sin_addr);
    return ipv6;
}

extvm_status place_find(struct place *place, const struct endpoint *endpoint, extvm_error *error) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    *place = (struct place){.path = endpoint->is_unix ? endpoint->path : NULL};
    if (endpoint->is_unix) {
        return EXTVM_OK;
    }
    struct addrinfo *addresses;
    int resolved = getaddrinfo(endpoint->host, endpoint->port, &hints, &addresses);
    if (resolved != 0) {
        return error_set(error,
                         resolved == EAI_MEMORY   ? EXTVM_NO_MEMORY
                         : resolved == EAI_SYSTEM ? EXTVM_SYSTEM_ERROR
                                                  : EXTVM_INVALID_ARGUMENT,
                         "the host %.200s: %s", endpoint->host, gai_strerror(resolved));
    }
    place->port = (unsigned)strtoul(endpoint->port, NULL, 10);
    for (const struct addrinfo *one = addresses; one != NULL && place->count < PLACE_ADDRESSES;
         one = one->ai_next) {
        place->addresses[place->count++] = as_ipv6(one->ai_addr);
    }
    freeaddrinfo(addresses);
    return EXTVM_OK;
}

/* The address of a line in /proc/net/tcp or tcp6: each 32 bits as this machine's number. */
static struct in6_addr read_address(const char *hex) {
    struct in6_addr address = {{{[10] = 0xff, [11] = 0xff}}};
    size_t words = strlen(hex) / HEX_OF_WORD;
    size_t first = words == 1 ? IPV4_AT : 0;
    for (size_t i = 0; i < words && i < 4; i++) {
        char one[HEX_OF_WORD + 1] = "";
        memcpy(one, hex + i * HEX_OF_WORD, HEX_OF_WORD);
        uint32_t word = (uint32_t)strtoul(one, NULL, 16);
        memcpy(&address.s6_addr[first + i * sizeof word], &word, sizeof word);
    }
    return address;
}

/* A socket at "::" also takes what comes to IPv4 addresses. */
static bool takes(const struct in6_addr *listens, const struct in6_addr *wanted) {
    static const struct in6_addr every_ipv4 = {{{[10] = 0xff, [11] = 0xff}}};
    return IN6_IS_ADDR_UNSPECIFIED(listens) || memcmp(listens, wanted, sizeof *wanted) == 0 ||
           (IN6_IS_ADDR_V4MAPPED(wanted) && memcmp(listens, &every_ipv4, sizeof *listens) == 0);
}

static bool is_of_tcp(const struct place *place, const char *line) {
    char hex[4 * HEX_OF_WORD + 1];
    unsigned port, state;
    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote these numbers, with a fixed width */
    if (sscanf(line, "%*u: %32[0-9A-F]:%4X %*s %2X", hex, &port, &state) != 3 ||
        state != TCP_STATE_LISTEN || port != place->port) {
        return false;
    }
    struct in6_addr listens = read_address(hex);
    for (size_t i = 0; i < place->count; i++) {
        if (takes(&listens, &place->addresses[i])) {
            return true;
        }
    }
    return false;
}

static bool is_of_unix(const struct place *place, const char *line) {
    unsigned flags;
    int path = 0;
    /* NOLINTNEXTLINE(cert-err34-c): as above */
    return sscanf(line, "%*s %*s %*s %8X %*s %*s %*s %n", &flags, &path) == 1 && path > 0 &&
           (flags & UNIX_FLAG_ACCEPTS) != 0 && strcmp(line + path, place->path) == 0;
}

static enum listening look_into(const char *file, const struct place *place,
                                bool (*is_wanted)(const struct place *place, const char *line)) {
    enum listening found = LISTENING_NOBODY;
    FILE *table = fopen(file, "re");
    if (table == NULL) {
        return LISTENING_UNKNOWN;
    }
    char line[LINE_SIZE];
    while (found == LISTENING_NOBODY && fgets(line, sizeof line, table) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        found = is_wanted(place, line) ? LISTENING_SOMEBODY : LISTENING_NOBODY;
    }
    fclose(table);
    return found;
}

enum listening place_listening(const struct place *place) {
    if (place->path != NULL) {
        return look_into("/proc/net/unix", place, is_of_unix);
    }
    enum listening ipv4 = look_into("/proc/net/tcp", place, is_of_tcp);
    enum listening ipv6 = ipv4 == LISTENING_SOMEBODY
                              ? LISTENING_SOMEBODY
                              : look_into("/proc/net/tcp6", place, is_of_tcp);
    /* Where there is no IPv6 there is no file for it. */
    return ipv6 == LISTENING_SOMEBODY ? LISTENING_SOMEBODY : ipv4;
}
