/* The script of a scripted VM: what it expects of the node, what it sends, how it misbehaves.
 *
 *   # a comment
 *   define NAME HEX…        HEX may be used as NAME in the lines that follow
 *   session                 the steps that follow are for the next connection
 *   > HEX…                  expect exactly these bytes from the node
 *   > any                   expect one frame, whatever it is
 *   take N                  expect N bytes, whatever they are; "> any" then expects the frame's
 * rest sip N                   read what comes in pieces of N bytes from here on; 0: as it comes <
 * HEX…                  send these bytes <half HEX…              send the first half of these bytes
 *   <rest HEX…              send the other half
 *   split N                 cut everything that is sent from here on into pieces of N bytes
 *   nagle                   let the kernel hold small pieces back, as the real VM does
 *   delay N                 wait N milliseconds
 *   slow-end N              after the node's end of the session take N milliseconds for ours, as
 *                           the real VM may: a node that resets meanwhile is found out
 *   halt                    neither read nor send until the test lets the VM go on
 *   deaf                    in this session what comes need not be what the protocol wants, as for
 *                           a VM that rejects the Hello
 *   mark                    the test may wait until the VM is here, or has closed a connection
 *   half-close              shut the sending direction
 *   close | reset           end the connection: properly, or with a reset
 *   stall                   do nothing until the node ends the session
 *
 * At its end a session waits for the node to end it, as the real VM does. White space in HEX is
 * ignored; a line that ends in \ goes on in the next. */
#ifndef EXTVM_TESTS_SCRIPT_H
#define EXTVM_TESTS_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

enum step_kind {
    STEP_SESSION,
    STEP_EXPECT,
    STEP_EXPECT_ANY,
    STEP_TAKE,
    STEP_SIP,
    STEP_DEAF,
    STEP_SEND,
    STEP_SEND_HALF,
    STEP_SEND_REST,
    STEP_SPLIT,
    STEP_NAGLE,
    STEP_DELAY,
    STEP_SLOW_END,
    STEP_HALT,
    STEP_MARK,
    STEP_HALF_CLOSE,
    STEP_CLOSE,
    STEP_RESET,
    STEP_STALL
};

struct step {
    enum step_kind kind;
    unsigned line;
    unsigned number; /* of take, sip, split, delay and slow-end */
    uint8_t *data;   /* of expect and send */
    size_t size;
};

struct script {
    struct step *steps;
    size_t count;
};

/* Parses `text`; on failure returns 0 and puts a line of text into `error` (256 characters). */
int script_parse(const char *text, struct script *script, char *error);

/* The same for a file. */
int script_load(const char *path, struct script *script, char *error);

void script_free(struct script *script);

#endif
