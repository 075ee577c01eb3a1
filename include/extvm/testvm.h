/* The test-mode server: the VMs of this library as real VM processes would be, behind a socket: its
 * EVM for whoever speaks KEVM's protocol 2.2, its IELE VM for IELE's 3.0. Each session's Hello says
 * which. To test a node without a KEVM or an IELE, to debug sockets, and to see how a client bears
 * a VM that misbehaves. */
#ifndef EXTVM_TESTVM_H
#define EXTVM_TESTVM_H

#include <extvm/declare.h>
#include <extvm/vm.h>

EXTVM_BEGIN_DECLARATIONS

/* A running server. It has threads of its own. */
typedef struct extvm_testvm extvm_testvm;

/* Starts a server that listens at `listen`: "HOST:PORT" ("[IPV6]:PORT"; port 0: a free one) or
 * "unix:PATH". It accepts when this returns. Of the options (NULL: the defaults) it takes
 * max-sessions, idle-timeout, answer-timeout, max-frame, call-timeout, world-time (here: the time
 * that the node takes for its answers), the log and the trace; they
 * are copied.
 *
 * `faults` (NULL or "": none) makes it misbehave on purpose; words with commas between:
 *
 *   close-after-hello  end each session when its Hello has come
 *   close-after=N      end the session when N queries of a call were answered
 *   reset-after=N      the same, with a reset
 *   stall-after=N      the same, but say nothing more until the node ends the session
 *   delay=DURATION     wait before each message, for example delay=50ms
 *   split=N            send everything in pieces of N bytes
 *   oversize           announce a frame of 2^32-1 bytes instead of the first query
 *   garbage            send bytes that are no message instead of the first query
 *   wrong-type         send an answer's message instead of the first query
 *   like-kevm          diverge from Ethereum as the real KEVM does (protocol/kevm.md, section 15)
 *
 * The last one gives a create's caller one more nonce step (D1), keeps precompiled contracts cold
 * in Berlin unless the access list names them (D2), gives BLOCKHASH only of the absolute numbers 0
 * to 255 (D3), takes accounts for absent where an address operand has dirty upper bytes (D4), and
 * lists the beneficiary as touched on failures. BLOCKHASH is asked for less often than KEVM does.
 * Sessions of IELE are as without it.
 *
 * The trace is called from several threads at once.
 * Errors: EXTVM_INVALID_ARGUMENT, EXTVM_OUT_OF_RANGE (address, fault), EXTVM_SYSTEM_ERROR (it
 * cannot listen there), EXTVM_NO_MEMORY. */
extvm_status extvm_testvm_start(const char *listen, const char *faults,
                                const extvm_options *options, extvm_testvm **out,
                                extvm_error *error);

/* The address that extvm_open takes for the server's EVM, for example "kevm://127.0.0.1:40123";
 * lives as long as the server. */
const char *extvm_testvm_address(const extvm_testvm *testvm);

/* The same for the VM that speaks `protocol`: "kevm" as above, or "iele", for example
 * "iele://127.0.0.1:40123". NULL when the server has no such VM. */
const char *extvm_testvm_address_for(const extvm_testvm *testvm, const char *protocol);

/* How many sessions are open now. */
unsigned extvm_testvm_sessions(const extvm_testvm *testvm);

/* Stops: no new sessions; running calls may finish for a second and are cut then; frees the server.
 * Takes at most two seconds. NULL is allowed. */
void extvm_testvm_stop(extvm_testvm *testvm);

EXTVM_END_DECLARATIONS

#endif
