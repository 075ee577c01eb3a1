/* Colour: on a terminal only, and never with NO_COLOR (https://no-color.org). */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_has_colour(FILE *stream) {
    const char *kind = getenv("TERM");
    return getenv("NO_COLOR") == NULL && kind != NULL && strcmp(kind, "dumb") != 0 &&
           isatty(fileno(stream)) == 1;
}
