#include "check.h"

#include "bytes.h"
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

static const struct check_row rows[] = {
#define CHECK_ROW(name, number, reason, status, clause, rule) \
	{ CHECK_##name, #name, #reason, (status), (clause), (rule) },
	CHECK_LIST(CHECK_ROW)
#undef CHECK_ROW
};

const struct check_row *check_row(uint16_t number)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((uint16_t)rows[i].check == number)
			return &rows[i];
	}
	return NULL;
}

void refusal_set(struct refusal *refusal, enum check check, const char *saw_format, ...)
{
	char text[SAW_MAX + 1];
	va_list arguments;

	va_start(arguments, saw_format);
	(void)vsnprintf(text, sizeof(text), saw_format, arguments);
	va_end(arguments);
	refusal->check = (uint16_t)check;
	/* Escaped here as well, so that no caller can forget it. */
	log_escape(bytes_of_string(text), refusal->saw, sizeof(refusal->saw));
}
