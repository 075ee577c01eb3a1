/* Calls on a VM driven by the caller's own event loop (libevent), with a world that may answer
 * later: many calls at once from one thread, and no thread of the library's. */
#ifndef EXTVM_ASYNC_H
#define EXTVM_ASYNC_H

#include <extvm/declare.h>
#include <extvm/vm.h>

struct event_base;

EXTVM_BEGIN_DECLARATIONS

/* A query that waits for the node's answer. Each is answered exactly once, with one of the
 * functions below, in the thread of the event loop: from inside the world's function, or later.
 *
 * A call that is cancelled, or whose time is over, does not wait for the answer: it ends. The query
 * is still to be answered, once: nothing happens then but that its memory is given back, with the
 * allocator of the options, even when the handle is closed already. A node that is not interested
 * any longer says extvm_answer_failed. */
typedef struct extvm_answer extvm_answer;

/* The account exists; what `account` says is copied. The answers to the other queries: a storage
 * value, an account's code, a block's hash, each copied too. An answer to another kind of query
 * than was asked is taken for extvm_answer_failed. */
void extvm_answer_account(extvm_answer *answer, const extvm_account *account);
void extvm_answer_storage(extvm_answer *answer, extvm_bytes value);
void extvm_answer_code(extvm_answer *answer, extvm_bytes code);
void extvm_answer_block_hash(extvm_answer *answer, const extvm_word *hash);

/* There is no such account; the value is 0; there is no code; the hash is 0. */
void extvm_answer_absent(extvm_answer *answer);

/* The node cannot answer: the call ends with EXTVM_WORLD_FAILED. */
void extvm_answer_failed(extvm_answer *answer);

/* The node's answers, as those of an extvm_world, but each is given with one of the functions
 * above. The functions are called from the event loop, for one call one at a time: the next query
 * comes after the answer. `address` and `key` are borrowed until the function returns. */
typedef struct extvm_async_world {
    void *context; /* the node's own; handed to each function */
    void (*account)(void *context, extvm_answer *answer, const extvm_address *address);
    void (*storage)(void *context, extvm_answer *answer, const extvm_address *address,
                    extvm_bytes key);
    void (*code)(void *context, extvm_answer *answer, const extvm_address *address);
    void (*block_hash)(void *context, extvm_answer *answer, uint64_t number);
} extvm_async_world;

/* An ordinary world, which answers at once; it is borrowed, as long as what is returned is used. */
extvm_async_world extvm_async_world_of(const extvm_world *world);

/* The end of a call. `result` is the callee's and freed with extvm_result_free; NULL on anything
 * but EXTVM_OK. `error` is borrowed until the function returns; on EXTVM_OK its text is empty. */
typedef void (*extvm_done_fn)(void *context, extvm_status status, extvm_result *result,
                              const extvm_error *error);

/* Runs one call, driven by `base`, which is the calling thread's: the same dialogue, options,
 * deadlines, retries and statuses as of extvm_run. On EXTVM_OK `done` will be called exactly once,
 * from the event loop and never from inside this function; on anything else never. The handle is
 * not busy with the call any more then: `done` may close it, and make new calls.
 *
 * `base`, `call`, what the call points to, and what `world` points to (but not the struct itself)
 * are borrowed until `done`. A call that is under way keeps the loop running.
 *
 * Any number of calls may be under way on any number of handles; calls on one handle, those of
 * extvm_run in other threads among them, get their turns at the VM processes in the order they
 * came. extvm_cancel(vm, call) ends the call with EXTVM_CANCELLED, from any thread; also while it
 * waits for its world. extvm_close(vm) cancels the handle's calls too, and does not wait for those
 * of an event loop: each still comes to `done` from the loop, and the last frees what is left of
 * the handle; until then the loop must go on, and the options' allocator, log and trace must stay.
 *
 * With the option world-time "apart" no deadline ends a call while it waits for its world; with
 * "counted" the call-timeout does. In a call that is given up with the option leave "answer" the
 * world's time always counts.
 *
 * For VMs in other processes: one that runs inside the library would keep the loop busy for the
 * whole call; use extvm_run in a thread of your own for it.
 *
 * Errors: EXTVM_INVALID_ARGUMENT (NULL; a VM inside the library), EXTVM_CANCELLED (the handle is
 * being closed), EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR (no descriptor is left). */
extvm_status extvm_run_async(extvm_vm *vm, struct event_base *base, const extvm_call *call,
                             const extvm_async_world *world, extvm_done_fn done, void *context,
                             extvm_error *error);

EXTVM_END_DECLARATIONS

#endif
