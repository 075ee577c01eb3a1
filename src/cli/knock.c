/* A first look at who listens at an address (protocol/kevm.md and protocol/iele.md, sections 1, 2
 * and 12). */
#include "knock.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "report.h"

/* A Hello whose version is "probe"; a VM logs it and closes. */
static const uint8_t hello[] = {0, 0, 0, 7, 0x0a, 5, 'p', 'r', 'o', 'b', 'e'};

static bool set_patience(int socket, double seconds) {
    struct timeval time = {.tv_sec = (time_t)seconds};
    time.tv_usec = (suseconds_t)((seconds - (double)time.tv_sec) * 1e6);
    return setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0 &&
           setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) == 0;
}

static extvm_status refuse(const char *address, int number, extvm_error *error) {
    /* A connect that takes longer than SO_SNDTIMEO says EINPROGRESS. */
    bool late = number == EINPROGRESS || number == EAGAIN || number == ETIMEDOUT;
    return late ? complain(error, EXTVM_CONNECT_TIMEOUT,
                           "%.200s: no connection within the connect-timeout", address)
                : complain(error, EXTVM_UNREACHABLE, "%.200s: cannot connect: %s", address,
                           strerror(number));
}

/* Returns a socket, or -1 with errno set. */
static int connect_one(const struct sockaddr *address, socklen_t size, double seconds) {
    int made = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) {
        return -1;
    }
    if (!set_patience(made, seconds) || connect(made, address, size) != 0) {
        int number = errno;
        close(made);
        errno = number;
        return -1;
    }
    return made;
}

static int connect_unix(const char *address, const char *path, double seconds, extvm_error *error) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path) {
        complain(error, EXTVM_INVALID_ARGUMENT, "%.200s: the path is too long", address);
        return -1;
    }
    memcpy(name.sun_path, path, strlen(path) + 1);
    int made = connect_one((const struct sockaddr *)&name, sizeof name, seconds);
    if (made < 0) {
        refuse(address, errno, error);
    }
    return made;
}

/* Splits "HOST:PORT" and "[HOST]:PORT"; false when it is neither. */
static bool split_place(const char *place, char *host, size_t host_size, const char **port) {
    const char *colon = strrchr(place, ':');
    size_t length = colon != NULL ? (size_t)(colon - place) : 0;
    if (length >= 2 && place[0] == '[' && place[length - 1] == ']') {
        place++;
        length -= 2;
    }
    if (colon == NULL || length == 0 || length >= host_size) {
        return false;
    }
    memcpy(host, place, length);
    host[length] = '\0';
    *port = colon + 1;
    return true;
}

static int connect_tcp(const char *address, const char *place, double seconds, extvm_error *error) {
    char host[256];
    const char *port;
    struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM};
    if (!split_place(place, host, sizeof host, &port)) {
        complain(error, EXTVM_INVALID_ARGUMENT, "%.200s: it must end in HOST:PORT", address);
        return -1;
    }
    int why = getaddrinfo(host, port, &hints, &found);
    if (why != 0) {
        complain(error, EXTVM_UNREACHABLE, "%.200s: cannot find the host: %s", address,
                 gai_strerror(why));
        return -1;
    }
    int made = -1;
    for (const struct addrinfo *at = found; at != NULL && made < 0; at = at->ai_next) {
        made = connect_one(at->ai_addr, at->ai_addrlen, seconds);
    }
    if (made < 0) {
        refuse(address, errno, error);
    }
    freeaddrinfo(found);
    return made;
}

/* Reads to the other's end, or until the patience is over: what is unread makes a close a reset. */
static void leave(int socket) {
    enum { CHUNK = 4096, CHUNKS = 256 };
    uint8_t ignored[CHUNK];
    shutdown(socket, SHUT_WR);
    for (int i = 0; i < CHUNKS && recv(socket, ignored, sizeof ignored, 0) > 0; i++) {
    }
    close(socket);
}

/* The option's text is as "5s" or "250ms" (extvm/vm.h). */
double knock_patience(const extvm_options *options) {
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
    char text[EXTVM_OPTION_TEXT_SIZE], *unit;
    if (extvm_options_get(options, "connect-timeout", text, NULL) != EXTVM_OK) {
        return 1;
    }
    double number = strtod(text, &unit);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].name) == 0) {
            number *= units[i].seconds;
        }
    }
    return number;
}

enum knock knock(const char *address, double seconds, extvm_error *error) {
    const double leave_seconds = 0.1;
    const char *slashes = strstr(address, "://"), *path = strstr(address, "+unix:");
    int made = slashes != NULL ? connect_tcp(address, slashes + 3, seconds, error)
               : path != NULL
                   ? connect_unix(address, path + strlen("+unix:"), seconds, error)
                   : (complain(error, EXTVM_INVALID_ARGUMENT, "%.200s: no socket", address), -1);
    if (made < 0) {
        return KNOCK_FAILED;
    }
    uint8_t byte;
    ssize_t size = send(made, hello, sizeof hello, MSG_NOSIGNAL);
    if (size == (ssize_t)sizeof hello) {
        size = recv(made, &byte, 1, 0);
    }
    bool silent = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    set_patience(made, leave_seconds);
    leave(made);
    return size > 0 ? KNOCK_SPEAKS : silent ? KNOCK_SILENT : KNOCK_FREE;
}
