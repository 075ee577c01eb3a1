/* The dialogue between a node and a VM: which message may come when, at both ends. No I/O: received
 * bytes go in through session_space and session_received, bytes to be sent come out of
 * session_output, and session_next says what is to be done.
 *
 *   node:  idle - begin -> asking for the caller - answer -> waiting for the VM
 *          waiting - a query -> asking - answer -> waiting
 *          waiting - a result -> asking for accounts that the VM never asked for - answer -> idle
 *   VM:    greeting - Hello -> idle - CallContext -> running
 *          running - query -> waiting - answer -> running - result -> idle
 *
 * After any failure the session is broken: it may only be left. */
#ifndef EXTVM_COMMON_SESSION_H
#define EXTVM_COMMON_SESSION_H

#include <extvm/log.h>

#include "frame.h"
#include "ledger.h"
#include "protocol.h"

enum session_state {
    SESSION_GREETING, /* the VM's end only: no Hello yet */
    SESSION_IDLE,
    SESSION_ASKING_CALLER, /* before anything is sent */
    SESSION_WAITING,       /* for the other end */
    SESSION_ASKING,        /* our side owes the answer to a query */
    SESSION_CHECKING,      /* a result is here; accounts and code that it changes are looked up */
    SESSION_RUNNING,       /* the VM's end only: our turn */
    SESSION_BROKEN
};

struct session_settings {
    size_t max_frame; /* bytes of a received frame's body */
    enum block_hash_policy block_hash;
    struct spare *spare; /* what memory of messages and results is taken from; NULL: the allocator
                          */
    extvm_trace_fn trace;
    void *trace_context;

    /* -- for the trace -- */
    const char *peer;                    /* the other end, for people; NULL: it has no name */
    const uint64_t *vm_time, *wire_time; /* nanoseconds that the connection counts; NULL: nobody
                                          * does */
};

struct session {
    const struct protocol *protocol; /* at the VM's end the first of `protocols` until Hello came */
    const extvm_allocator *allocator;
    struct session_settings settings;
    bool at_vm; /* this is the VM's end */
    enum session_state state;
    bool greeted; /* Hello was sent or received */
    bool heard;   /* the other end has sent a byte */
    struct frame_reader reader;
    struct buffer out;
    size_t sent;                               /* bytes of `out` that are sent */
    struct arena arena;                        /* the parts of the message at hand */
    struct buffer text;                        /* a trace line */
    uint64_t calls;                            /* begun in this dialogue */
    uint64_t traced_vm_time, traced_wire_time; /* what was counted at the last trace line */
    struct query query;                        /* the one that is open */
    const extvm_call *call; /* the node's: borrowed for the call; the VM's: received_call */

    /* the node's end */
    struct ledger ledger;
    bool caller_told;      /* the VM has the caller's account */
    bool late_query;       /* the VM asked for storage of an account that does not exist */
    extvm_result *result;  /* while it is checked */
    size_t checked;        /* accounts of the result that are known to be in the ledger */
    size_t compared;       /* accounts of it that are known to keep the code they have */
    extvm_run_stats stats; /* the queries are counted */

    /* the VM's end */
    const struct protocol *const *protocols; /* among which Hello chooses; NULL behind the last */
    extvm_call received_call;
    struct arena call_arena;
};

void session_init_node(struct session *session, const struct protocol *protocol,
                       const extvm_allocator *allocator, const struct session_settings *settings);

/* `protocols`, with NULL behind the last, is borrowed: the session speaks the one that its Hello
 * asks for, and breaks when it asks for none of them. */
void session_init_vm(struct session *session, const struct protocol *const *protocols,
                     const extvm_allocator *allocator, const struct session_settings *settings);
void session_free(struct session *session);

/* Forgets everything about the other end, as for a new connection; memory is kept. */
void session_reset(struct session *session);

/* -- bytes -- */

/* Where received bytes go; NULL when there is no memory. */
uint8_t *session_space(struct session *session, size_t *size);
void session_received(struct session *session, size_t size);

/* What is to be sent now; empty: nothing. */
extvm_bytes session_output(const struct session *session);
void session_sent(struct session *session, size_t size);

/* Whether every received byte belonged to a message that was taken. */
bool session_is_quiet(const struct session *session);

/* Whether the bytes received so far end inside a frame. */
bool session_in_frame(const struct session *session);

/* What it means at this point that the other end has closed, or reset, the connection. Never
 * EXTVM_OK. */
extvm_status session_closed(struct session *session, bool reset, extvm_error *error);

/* -- what is to be done -- */

enum session_event_kind {
    SESSION_WANTS_BYTES, /* send the output, then receive */
    SESSION_QUERY,       /* the node's end: ask the world, then session_answer */
    SESSION_RESULT,      /* the node's end: the call is over; the result is the caller's */
    SESSION_CALL,        /* the VM's end: run it, then session_finish */
    SESSION_ANSWER       /* the VM's end: to the query asked last */
};

struct session_event {
    enum session_event_kind kind;
    const struct query *query; /* borrowed until the next call of a function of the session */
    extvm_result *result;
    const extvm_call *call; /* borrowed until session_finish */
    struct answer answer;   /* borrowed until the next session_ask or session_finish */
};

/* The next thing to be done. Errors: what the other end did wrong, or EXTVM_NO_MEMORY. */
extvm_status session_next(struct session *session, struct session_event *event, extvm_error *error);

/* The node's end: begins a call; `call` is borrowed until its result. Errors: the call is refused,
 * nothing was sent and the session is idle still; EXTVM_UNEXPECTED_MESSAGE: broken. */
extvm_status session_begin(struct session *session, const extvm_call *call, extvm_error *error);

/* The node's end: the world's answer to the last SESSION_QUERY. EXTVM_LOOKUP_FAILED is not for
 * here: leave the session then. Errors: EXTVM_WORLD_FAILED (no possible account or value), the
 * refusals of the protocol's check_caller (the session is idle then), EXTVM_NO_MEMORY. */
extvm_status session_answer(struct session *session, const struct answer *answer,
                            extvm_error *error);

/* The node's end: gives up the call and takes back what was not sent. The session is broken then,
 * unless nothing of the call was sent. */
void session_abandon(struct session *session);

/* The node's end: whether the VM would survive a half-close now: it waits for no account of the
 * caller (protocol/kevm.md, section 12). */
bool session_may_leave(const struct session *session);

/* The VM's end: asks the node; and ends the call with a result, which is only read. */
extvm_status session_ask(struct session *session, const struct query *query, extvm_error *error);
extvm_status session_finish(struct session *session, const extvm_result *result,
                            extvm_error *error);

/* -- for session.c, session_node.c and session_vm.c only -- */

/* Ends the frame that began at `start` of the output; `encoded` says whether its body is there. */
extvm_status session_end_frame(struct session *session, size_t start, bool encoded,
                               extvm_error *error);

/* Takes the next whole frame. `*body` is empty with `*whole` false when there is none yet. */
extvm_status session_take_frame(struct session *session, extvm_bytes *body, bool *whole,
                                extvm_error *error);

/* Whether somebody wants a trace; then session->text is empty and to be filled, and session_trace
 * hands it over. */
bool session_traces(struct session *session);
void session_trace(struct session *session, extvm_direction direction, const char *name,
                   extvm_bytes body);

/* Memory for encoding a message: the session's arena, empty, and without the maximum that the last
 * decoded message gave it. */
struct arena *session_scratch(struct session *session);

/* The body of the frame that was encoded last, beginning at `start` of the output. */
extvm_bytes session_encoded(const struct session *session, size_t start);

/* The node's and the VM's part of session_next. */
extvm_status session_next_at_node(struct session *session, struct session_event *event,
                                  extvm_error *error);
extvm_status session_next_at_vm(struct session *session, struct session_event *event,
                                extvm_error *error);

/* After a call: gives back what only a large message needed. */
void session_trim(struct session *session);

/* Marks the session broken and returns `status`. */
extvm_status session_break(struct session *session, extvm_status status);

#endif
