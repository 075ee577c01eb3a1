/* A server that plays recordings: one session at a time, in the thread that runs it. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/endpoint.h"
#include "common/error.h"
#include "common/frame.h"
#include "common/options.h"
#include "kevm/kevm.h"
#include "player.h"

enum { BACKLOG = 16 };

struct extvm_playback {
    extvm_allocator allocator;
    const extvm_recording *recording;
    struct settings settings;
    struct logger logger;
    char address[ENDPOINT_TEXT_SIZE];
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path]; /* to be removed in the end; "" */
    int listener;
    int stop; /* an eventfd that is written to when it is to end */
};

/* -- listening -- */

static const char *scheme(const struct extvm_playback *playback) {
    const struct recorded_call *call = recording_at(playback->recording, 0);
    return call == NULL || call->protocol == &kevm_protocol ? "kevm" : "iele";
}

static bool listen_at(struct extvm_playback *playback, const struct sockaddr *address,
                      socklen_t size) {
    int on = 1;
    int number = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (number < 0) {
        return false;
    }
    (void)setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(number, address, size) != 0 || listen(number, BACKLOG) != 0) {
        int reason = errno;
        close(number);
        errno = reason;
        return false;
    }
    playback->listener = number;
    return true;
}

static bool listen_unix(struct extvm_playback *playback, const struct endpoint *endpoint) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, endpoint->path, sizeof address.sun_path);
    if (!listen_at(playback, (const struct sockaddr *)&address, sizeof address)) {
        return false;
    }
    memcpy(playback->path, endpoint->path, sizeof playback->path);
    snprintf(playback->address, sizeof playback->address, "%s+unix:%s", scheme(playback),
             endpoint->path);
    return true;
}

/* The port that was taken, when any would do. */
static unsigned listening_port(int listener) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(listener, &address.any, &size) != 0) {
        return 0;
    }
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static bool listen_tcp(struct extvm_playback *playback, const struct endpoint *endpoint,
                       const char **why) {
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *addresses;
    int resolved = getaddrinfo(endpoint->host, endpoint->port, &hints, &addresses);
    if (resolved != 0) {
        *why = gai_strerror(resolved);
        return false;
    }
    for (const struct addrinfo *one = addresses; one != NULL && playback->listener < 0;
         one = one->ai_next) {
        if (!listen_at(playback, one->ai_addr, one->ai_addrlen)) {
            *why = strerror(errno);
        }
    }
    freeaddrinfo(addresses);
    if (playback->listener >= 0) {
        bool is_v6 = strchr(endpoint->host, ':') != NULL;
        snprintf(playback->address, sizeof playback->address, "%s://%s%.200s%s:%u",
                 scheme(playback), is_v6 ? "[" : "", endpoint->host, is_v6 ? "]" : "",
                 listening_port(playback->listener));
    }
    return playback->listener >= 0;
}

static extvm_status begin_listening(struct extvm_playback *playback, const char *listen,
                                    extvm_error *error) {
    struct endpoint endpoint;
    const char *why = NULL;
    bool is_unix = strncmp(listen, "unix:", 5) == 0;
    extvm_status status = is_unix ? endpoint_parse_unix(&endpoint, listen, listen + 5, error)
                                  : endpoint_parse_listen(&endpoint, listen, error);
    if (status != EXTVM_OK) {
        return status;
    }
    bool listening =
        is_unix ? listen_unix(playback, &endpoint) : listen_tcp(playback, &endpoint, &why);
    return listening ? EXTVM_OK
                     : error_set(error, EXTVM_SYSTEM_ERROR, "cannot listen at %s: %s", listen,
                                 why != NULL ? why : strerror(errno));
}

extvm_status extvm_playback_open(const extvm_recording *recording, const char *listen,
                                 const extvm_options *options, extvm_playback **out,
                                 extvm_error *error) {
    extvm_options defaults;
    if (recording == NULL || listen == NULL || out == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_playback_open needs a recording, an address, and a place for the "
                         "playback");
    }
    *out = NULL;
    options_init(&defaults, NULL);
    options = options != NULL ? options : &defaults;
    extvm_playback *playback = memory_zeroed(&options->allocator, sizeof *playback);
    if (playback == NULL) {
        return error_no_memory(error, "a playback");
    }
    playback->allocator = options->allocator;
    playback->recording = recording;
    playback->settings = options->settings;
    playback->logger = options->logger;
    playback->listener = -1;
    playback->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    extvm_status status =
        playback->stop >= 0
            ? begin_listening(playback, listen, error)
            : error_set(error, EXTVM_SYSTEM_ERROR, "cannot make an eventfd: %s", strerror(errno));
    if (status != EXTVM_OK) {
        extvm_playback_close(playback);
        return status;
    }
    *out = playback;
    return EXTVM_OK;
}

const char *extvm_playback_address(const extvm_playback *playback) {
    return playback->address;
}

void extvm_playback_stop(extvm_playback *playback) {
    const uint64_t one = 1;
    int reason = errno;
    while (write(playback->stop, &one, sizeof one) < 0 && errno == EINTR) {
    }
    errno = reason;
}

void extvm_playback_close(extvm_playback *playback) {
    if (playback == NULL) {
        return;
    }
    if (playback->listener >= 0) {
        close(playback->listener);
    }
    if (playback->stop >= 0) {
        close(playback->stop);
    }
    if (playback->path[0] != '\0') {
        unlink(playback->path);
    }
    extvm_allocator allocator = playback->allocator;
    memory_release(&allocator, playback);
}

/* -- playing -- */

enum wait_outcome { WAIT_READY, WAIT_STOPPED, WAIT_TOO_LONG, WAIT_FAILED };

/* Waits until the socket can be read; `limit` in nanoseconds, 0: for ever. */
static enum wait_outcome wait_for(const extvm_playback *playback, int number, uint64_t limit) {
    struct pollfd polled[] = {{.fd = playback->stop, .events = POLLIN},
                              {.fd = number, .events = POLLIN}};
    const uint64_t end = clock_now() + limit;
    for (;;) {
        uint64_t now = clock_now();
        const struct timespec left = clock_timespec(end > now ? end - now : 0);
        int ready = ppoll(polled, sizeof polled / sizeof polled[0], limit > 0 ? &left : NULL, NULL);
        if (ready > 0) {
            return polled[0].revents != 0 ? WAIT_STOPPED : WAIT_READY;
        }
        if (ready == 0) {
            return WAIT_TOO_LONG;
        }
        if (errno != EINTR) {
            return WAIT_FAILED;
        }
    }
}

static bool send_output(int number, struct player *player) {
    size_t sent = 0;
    while (sent < player->out.size) {
        ssize_t size = send(number, player->out.data + sent, player->out.size - sent, MSG_NOSIGNAL);
        if (size < 0 && errno != EINTR) {
            break;
        }
        sent += size > 0 ? (size_t)size : 0;
    }
    bool complete = sent == player->out.size;
    player->out.size = 0;
    return complete;
}

/* All whole frames that have come. */
static extvm_status take_frames(const extvm_playback *playback, struct player *player,
                                struct frame_reader *reader, bool *leaves, extvm_error *error) {
    extvm_bytes body;
    extvm_status status = EXTVM_OK;
    enum frame_state state = FRAME_INCOMPLETE;
    while (status == EXTVM_OK && !*leaves &&
           (state = frame_next(reader, &body)) == FRAME_COMPLETE) {
        status = player_take(player, body, leaves, error);
    }
    if (state == FRAME_OVERSIZE) {
        log_line(&playback->logger, EXTVM_LOG_WARNING,
                 "playback: a frame of %zu bytes was announced, the limit is %llu (option "
                 "max-frame): session ended",
                 frame_announced(reader), (unsigned long long)playback->settings.max_frame);
        *leaves = true;
    }
    return status;
}

/* Reads what has come; false: the session is over. */
static bool receive(int number, struct frame_reader *reader, extvm_status *status,
                    extvm_error *error) {
    size_t room;
    uint8_t *space = frame_space(reader, &room);
    if (space == NULL) {
        *status = error_no_memory(error, "a received frame");
        return false;
    }
    ssize_t size;
    do {
        size = recv(number, space, room, 0);
    } while (size < 0 && errno == EINTR);
    frame_received(reader, size > 0 ? (size_t)size : 0);
    return size > 0;
}

/* Half-closes and reads to the node's end, so that it gets all that was sent. */
static void leave(const extvm_playback *playback, int number) {
    char discarded[1024];
    ssize_t size = 1;
    (void)shutdown(number, SHUT_WR);
    while (size > 0 && wait_for(playback, number, playback->settings.drain_timeout) == WAIT_READY) {
        size = recv(number, discarded, sizeof discarded, 0);
    }
}

static void log_wait(const extvm_playback *playback, enum wait_outcome outcome) {
    if (outcome == WAIT_TOO_LONG) {
        log_line(&playback->logger, EXTVM_LOG_WARNING,
                 "playback: nothing came for too long (options idle-timeout and answer-timeout): "
                 "session ended");
    }
}

static extvm_status play_session(const extvm_playback *playback, int number, struct player *player,
                                 bool *stopped, extvm_error *error) {
    struct frame_reader reader;
    bool leaves = false;
    extvm_status status = EXTVM_OK;
    frame_reader_init(&reader, &playback->allocator, NULL, (size_t)playback->settings.max_frame);
    player_begin(player);
    while (status == EXTVM_OK && !leaves) {
        enum wait_outcome outcome =
            wait_for(playback, number,
                     player->expected != NULL ? playback->settings.answer_timeout
                                              : playback->settings.idle_timeout);
        *stopped = outcome == WAIT_STOPPED;
        log_wait(playback, outcome);
        if (outcome != WAIT_READY || !receive(number, &reader, &status, error)) {
            break;
        }
        status = take_frames(playback, player, &reader, &leaves, error);
        leaves = !send_output(number, player) || leaves;
    }
    player_end(player);
    if (leaves) {
        leave(playback, number);
    }
    frame_reader_free(&reader);
    return status;
}

static void prepare_socket(const extvm_playback *playback, int number) {
    int on = 1;
    const struct timeval limit = clock_timeval(playback->settings.answer_timeout);
    if (playback->path[0] == '\0') {
        (void)setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    (void)setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/* The next session; -1: there is none yet, or an error, or it was stopped. */
static int next_session(const extvm_playback *playback, bool *stopped, extvm_status *status,
                        extvm_error *error) {
    enum wait_outcome outcome = wait_for(playback, playback->listener, 0);
    *stopped = outcome == WAIT_STOPPED;
    int number = -1;
    if (outcome == WAIT_READY) {
        number = accept4(playback->listener, NULL, NULL, SOCK_CLOEXEC);
    }
    bool is_gone = errno == EINTR || errno == EAGAIN || errno == ECONNABORTED;
    if (number < 0 && !*stopped && !is_gone) {
        *status =
            error_set(error, EXTVM_SYSTEM_ERROR, "cannot take a session: %s", strerror(errno));
    }
    return number;
}

extvm_status extvm_playback_run(extvm_playback *playback, extvm_difference_fn difference,
                                void *context, size_t *played, extvm_error *error) {
    struct player player;
    bool stopped = false;
    extvm_status status = EXTVM_OK;
    player_init(&player, playback->recording, difference, context);
    while (status == EXTVM_OK && !stopped && !player_is_done(&player)) {
        int number = next_session(playback, &stopped, &status, error);
        if (number >= 0) {
            prepare_socket(playback, number);
            status = play_session(playback, number, &player, &stopped, error);
            close(number);
        }
    }
    *played = player.index;
    player_free(&player);
    return status;
}
