/* A first look at who listens at an address, that no VM can come to harm by. */
#ifndef CLI_KNOCK_H
#define CLI_KNOCK_H

#include <extvm/vm.h>

enum knock {
    KNOCK_FREE,   /* it closed the session: a VM that serves us now */
    KNOCK_SILENT, /* it took the connection, and neither answered nor closed it in time */
    KNOCK_SPEAKS, /* it said something, which no VM does before it is asked */
    KNOCK_FAILED  /* there was no connection; `error` says why */
};

/* Connects to "kevm://HOST:PORT", "kevm+unix:PATH" or the like, says a Hello of a version that no
 * VM has, and waits up to `seconds` for the VM to close the session, as it does at once when it has
 * no other client (protocol/kevm.md, section 2). One that serves somebody else reads the Hello
 * later and closes then: unlike a CallContext that nobody waits for any more, it does no harm
 * there (section 12).
 * Errors: EXTVM_INVALID_ARGUMENT (no such address), EXTVM_UNREACHABLE, EXTVM_CONNECT_TIMEOUT. */
enum knock knock(const char *address, double seconds, extvm_error *error);

/* The options' connect-timeout in seconds: how long to wait for a VM to close. */
double knock_patience(const extvm_options *options);

#endif
