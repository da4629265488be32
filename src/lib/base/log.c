#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE_MAX_OCTETS = 2048 };

static const char *log_role = "genuine";
static bool log_to_journal;
static unsigned log_lost; /* lines that nobody took since the last one that was */

void log_open(const char *role)
{
	log_role = role;
	log_to_journal = getenv("JOURNAL_STREAM") != NULL;
}

/* A pipe whose reader has stopped takes no more, and write would stop us as well. */
static bool is_taken(void)
{
	struct pollfd log = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&log, 1, 0) == 1 && (log.revents & POLLOUT) != 0;
}

/* Before the next line: how many were lost. */
static void tell_lost(void)
{
	unsigned lost = log_lost;

	log_lost = 0;
	if (lost > 0)
		log_warning("%u lines were lost: nobody read them", lost);
}

void log_line(enum log_priority priority, const char *format, ...)
{
	char line[LINE_MAX_OCTETS];
	int len = 0;
	va_list arguments;

	if (!is_taken()) {
		log_lost++;
		return;
	}
	tell_lost();
	if (log_to_journal)
		len = snprintf(line, sizeof(line), "<%d>", (int)priority);
	len += snprintf(line + len, sizeof(line) - (size_t)len, "%s: ", log_role);
	va_start(arguments, format);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, format, arguments);
	va_end(arguments);
	if (len > (int)sizeof(line) - 1)
		len = (int)sizeof(line) - 1;
	line[len++] = '\n';
	/* One write, so that the lines of several roles do not mix. Nothing can be done if it
	 * fails. */
	ssize_t written = write(STDERR_FILENO, line, (size_t)len);
	(void)written;
}

void log_escape(struct bytes text, char *out, size_t capacity)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		bool is_plain = c >= 0x20 && c < 0x7f && c != '\\';

		if (len + (is_plain ? 1 : 4) >= capacity)
			break;
		if (is_plain) {
			out[len++] = (char)c;
			continue;
		}
		out[len++] = '\\';
		out[len++] = 'x';
		out[len++] = digits[c >> 4];
		out[len++] = digits[c & 15];
	}
	if (capacity > 0)
		out[len] = '\0';
}
