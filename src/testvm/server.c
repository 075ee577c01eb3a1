/* The test-mode server: starting, the loop with its listener, stopping. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/memory.h"
#include "common/spare.h"

enum {
    BACKLOG = 1024,
    GRACE_MILLISECONDS = 1000, /* for running calls when the server stops */
    REST_MILLISECONDS = 100,   /* of a listener that has no file descriptors left */
    TURNED_AWAY_MAXIMUM = 64,  /* sessions over the limit that are left at the same time */
    KIND_SIZE = 8              /* of a kind of VM and what stands behind it in an address */
};

/* -- queues, and the way into the loop -- */

void queue_put(struct queue *queue, struct hosted *hosted) {
    hosted->queued = NULL;
    if (queue->last != NULL) {
        queue->last->queued = hosted;
    } else {
        queue->first = hosted;
    }
    queue->last = hosted;
}

struct hosted *queue_take(struct queue *queue) {
    struct hosted *hosted = queue->first;
    if (hosted != NULL) {
        queue->first = hosted->queued;
        queue->last = queue->first != NULL ? queue->last : NULL;
    }
    return hosted;
}

void server_wake(extvm_testvm *server) {
    uint64_t one = 1;
    while (write(server->wake_socket, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

static struct hosted *take_done(extvm_testvm *server) {
    pthread_mutex_lock(&server->lock);
    struct hosted *hosted = queue_take(&server->done);
    pthread_mutex_unlock(&server->lock);
    return hosted;
}

/* No new sessions - connects are refused now -, and those without a running call end. */
static void begin_ending(extvm_testvm *server) {
    server->is_ending = true;
    evconnlistener_free(server->listener);
    server->listener = NULL;
    for (struct hosted *hosted = server->all, *next; hosted != NULL; hosted = next) {
        next = hosted->next;
        if (hosted->state == HOSTED_IDLE) {
            hosted_leave(hosted);
        }
    }
}

void server_check_end(extvm_testvm *server) {
    if (server->is_ending && server->all == NULL) {
        event_base_loopbreak(server->base);
    }
}

static void on_wake(evutil_socket_t socket, short what, void *context) {
    extvm_testvm *server = context;
    uint64_t count;
    struct hosted *hosted;
    (void)what;
    (void)!read(socket, &count, sizeof count); /* how often does not matter */
    while ((hosted = take_done(server)) != NULL) {
        hosted->is_over = hosted->is_over || server->is_ending;
        hosted_resume(hosted);
    }
    if (atomic_load(&server->is_stopping) && !server->is_ending) {
        begin_ending(server);
    }
    server_check_end(server);
}

/* -- the listener -- */

static void name_peer(const struct sockaddr *address, char *out, size_t size) {
    char host[INET6_ADDRSTRLEN] = "";
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *peer = (const struct sockaddr_in *)(const void *)address;
        inet_ntop(AF_INET, &peer->sin_addr, host, sizeof host);
        snprintf(out, size, "%s:%u", host, ntohs(peer->sin_port));
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *peer = (const struct sockaddr_in6 *)(const void *)address;
        inet_ntop(AF_INET6, &peer->sin6_addr, host, sizeof host);
        snprintf(out, size, "[%s]:%u", host, ntohs(peer->sin6_port));
    } else {
        snprintf(out, size, "a local process");
    }
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t socket,
                      struct sockaddr *address, int size, void *context) {
    extvm_testvm *server = context;
    char peer[64];
    (void)listener;
    (void)size;
    name_peer(address, peer, sizeof peer);
    bool wanted = atomic_load(&server->sessions) < server->settings.max_sessions;
    if (!wanted) {
        log_line(&server->logger, EXTVM_LOG_WARNING,
                 "test-mode: %s: turned away: %llu sessions are open (option max-sessions)", peer,
                 (unsigned long long)server->settings.max_sessions);
        if (server->turned_away >= TURNED_AWAY_MAXIMUM) {
            close(socket);
            return;
        }
    }
    hosted_accept(server, socket, peer, wanted);
}

static void on_accept_again(evutil_socket_t socket, short what, void *context) {
    extvm_testvm *server = context;
    (void)socket;
    (void)what;
    if (server->listener != NULL) {
        evconnlistener_enable(server->listener);
    }
}

/* Without file descriptors the listener stays readable: it rests instead of spinning. */
static void on_accept_error(struct evconnlistener *listener, void *context) {
    extvm_testvm *server = context;
    const struct timeval rest =
        clock_timeval((uint64_t)REST_MILLISECONDS * NANOSECONDS_IN_MILLISECOND);
    log_line(&server->logger, EXTVM_LOG_ERROR, "test-mode: cannot accept: %s (limit: ulimit -n)",
             strerror(errno));
    evconnlistener_disable(listener);
    evtimer_add(server->accept_again, &rest);
}

static void on_look(evutil_socket_t socket, short what, void *context) {
    (void)socket;
    (void)what;
    worker_look(context);
}

static struct evconnlistener *make_listener(extvm_testvm *server, const struct sockaddr *address,
                                            socklen_t size) {
    struct evconnlistener *listener =
        evconnlistener_new_bind(server->base, on_accept, server,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE |
                                    LEV_OPT_LEAVE_SOCKETS_BLOCKING,
                                BACKLOG, address, (int)size);
    if (listener != NULL) {
        evconnlistener_set_error_cb(listener, on_accept_error);
    }
    return listener;
}

/* The addresses of its VMs: what each is called, and where all of them listen. */
static void set_addresses(extvm_testvm *server, const char *between, const char *place) {
    for (size_t i = 0; i < HOST_COUNT; i++) {
        snprintf(server->addresses[i], sizeof server->addresses[i], "%s%s%s", hosts[i].name,
                 between, place);
    }
}

static bool listen_unix(extvm_testvm *server, const struct endpoint *endpoint) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, endpoint->path, sizeof address.sun_path);
    server->listener = make_listener(server, (const struct sockaddr *)&address, sizeof address);
    if (server->listener != NULL) {
        memcpy(server->path, endpoint->path, sizeof server->path);
        set_addresses(server, "+unix:", endpoint->path);
    }
    return server->listener != NULL;
}

/* The port that was taken, when any would do. */
static unsigned listening_port(struct evconnlistener *listener) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(evconnlistener_get_fd(listener), &address.any, &size) != 0) {
        return 0;
    }
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static bool listen_tcp(extvm_testvm *server, const struct endpoint *endpoint, const char **why) {
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *addresses;
    int resolved = getaddrinfo(endpoint->host, endpoint->port, &hints, &addresses);
    if (resolved != 0) {
        *why = gai_strerror(resolved);
        return false;
    }
    for (const struct addrinfo *one = addresses; one != NULL && server->listener == NULL;
         one = one->ai_next) {
        server->listener = make_listener(server, one->ai_addr, one->ai_addrlen);
        *why = strerror(errno);
    }
    freeaddrinfo(addresses);
    if (server->listener != NULL) {
        bool is_v6 = strchr(endpoint->host, ':') != NULL;
        char place[ENDPOINT_TEXT_SIZE - KIND_SIZE];
        snprintf(place, sizeof place, "%s%.200s%s:%u", is_v6 ? "[" : "", endpoint->host,
                 is_v6 ? "]" : "", listening_port(server->listener));
        set_addresses(server, "://", place);
    }
    return server->listener != NULL;
}

static extvm_status begin_listening(extvm_testvm *server, const char *listen, extvm_error *error) {
    struct endpoint endpoint;
    const char *why = NULL;
    bool is_unix = strncmp(listen, "unix:", 5) == 0;
    extvm_status status = is_unix ? endpoint_parse_unix(&endpoint, listen, listen + 5, error)
                                  : endpoint_parse_listen(&endpoint, listen, error);
    if (status != EXTVM_OK) {
        return status;
    }
    bool listening = is_unix ? listen_unix(server, &endpoint) : listen_tcp(server, &endpoint, &why);
    if (!listening) {
        return error_set(error, EXTVM_SYSTEM_ERROR, "cannot listen at %s: %s", listen,
                         why != NULL ? why : strerror(errno));
    }
    if (!is_unix && (strcmp(endpoint.host, "0.0.0.0") == 0 || strcmp(endpoint.host, "::") == 0)) {
        log_line(&server->logger, EXTVM_LOG_WARNING,
                 "test-mode: listening on every address of this machine: whoever reaches it can "
                 "use it");
    }
    return EXTVM_OK;
}

/* -- starting and stopping -- */

static void free_server(extvm_testvm *server) {
    if (server->listener != NULL) {
        evconnlistener_free(server->listener);
    }
    if (server->accept_again != NULL) {
        event_free(server->accept_again);
    }
    if (server->look != NULL) {
        event_free(server->look);
    }
    if (server->wake != NULL) {
        event_free(server->wake);
    }
    if (server->wake_socket >= 0) {
        close(server->wake_socket);
    }
    if (server->base != NULL) {
        event_base_free(server->base);
    }
    if (server->path[0] != '\0') {
        unlink(server->path);
    }
    pthread_cond_destroy(&server->work);
    pthread_mutex_destroy(&server->lock);
    spare_close(server->spare);
    extvm_allocator allocator = server->allocator;
    memory_release(&allocator, server);
}

/* Enough to keep the processors busy while answers are on their way. */
static unsigned busy_maximum(void) {
    enum { OF_PROCESSOR = 16, LEAST = 32, MOST = 4096 };
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    long maximum = processors < MOST / OF_PROCESSOR ? processors * OF_PROCESSOR : MOST;
    return maximum < LEAST ? LEAST : (unsigned)maximum;
}

static extvm_testvm *new_server(const extvm_options *options) {
    extvm_testvm *server = memory_zeroed(&options->allocator, sizeof *server);
    if (server == NULL) {
        return NULL;
    }
    server->allocator = options->allocator;
    server->settings = options->settings;
    server->logger = options->logger;
    server->busy_maximum = busy_maximum();
    server->session_settings =
        (struct session_settings){.max_frame = (size_t)options->settings.max_frame,
                                  .trace = options->trace,
                                  .trace_context = options->trace_context};
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->work, NULL);
    server->session_settings.spare = server->spare = spare_new(&server->allocator);
    server->wake_socket = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->base = event_base_new();
    if (server->base != NULL && server->wake_socket >= 0) {
        server->accept_again = evtimer_new(server->base, on_accept_again, server);
        server->look = evtimer_new(server->base, on_look, server);
        server->wake =
            event_new(server->base, server->wake_socket, EV_READ | EV_PERSIST, on_wake, server);
    }
    if (server->spare == NULL || server->accept_again == NULL || server->look == NULL ||
        server->wake == NULL || event_add(server->wake, NULL) != 0) {
        free_server(server);
        return NULL;
    }
    return server;
}

static void *run_loop(void *argument) {
    extvm_testvm *server = argument;
    event_base_dispatch(server->base);
    return NULL;
}

extvm_status extvm_testvm_start(const char *listen, const char *faults,
                                const extvm_options *options, extvm_testvm **out,
                                extvm_error *error) {
    extvm_options defaults;
    struct faults parsed;
    if (listen == NULL || out == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_testvm_start needs an address and a place for the server");
    }
    *out = NULL;
    options_init(&defaults, NULL);
    options = options != NULL ? options : &defaults;
    extvm_status status = faults_parse(faults, &parsed, error);
    if (status != EXTVM_OK) {
        return status;
    }
    extvm_testvm *server = new_server(options);
    if (server == NULL) {
        return error_no_memory(error, "a test-mode server");
    }
    server->faults = parsed;
    status = begin_listening(server, listen, error);
    if (status == EXTVM_OK && pthread_create(&server->loop, NULL, run_loop, server) != 0) {
        status =
            error_set(error, EXTVM_SYSTEM_ERROR,
                      "cannot start a thread of the test-mode server: check the limit of threads");
    }
    if (status != EXTVM_OK) {
        free_server(server);
        return status;
    }
    log_line(&server->logger, EXTVM_LOG_INFO, "test-mode: listening: %s", server->addresses[0]);
    *out = server;
    return EXTVM_OK;
}

const char *extvm_testvm_address(const extvm_testvm *testvm) {
    return testvm->addresses[0];
}

const char *extvm_testvm_address_for(const extvm_testvm *testvm, const char *protocol) {
    for (size_t i = 0; protocol != NULL && i < HOST_COUNT; i++) {
        if (strcmp(hosts[i].name, protocol) == 0) {
            return testvm->addresses[i];
        }
    }
    return NULL;
}

unsigned extvm_testvm_sessions(const extvm_testvm *testvm) {
    return atomic_load(&testvm->sessions);
}

/* Gives running calls some time, then cuts them. */
static void end_calls(extvm_testvm *server) {
    const uint64_t end = clock_now() + (uint64_t)GRACE_MILLISECONDS * NANOSECONDS_IN_MILLISECOND;
    const struct timespec moment = clock_timespec((uint64_t)10 * NANOSECONDS_IN_MILLISECOND);
    while (atomic_load(&server->sessions) > 0 && clock_now() < end) {
        nanosleep(&moment, NULL);
    }
    worker_cut_all(server);
    worker_join_all(server);
}

void extvm_testvm_stop(extvm_testvm *testvm) {
    if (testvm == NULL) {
        return;
    }
    pthread_mutex_lock(&testvm->lock);
    atomic_store(&testvm->is_stopping, true);
    pthread_mutex_unlock(&testvm->lock);
    server_wake(testvm);
    end_calls(testvm);
    pthread_join(testvm->loop, NULL);
    free_server(testvm);
}
