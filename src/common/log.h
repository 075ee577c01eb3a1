/* Writing log lines to whoever wants them. */
#ifndef EXTVM_COMMON_LOG_H
#define EXTVM_COMMON_LOG_H

#include <extvm/log.h>

struct logger {
    extvm_log_fn log; /* NULL: nobody listens */
    void *context;
    extvm_log_level level; /* the last that is wanted */
};

/* Writes an event, whose line is made of `format`. */
__attribute__((format(printf, 3, 4))) void
log_event(const struct logger *logger, const extvm_log_event *event, const char *format, ...);

/* The same for an event that has nothing but its line. */
__attribute__((format(printf, 3, 4))) void log_line(const struct logger *logger,
                                                    extvm_log_level level, const char *format, ...);

#endif
