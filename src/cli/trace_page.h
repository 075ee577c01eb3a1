/* The trace page (src/cli/page), as tools/embed.sh has put it into the command: what comes before
 * the trace, and what comes after. */
#ifndef CLI_TRACE_PAGE_H
#define CLI_TRACE_PAGE_H

#include <stddef.h>

extern const unsigned char trace_page_before[], trace_page_after[];
extern const size_t trace_page_before_size, trace_page_after_size;

#endif
