/* What a probe found: the cause in plain words, and what to try (protocol/kevm.md and
 * protocol/iele.md, section 12). */
#include "probe_advice.h"

#include <stddef.h>

static const struct probe_advice findings[] = {
    [PROBE_FOUND_SILENCE] =
        {"it takes connections but answers none: another client has the one session that a VM "
         "serves, or it hangs in a call",
         "stop the node that uses it, or wait for it with --wait SECONDS; when nobody uses it, "
         "kill it and start it again; --force calls it all the same"},
    [PROBE_FOUND_SPEECH] = {"it speaks before it is asked, as no VM does: another kind of server "
                            "listens there",
                            "check host and port against the VM's command line"},
    [PROBE_FOUND_OTHER_PROTOCOL] = {"it closes the session after this protocol's Hello, and "
                                    "accepts the other's: it is the other kind of VM",
                                    "use the address that stands at the end of the error"},
    [PROBE_FOUND_SLOW] = {"every answer of the VM takes long: the VM, or the way to it, is slow",
                          "run the VM on the node's machine, at a unix socket or on loopback; look "
                          "at its load"},
};

static const struct probe_advice statuses[EXTVM_STATUS_COUNT] = {
    [EXTVM_INVALID_ARGUMENT] = {"the address cannot be right",
                                "give HOST:PORT, kevm://HOST:PORT, iele://HOST:PORT, "
                                "kevm+unix:PATH or iele+unix:PATH"},
    [EXTVM_OUT_OF_RANGE] = {"the address cannot be right", "give a port from 1 to 65535"},
    [EXTVM_UNREACHABLE] = {"nobody listens there",
                           "start the VM, or check host and port; --wait SECONDS waits for it"},
    [EXTVM_CONNECT_TIMEOUT] = {"the connect gets no answer: the host is down, or a firewall drops "
                               "the connection",
                               "check the host and the firewall; --connect-timeout SECONDS gives "
                               "it longer"},
    [EXTVM_VERSION_REJECTED] = {"it closes every session after Hello: a VM of another protocol "
                                "version, or one that dies at its first call",
                                "read what the VM writes to stderr; run a KEVM that speaks 2.2 or "
                                "an IELE that speaks 3.0"},
    [EXTVM_VM_CLOSED] = {"the VM ends the session in the middle of a call: it gave up or died",
                         "read what the VM writes to stderr, and start it again"},
    [EXTVM_VM_CLOSED_IN_FRAME] = {"the VM ends the session inside a message: it died, or something "
                                  "between cut the connection",
                                  "read what the VM writes to stderr, and start it again; look for "
                                  "a proxy in between"},
    [EXTVM_VM_RESET] = {"the session is reset in the middle of a call: the VM crashed or was "
                        "killed, or a firewall cut the connection",
                        "read what the VM writes to stderr and the kernel's log (out of memory?), "
                        "and start it again"},
    [EXTVM_FRAME_TOO_LARGE] = {"it announces a message over the limit: what comes is no message of "
                               "this protocol, or the limit is too low",
                               "check what listens there; if its messages are meant to be so "
                               "large, raise --option max-frame=SIZE"},
    [EXTVM_MALFORMED_MESSAGE] = {"it sends bytes that are no message of this protocol: no VM, or "
                                 "one of another version",
                                 "check what listens there and its version; --trace - shows each "
                                 "message"},
    [EXTVM_EMPTY_QUERY] = {"it sends a query that asks nothing: a VM of another version, or a "
                           "broken one",
                           "check the VM's version; --trace - shows each message"},
    [EXTVM_UNEXPECTED_MESSAGE] = {"it sends a message at a time when none may come, or of a kind "
                                  "that only a node sends",
                                  "check that no other client or proxy shares the connection, and "
                                  "the VM's version; --trace - shows each message"},
    [EXTVM_RESULT_REJECTED] = {"the VM answers, and the answer is wrong: another version, other "
                               "rules, or a defect",
                               "let no node use it; compare with --trace - and with extvm "
                               "statetest or ieletest --vm ADDRESS"},
    [EXTVM_DEADLINE_PASSED] = {"the VM stops answering in the middle of a call: it hangs, or it is "
                               "slower than the --timeout",
                               "try a longer --timeout; if that does not help, kill the VM and "
                               "start it again"},
    [EXTVM_CANCELLED] = {"the probe was interrupted", "run it again"},
    [EXTVM_NO_MEMORY] = {"this machine has no more memory", "free some"},
    [EXTVM_SYSTEM_ERROR] = {"this machine refused what the probe needs",
                            "see the error; ulimit -n is one of the limits"},
};

struct probe_advice probe_advise(enum probe_finding finding, extvm_status status) {
    if (finding != PROBE_FOUND_STATUS) {
        return findings[finding];
    }
    return (size_t)status < EXTVM_STATUS_COUNT ? statuses[status]
                                               : (struct probe_advice){NULL, NULL};
}
