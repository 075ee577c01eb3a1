/* Colour: on a terminal only, and never with NO_COLOR. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#define TERMINAL_RED "\033[31m"
#define TERMINAL_GREEN "\033[32m"
#define TERMINAL_YELLOW "\033[33m"
#define TERMINAL_CYAN "\033[36m"
#define TERMINAL_BOLD "\033[1m"
#define TERMINAL_PLAIN "\033[0m"

/* Whether the stream shows colours. */
bool terminal_has_colour(FILE *stream);

#endif
