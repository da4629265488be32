#include "trouble.h"

#include "control_character.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A question mark in the place of each thing that a terminal or a log would obey. */
static void make_plain(char *text)
{
	for (; *text != '\0'; text++) {
		size_t len = control_character_len(text);

		if (len == 0)
			continue;
		(void)memmove(text + 1, text + len, strlen(text + len) + 1);
		*text = '?';
	}
}

enum fault trouble_say(struct trouble *trouble, enum fault fault, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(trouble->text, sizeof(trouble->text), format, arguments);
	va_end(arguments);
	make_plain(trouble->text);
	return fault;
}
