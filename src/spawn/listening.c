/* Whether somebody listens, as the kernel tells it: see proc(5). A connection that is made to find
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

struct in6_addr place_ipv4(const void *address) {
    struct in6_addr ipv6 = {{{[10] = 0xff, [11] = 0xff}}};
    memcpy(&ipv6.s6_addr[IPV4_AT], address, sizeof(struct in_addr));
    return ipv6;
}

static struct in6_addr as_ipv6(const struct sockaddr *address) {
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, address, sizeof ipv6);
        return ipv6.sin6_addr;
    }
    struct sockaddr_in ipv4;
    memcpy(&ipv4, address, sizeof ipv4);
    return place_ipv4(&ipv4.sin_addr);
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

/* A socket at "::" also takes what comes to IPv4 addresses. */
static bool takes(const struct in6_addr *listens, const struct in6_addr *wanted) {
    static const struct in6_addr every_ipv4 = {{{[10] = 0xff, [11] = 0xff}}};
    return IN6_IS_ADDR_UNSPECIFIED(listens) || memcmp(listens, wanted, sizeof *wanted) == 0 ||
           (IN6_IS_ADDR_V4MAPPED(wanted) && memcmp(listens, &every_ipv4, sizeof *listens) == 0);
}

bool place_is_taken(const struct place *place, const struct in6_addr *listens, unsigned port) {
    for (size_t i = 0; port == place->port && i < place->count; i++) {
        if (takes(listens, &place->addresses[i])) {
            return true;
        }
    }
    return false;
}

/* The address of a line in /proc/net/tcp or tcp6: each 32 bits as this machine's number. */
static struct in6_addr read_address(const char *hex) {
    uint32_t words[4] = {0};
    size_t count = strlen(hex) / HEX_OF_WORD;
    for (size_t i = 0; i < count; i++) {
        char one[HEX_OF_WORD + 1] = "";
        memcpy(one, hex + i * HEX_OF_WORD, HEX_OF_WORD);
        words[i] = (uint32_t)strtoul(one, NULL, 16);
    }
    struct in6_addr address;
    memcpy(&address, words, sizeof address);
    return count == 1 ? place_ipv4(words) : address;
}

static bool is_of_tcp(const struct place *place, const char *line) {
    char hex[4 * HEX_OF_WORD + 1];
    unsigned port, state;
    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote these numbers, with a fixed width */
    if (sscanf(line, "%*u: %32[0-9A-F]:%4X %*s %2X", hex, &port, &state) != 3 ||
        state != TCP_STATE_LISTEN) {
        return false;
    }
    struct in6_addr listens = read_address(hex);
    return place_is_taken(place, &listens, port);
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

enum listening place_listening_by_proc(const struct place *place) {
    enum listening ipv4 = look_into("/proc/net/tcp", place, is_of_tcp);
    if (ipv4 == LISTENING_SOMEBODY) {
        return ipv4;
    }
    /* Where there is no IPv6 there is no file for it. */
    enum listening ipv6 = look_into("/proc/net/tcp6", place, is_of_tcp);
    return ipv6 == LISTENING_SOMEBODY ? ipv6 : ipv4;
}

enum listening place_listening(const struct place *place) {
    if (place->path != NULL) {
        return look_into("/proc/net/unix", place, is_of_unix);
    }
    enum listening found = place_listening_by_diag(place);
    return found != LISTENING_UNKNOWN ? found : place_listening_by_proc(place);
}
