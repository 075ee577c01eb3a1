/* A bare ping-pong: plain blocking sockets that send the bytes of a dialogue back and forth, and
 * look at none of them. What a node and a VM over the same sockets could do at best. */
#ifndef CLI_PINGPONG_H
#define CLI_PINGPONG_H

#include <stdbool.h>

#include <extvm/bytes.h>
#include <extvm/log.h>

#include "latency.h"
#include "pool.h"

struct pingpong_message {
    bool to_vm;
    uint8_t *bytes; /* with the frame's length */
    size_t size;
};

/* The messages of one call, beginning with its CallContext, and the Hello before the first. Zeros
 * are an empty one, that records into `pool`. */
struct pingpong_dialogue {
    struct pool *pool;
    struct pingpong_message hello, *messages;
    size_t count, capacity;
    size_t from_vm;     /* messages of the VM */
    size_t untimed;     /* of those, the first ones that go into no latency */
    bool has_no_memory; /* … for all of them */
};

/* Records what goes over the wire: an extvm_trace_fn, the context is the dialogue. */
void pingpong_record(void *context, const extvm_trace_message *message);

/* The VM's end, with a thread for each session. */
struct pingpong_vm;

/* Listens on a free loopback port, or with `is_unix` at a unix socket of a folder of its own, and
 * plays the dialogue again and again, which must stay. Errors: EXTVM_SYSTEM_ERROR,
 * EXTVM_NO_MEMORY. */
extvm_status pingpong_vm_start(const struct pingpong_dialogue *dialogue, bool is_unix,
                               struct pingpong_vm **out, extvm_error *error);

/* What follows the scheme of an address: "://127.0.0.1:PORT" or "+unix:PATH". */
const char *pingpong_vm_place(const struct pingpong_vm *vm);

/* Stops when all sessions are ended by the nodes; NULL is allowed. */
void pingpong_vm_stop(struct pingpong_vm *vm);

/* The node's end: a session, -1 when there is none; one call, false when it broke; its end. The
 * times from a message sent to the VM's next are put into `latency`. */
int pingpong_node_open(const struct pingpong_vm *vm, const struct pingpong_dialogue *dialogue);
bool pingpong_node_call(int socket, const struct pingpong_dialogue *dialogue,
                        struct latency *latency);
void pingpong_node_close(int socket);

#endif
