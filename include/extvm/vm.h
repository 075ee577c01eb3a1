/* A virtual machine in another process: open it, run calls on it, close it. */
#ifndef EXTVM_VM_H
#define EXTVM_VM_H

#include <extvm/allocator.h>
#include <extvm/call.h>
#include <extvm/declare.h>
#include <extvm/log.h>
#include <extvm/result.h>
#include <extvm/world.h>

EXTVM_BEGIN_DECLARATIONS

/* Settings for extvm_open. Made with extvm_options_new, freed with extvm_options_free. */
typedef struct extvm_options extvm_options;

/* The defaults. `allocator` is copied and also used by every handle opened with these options;
 * NULL: the default one. Returns NULL when there is no memory. */
extvm_options *extvm_options_new(const extvm_allocator *allocator);

/* Frees the options; handles opened with them go on. NULL is allowed. */
void extvm_options_free(extvm_options *options);

/* Sets one option by name. Durations are a number, fractions allowed, with a unit: "250ms", "3s",
 * "5m". Sizes are bytes, or a number with KiB, MiB or GiB.
 *
 *   name             default    allowed         what it is
 *   connect-timeout  5s         1ms to 1h       for one connect
 *   connect-retries  8          0 to 1000       connects of a call after the first that failed
 *   retry-delay      1s         0s to 1h        the longest pause of a VM process that failed; the
 *                                               first is 10 ms, each more twice as long, and up to
 *                                               a half of it is left to chance
 *   wait-timeout     5m         1ms to 24h      for one wait for the VM
 *   call-timeout     10m        1ms to 24h      for a whole call, connects and retries included
 *   world-time       apart      apart, counted  whether the time in the node's own world counts for
 *                                               the call-timeout
 *   call-retries     1          0 to 100        new starts of a call that broke with the transport
 *   drain-timeout    500ms      0s to 1m        for the VM to close when we leave
 *   spin             0us        0us to 1ms      how long an answer is polled for before the thread
 *                                               sleeps: a round trip is shorter, and a processor
 *                                               busy; also of a test-mode server
 *   leave            drain      drain, answer   how a call is left that is given up: half-close and
 *                                               read to the end, or answer the VM until it is done
 *   after-call       keep       keep, leave     whether a connection is kept for the next call, or
 *                                               left after each, as behind a load balancer, where
 *                                               one that waits keeps a VM from other nodes
 *   max-frame        64MiB      1KiB to 1GiB    the largest frame taken from the VM
 *   tcp-keepalive    30s        off, 1s to 1h   idle time before the first probe
 *   max-sessions     1024       1 to 100000     of a test-mode server at the same time
 *   idle-timeout     1h         1ms to 24h      of a test-mode server between two calls
 *   answer-timeout   1m         1ms to 24h      of a test-mode server for each answer
 *   block-hash       vm         vm, absolute,   what the number in a GetBlockhash means: "vm": as
 *                               parent          the VM's protocol has it; "absolute": a block's
 *                                               number; "parent": an offset, the parent being 0
 *   start-timeout    30s        1ms to 1h       for a VM process that is started to listen
 *   stop-timeout     5s         0s to 1m        for a VM process to end before it is killed
 *   recycle-calls    0          0 to 10^9       calls before a VM process is replaced; 0: never
 *   recycle-memory   off        off, 1MiB to    resident memory over which a VM process is
 *                               1048576GiB      replaced when a call has ended
 *
 * The last four are for VM processes that the library starts itself (extvm/spawn.h).
 *
 * Errors: EXTVM_INVALID_ARGUMENT (no such option; no such value), EXTVM_OUT_OF_RANGE. The text
 * names the option, the value and what is allowed. */
extvm_status extvm_options_set(extvm_options *options, const char *name, const char *value,
                               extvm_error *error);

enum { EXTVM_OPTION_TEXT_SIZE = 40 };

/* Writes the value that an option has, as extvm_options_set takes it: "5s", "64MiB", "2", "off".
 * Errors: EXTVM_INVALID_ARGUMENT (no such option). */
extvm_status extvm_options_get(const extvm_options *options, const char *name,
                               char text[EXTVM_OPTION_TEXT_SIZE], extvm_error *error);

/* The name of the option with this number, in the order above; NULL when there are no more. It
 * lives for ever. */
const char *extvm_options_name(size_t index);

/* Where log lines up to `level` go; NULL (the default): nowhere. */
void extvm_options_set_log(extvm_options *options, extvm_log_fn log, void *context,
                           extvm_log_level level);

/* Where the trace of the wire goes; NULL (the default): nowhere. */
void extvm_options_set_trace(extvm_options *options, extvm_trace_fn trace, void *context);

/* A VM. Many threads may run calls on one handle: a VM process does one call at a time, so they
 * wait for each other, each at most as long as its call may take.
 *
 * A handle keeps memory: a call like one that it has run before, on a connection that it still has,
 * takes nothing from the allocator, however many queries it has, when the earlier results were
 * freed, no message to the VM is longer than 64 KiB and no result longer than 256 KiB (4 MiB less 1
 * KiB where it is one value), and the VM asks for no more than 1,000 accounts. What is kept is what
 * the largest calls so far have needed, but for calls and results no more than 8 MiB, and for each
 * VM process no more than 16 KiB for messages from it, 64 KiB for those to it, and 64 KiB for
 * accounts.
 */
typedef struct extvm_vm extvm_vm;

/* Opens the VM at `address`:
 *
 *   internal                 the EVM inside the library
 *   internal-iele            the IELE VM inside the library
 *   kevm://HOST:PORT         a KEVM process (IPv6 as kevm://[::1]:8888)
 *   kevm+unix:PATH           the same, at a unix socket
 *   iele://HOST:PORT         an IELE process
 *   iele+unix:PATH           the same, at a unix socket
 *   kevm://...,kevm+unix:...
 *                            several processes of one kind, commas between: each runs one call at
 *                            a time, and calls get their turns in the order they come
 *   test-mode                a test-mode server of its own (extvm/testvm.h), on a free loopback
 *                            port, and a client of its EVM; stopped when the VM is closed
 *   test-mode-iele           the same, and a client of its IELE VM
 *   test-mode://HOST:PORT, test-mode-iele://HOST:PORT
 *                            the same, listening there
 *
 * Nothing is connected yet: the first call does that. `options` NULL: the defaults; they are
 * copied. On EXTVM_OK `*out` is closed with extvm_close. Errors: EXTVM_INVALID_ARGUMENT (no such
 * kind of VM, malformed address), EXTVM_OUT_OF_RANGE (a port, a length), EXTVM_NO_MEMORY,
 * EXTVM_SYSTEM_ERROR; for test-mode those of extvm_testvm_start.
 *
 * A VM process serves one connection at a time, and a call that waits in its queue and is given up
 * there can hang it (protocol/kevm.md, section 12): open each VM process once, and share the
 * handle.
 */
extvm_status extvm_open(const char *address, const extvm_options *options, extvm_vm **out,
                        extvm_error *error);

/* Leaves the VM politely (half-close, read to its end, at most drain-timeout) and frees the handle.
 * No new call may be made meanwhile. Calls that are running in other threads are cancelled, and
 * waited for, at most drain-timeout; one that is longer in the node's own world frees what is left
 * when it comes back, and until then the options' allocator, log and trace must stay. NULL is
 * allowed. */
void extvm_close(extvm_vm *vm);

/* Stops the calls of this handle whose context is `call`, or with NULL all that are running or
 * waiting: each ends with EXTVM_CANCELLED, at once or at most 100 ms later when it waits for a VM
 * outside, at the next look at the clock when it runs in a VM inside, and when the world has
 * answered if it is there. The VM is left politely, as after a deadline. Calls that are made later
 * are not touched. From any thread, and from a signal handler. NULL for `vm` is allowed. */
void extvm_cancel(extvm_vm *vm, const extvm_call *call);

/* Runs one call to its end. The world is asked from the calling thread. On EXTVM_OK `*result` is
 * the caller's and freed with extvm_result_free; on anything else it is NULL.
 *
 * When the transport breaks, the call is run again from the start (a VM keeps nothing between
 * calls), at most call-retries times and inside the same call-timeout; also when the session was
 * closed right after Hello, which a VM that dies does as well as one of another version. A result
 * that was received is never thrown away for another try. It comes back at the latest after
 * call-timeout, the world's own time, and drain-timeout.
 *
 * Errors: each extvm_status; those from EXTVM_INVALID_ARGUMENT to EXTVM_ACCESS_LIST_MISSING were
 * found before anything of the call was sent. After an error the handle can be used again. */
extvm_status extvm_run(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                       extvm_result **result, extvm_error *error);

EXTVM_END_DECLARATIONS

#endif
