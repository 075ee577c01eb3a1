/* What a terminal is shown: colour, but never with NO_COLOR (https://no-color.org), and lines that
 * are written anew. */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_can_rewrite(FILE *stream) {
    const char *kind = getenv("TERM");
    return kind != NULL && strcmp(kind, "dumb") != 0 && isatty(fileno(stream)) == 1;
}

bool terminal_has_colour(FILE *stream) {
    return getenv("NO_COLOR") == NULL && terminal_can_rewrite(stream);
}
