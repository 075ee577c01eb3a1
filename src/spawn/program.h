/* Which program a command line means, and what it is started with. */
#ifndef EXTVM_SPAWN_PROGRAM_H
#define EXTVM_SPAWN_PROGRAM_H

#include "common/buffer.h"
#include "common/endpoint.h"
#include "common/memory.h"

enum { PROGRAM_WORDS = 256, COMMAND_MAXIMUM = 16 * 1024 /* characters */ };

struct program {
    const char *path;   /* found by the order below */
    char **words;       /* its arguments, the first its name; ends with NULL */
    char **environment; /* the process's own when this was made; ends with NULL */
    struct buffer text; /* of the words */
    struct arena arena; /* of all else */
};

/* Splits `command` into words, puts the endpoint into them and finds the program. `kind` ("kevm")
 * names the variable of the environment, EXTVM_KEVM. The allocator is borrowed. On anything but
 * EXTVM_OK there is nothing to free.
 *
 * Words have blanks between them. Inside '...' all is as it stands; inside "..." a backslash goes
 * before " and \; elsewhere it goes before any character. {host}, {port} and {path} are those of
 * the endpoint, but not inside '...'; what they bring is not split.
 *
 * The first word is the program when there is a slash in it and it is one that can be run; else
 * what the variable says, if it says something; else, without a slash, what PATH has.
 * Errors: EXTVM_INVALID_ARGUMENT, EXTVM_OUT_OF_RANGE, EXTVM_NO_MEMORY. */
extvm_status program_make(struct program *program, const char *command, const char *kind,
                          const struct endpoint *endpoint, const extvm_allocator *allocator,
                          extvm_error *error);
void program_free(struct program *program);

/* Whether the command says where each of several processes is to listen. */
bool program_has_place(const char *command);

#endif
