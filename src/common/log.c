/* Writing log lines to whoever wants them. */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

enum { LINE_SIZE = 1024 };

const char *extvm_log_level_name(extvm_log_level level) {
    static const char *const names[] = {[EXTVM_LOG_ERROR] = "error",
                                        [EXTVM_LOG_WARNING] = "warning",
                                        [EXTVM_LOG_INFO] = "info",
                                        [EXTVM_LOG_DEBUG] = "debug"};
    return (size_t)level < sizeof names / sizeof names[0] ? names[level] : "unknown";
}

__attribute__((format(printf, 3, 0))) static void write_event(const struct logger *logger,
                                                              const extvm_log_event *event,
                                                              const char *format,
                                                              va_list arguments) {
    char line[LINE_SIZE];
    extvm_log_event whole = *event;
    vsnprintf(line, sizeof line, format, arguments);
    whole.line = line;
    logger->log(logger->context, &whole);
}

static bool is_wanted(const struct logger *logger, extvm_log_level level) {
    return logger->log != NULL && level <= logger->level;
}

void log_event(const struct logger *logger, const extvm_log_event *event, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (is_wanted(logger, event->level)) {
        write_event(logger, event, format, arguments);
    }
    va_end(arguments);
}

void log_line(const struct logger *logger, extvm_log_level level, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (is_wanted(logger, level)) {
        write_event(logger, &(extvm_log_event){.level = level, .name = "note"}, format, arguments);
    }
    va_end(arguments);
}
