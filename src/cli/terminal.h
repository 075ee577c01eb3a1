/* What a terminal is shown: colour, and lines that are written anew. */
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

#define TERMINAL_ERASE "\033[K" /* to the end of the line */

/* Whether the stream is a terminal on which a line can be erased and written anew. */
bool terminal_can_rewrite(FILE *stream);

/* Whether the stream shows colours: such a terminal, and no NO_COLOR. */
bool terminal_has_colour(FILE *stream);

#endif
