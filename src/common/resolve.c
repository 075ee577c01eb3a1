/* Looking up a host's addresses. A look-up may outlive the handle that wanted it, so it has memory
 * of its own and belongs to the thread and the waiter together: whoever is last frees it. */
#include "resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/un.h>
#include <unistd.h>

struct resolution {
    atomic_int owners;
    atomic_bool is_done; /* `targets` belong to the waiter */
    int done;            /* an eventfd */
    struct endpoint endpoint;
    struct targets targets;
};

static void look_up(const struct endpoint *endpoint, int flags, struct targets *targets) {
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *addresses;
    int resolved = getaddrinfo(endpoint->host, endpoint->port, &hints, &addresses);
    *targets = (struct targets){.count = 0};
    if (resolved != 0) {
        targets->why = gai_strerror(resolved);
        targets->number = resolved == EAI_MEMORY ? ENOMEM : ENXIO;
        return;
    }
    for (const struct addrinfo *one = addresses; one != NULL && targets->count < TARGETS_MAXIMUM;
         one = one->ai_next) {
        struct target *target = &targets->all[targets->count++];
        memcpy(&target->address, one->ai_addr, one->ai_addrlen);
        target->size = one->ai_addrlen;
    }
    freeaddrinfo(addresses);
}

bool resolve_at_once(const struct endpoint *endpoint, struct targets *targets) {
    if (!endpoint->is_unix) {
        look_up(endpoint, AI_NUMERICHOST | AI_NUMERICSERV, targets);
        return targets->count > 0;
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, endpoint->path, sizeof address.sun_path);
    *targets = (struct targets){.count = 1, .all = {{.size = sizeof address}}};
    memcpy(&targets->all[0].address, &address, sizeof address);
    return true;
}

void resolution_free(struct resolution *resolution) {
    if (resolution != NULL && atomic_fetch_sub(&resolution->owners, 1) == 1) {
        close(resolution->done);
        free(resolution);
    }
}

static void *run(void *context) {
    struct resolution *resolution = context;
    const uint64_t one = 1;
    look_up(&resolution->endpoint, 0, &resolution->targets);
    atomic_store(&resolution->is_done, true);
    while (write(resolution->done, &one, sizeof one) < 0 && errno == EINTR) {
    }
    resolution_free(resolution);
    return NULL;
}

/* Starts the thread, that takes no signals: those are for the threads of the process's own. */
static bool start_thread(struct resolution *resolution) {
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                   pthread_create(&thread, &attributes, run, resolution) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

struct resolution *resolution_new(const struct endpoint *endpoint) {
    struct resolution *resolution = calloc(1, sizeof *resolution);
    if (resolution == NULL) {
        return NULL;
    }
    atomic_init(&resolution->owners, 2);
    resolution->endpoint = *endpoint;
    resolution->done = eventfd(0, EFD_CLOEXEC);
    if (resolution->done < 0 || !start_thread(resolution)) {
        if (resolution->done >= 0) {
            close(resolution->done);
        }
        free(resolution);
        return NULL;
    }
    return resolution;
}

int resolution_descriptor(const struct resolution *resolution) {
    return resolution->done;
}

bool resolution_read(const struct resolution *resolution, struct targets *targets) {
    bool is_done = atomic_load(&resolution->is_done);
    if (is_done) {
        *targets = resolution->targets;
    }
    return is_done;
}
