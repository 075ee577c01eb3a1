/* Whether somebody listens, found out without a connection. */
#include "support/cmocka.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "spawn/listening.h"
#include "spawn/resident.h"

/* -- ports -- */

static struct place place_of(const char *host, unsigned port) {
    char text[300];
    static struct endpoint endpoint;
    struct place place;
    snprintf(text, sizeof text, "[%s]:%u", host, port);
    assert_int_equal(endpoint_parse_tcp(&endpoint, text, text, NULL), EXTVM_OK);
    assert_int_equal(place_find(&place, &endpoint, NULL), EXTVM_OK);
    return place;
}

/* A socket at this address; -1 where the family is not there. */
static int bound(const char *host, unsigned *port) {
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    bool is_ipv6 = inet_pton(AF_INET6, host, &ipv6.sin6_addr) == 1;
    struct sockaddr *address = is_ipv6 ? (struct sockaddr *)&ipv6 : (struct sockaddr *)&ipv4;
    socklen_t size = is_ipv6 ? sizeof ipv6 : sizeof ipv4;
    inet_pton(AF_INET, host, &ipv4.sin_addr);
    int made = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0 || bind(made, address, size) != 0) {
        close(made);
        return -1;
    }
    assert_int_equal(getsockname(made, address, &size), 0);
    *port = ntohs(is_ipv6 ? ipv6.sin6_port : ipv4.sin_port);
    return made;
}

static void check(const char *host, unsigned port, enum listening expected) {
    struct place place = place_of(host, port);
    enum listening by_diag = place_listening_by_diag(&place);
    assert_int_equal(place_listening_by_proc(&place), expected);
    assert_true(by_diag == expected || by_diag == LISTENING_UNKNOWN);
    assert_int_equal(place_listening(&place), expected);
}

/* Listens at `host`; those in `reached` are taken, those in `others` are not. */
static void check_listener(const char *host, const char *const *reached,
                           const char *const *others) {
    unsigned port;
    int made = bound(host, &port);
    if (made < 0) {
        print_message("# %s: not there on this machine\n", host);
        return;
    }
    for (const char *const *one = reached; *one != NULL; one++) {
        check(*one, port, LISTENING_NOBODY); /* bound, but nobody is taken yet */
    }
    assert_int_equal(listen(made, 1), 0);
    for (const char *const *one = reached; *one != NULL; one++) {
        check(*one, port, LISTENING_SOMEBODY);
        check(*one, port == 65535 ? 1 : port + 1, LISTENING_NOBODY);
    }
    for (const char *const *one = others; *one != NULL; one++) {
        check(*one, port, LISTENING_NOBODY);
    }
    close(made);
    check(reached[0], port, LISTENING_NOBODY);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void listener_is_seen_at_its_own_address_and_no_other(void **context) {
    (void)context;
    check_listener("127.0.0.1", LIST("127.0.0.1", "localhost"), LIST("127.0.0.2", "::1"));
    check_listener("127.0.0.2", LIST("127.0.0.2"), LIST("127.0.0.1"));
    check_listener("::1", LIST("::1"), LIST("127.0.0.1"));
}

static void listener_at_every_address_is_seen_at_each(void **context) {
    (void)context;
    check_listener("0.0.0.0", LIST("127.0.0.1", "127.0.0.2"), LIST("::1"));
    check_listener("::", LIST("::1", "127.0.0.1"), (const char *const[]){NULL});
}

static void listener_is_found_among_hundreds_and_connections_are_none(void **context) {
    enum { OTHERS = 400 };
    static int others[OTHERS];
    unsigned port, other;
    (void)context;
    for (size_t i = 0; i < OTHERS; i++) {
        others[i] = bound("127.0.0.1", &other);
        assert_int_equal(listen(others[i], 1), 0);
    }
    int made = bound("127.0.0.1", &port);
    check("127.0.0.1", port, LISTENING_NOBODY);
    listen(made, 1);
    check("127.0.0.1", port, LISTENING_SOMEBODY);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)port)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    int taken = accept(made, NULL, NULL);
    close(made);
    check("127.0.0.1", port, LISTENING_NOBODY); /* though there is a connection */
    close(client);
    close(taken);
    for (size_t i = 0; i < OTHERS; i++) {
        close(others[i]);
    }
}

static void host_that_nobody_knows_is_refused_by_name(void **context) {
    (void)context;
    struct endpoint endpoint;
    struct place place;
    extvm_error error;
    endpoint_parse_tcp(&endpoint, "a.host.invalid:1", "a.host.invalid:1", NULL);
    assert_int_not_equal(place_find(&place, &endpoint, &error), EXTVM_OK);
    assert_non_null(strstr(error.text, "a.host.invalid"));
}

/* -- unix sockets -- */

static void unix_socket_is_seen_by_its_path(void **context) {
    (void)context;
    char folder[] = "/tmp/extvm-listening-XXXXXX", path[80];
    struct endpoint endpoint;
    struct place place;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a socket", folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(endpoint_parse_unix(&endpoint, path, path, NULL), EXTVM_OK);
    assert_int_equal(place_find(&place, &endpoint, NULL), EXTVM_OK);
    assert_int_equal(place_listening(&place), LISTENING_NOBODY);
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(made, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(place_listening(&place), LISTENING_NOBODY);
    assert_int_equal(listen(made, 1), 0);
    assert_int_equal(place_listening(&place), LISTENING_SOMEBODY);
    close(made);
    assert_int_equal(place_listening(&place), LISTENING_NOBODY); /* the file is still there */
    unlink(path);
    rmdir(folder);
}

/* -- memory -- */

static void memory_of_a_group_is_that_of_its_processes(void **context) {
    (void)context;
    enum { MORE = 32 << 20 };
    uint64_t before = resident_of_group(getpgrp());
    assert_true(before > 100000);
    volatile char *memory = malloc(MORE);
    for (size_t i = 0; i < MORE; i += 1024) {
        memory[i] = 1;
    }
    uint64_t after = resident_of_group(getpgrp());
    assert_true(after > before + MORE / 2);
    free((void *)(uintptr_t)memory);
    assert_int_equal(resident_of_group(1 << 29), 0); /* over every process's number */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listener_is_seen_at_its_own_address_and_no_other),
        cmocka_unit_test(listener_at_every_address_is_seen_at_each),
        cmocka_unit_test(listener_is_found_among_hundreds_and_connections_are_none),
        cmocka_unit_test(host_that_nobody_knows_is_refused_by_name),
        cmocka_unit_test(unix_socket_is_seen_by_its_path),
        cmocka_unit_test(memory_of_a_group_is_that_of_its_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
