/* Which sockets listen, by sock_diag(7): the kernel goes through those that listen only. */
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listening.h"

enum { TCP_STATE_LISTEN = 0x0a /* TCP_LISTEN of the kernel */, ANSWER_SIZE = 16 * 1024 };

static bool ask(int socket, unsigned char family) {
    const struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 wanted;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .wanted = {.sdiag_family = family,
                   .sdiag_protocol = IPPROTO_TCP,
                   .idiag_states = 1u << TCP_STATE_LISTEN},
    };
    return send(socket, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

static bool is_wanted(const struct place *place, const struct inet_diag_msg *found) {
    struct in6_addr listens;
    memcpy(&listens, found->id.idiag_src, sizeof listens);
    if (found->idiag_family == AF_INET) {
        listens = place_ipv4(found->id.idiag_src);
    }
    return place_is_taken(place, &listens, ntohs(found->id.idiag_sport));
}

/* The messages of one answer; true with `*found`: there is no more to be read. */
static bool take_answer(const struct place *place, const char *answer, size_t size,
                        enum listening *found) {
    struct nlmsghdr header;
    struct inet_diag_msg message;
    for (size_t at = 0; size - at >= sizeof header; at += NLMSG_ALIGN(header.nlmsg_len)) {
        memcpy(&header, answer + at, sizeof header);
        if (header.nlmsg_type == NLMSG_DONE) {
            *found = LISTENING_NOBODY;
            return true;
        }
        if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
            header.nlmsg_len < NLMSG_HDRLEN + sizeof message || header.nlmsg_len > size - at) {
            return true;
        }
        memcpy(&message, answer + at + NLMSG_HDRLEN, sizeof message);
        if (is_wanted(place, &message)) {
            *found = LISTENING_SOMEBODY;
            return true;
        }
        if (NLMSG_ALIGN(header.nlmsg_len) > size - at) {
            break;
        }
    }
    return false;
}

static enum listening look_for(const struct place *place, unsigned char family) {
    alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
    enum listening found = LISTENING_UNKNOWN;
    int asked = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (asked < 0) {
        return found;
    }
    if (ask(asked, family)) {
        ssize_t size;
        do {
            size = recv(asked, answer, sizeof answer, MSG_DONTWAIT);
        } while (size > 0 && !take_answer(place, answer, (size_t)size, &found));
    }
    close(asked);
    return found;
}

enum listening place_listening_by_diag(const struct place *place) {
    enum listening ipv4 = look_for(place, AF_INET);
    return ipv4 == LISTENING_NOBODY ? look_for(place, AF_INET6) : ipv4;
}
