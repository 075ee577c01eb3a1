/* Writing log lines to whoever wants them. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_SIZE = 1024 };

const char *extvm_log_level_name(extvm_log_level level) {
    static const char *const names[] = {[EXTVM_LOG_ERROR] = "error",
                                        [EXTVM_LOG_WARNING] = "warning",
                                        [EXTVM_LOG_INFO] = "info",
                                        [EXTVM_LOG_DEBUG] = "debug"};
    return (size_t)level < sizeof names / sizeof names[0] ? names[level] : "unknown";
}

void log_line(const struct logger *logger, extvm_log_level level, const char *format, ...) {
    if (logger->log == NULL || level > logger->level) {
        return;
    }
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    logger->log(logger->context, level, line);
}
