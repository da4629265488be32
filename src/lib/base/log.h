#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "bytes.h"

/*
 * log: one line on standard error per event: "<priority>role: text". Only a role's coordinator
 * logs; libraries return faults. Text that came from outside goes through log_escape first, so
 * that a line stays a line. Secrets are never arguments. Where standard error takes no more a line
 * is lost rather than waited for, and the next one that is taken says how many were.
 *
 * The priority prefix ("<3>", sd-daemon(3)) is written only where JOURNAL_STREAM is set.
 */
enum log_priority {
	LOG_PRIORITY_ERROR = 3,
	LOG_PRIORITY_WARNING = 4,
	LOG_PRIORITY_NOTICE = 5,
	LOG_PRIORITY_INFO = 6
};

/* The name that starts each line; the string must live as long as the process. */
void log_open(const char *role);

__attribute__((format(printf, 2, 3))) void log_line(enum log_priority, const char *format, ...);

#define log_error(...) log_line(LOG_PRIORITY_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_PRIORITY_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_PRIORITY_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_PRIORITY_INFO, __VA_ARGS__)

/*
 * Copies text so that it can stand in a line: printable ASCII as it is, everything else, and the
 * backslash, as \xHH. Cuts what does not fit (capacity counts the NUL).
 */
void log_escape(struct bytes text, char *out, size_t capacity);

#endif
