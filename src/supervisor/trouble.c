#include "trouble.h"

#include "control_character.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Here, so that no caller can forget it: the sentence goes to a terminal or into the log. */
static void blank_controls(char *text)
{
	while (*text != '\0') {
		size_t len = control_character_len(text);

		memset(text, '?', len);
		text += len > 0 ? len : 1;
	}
}

enum fault trouble_say(struct trouble *trouble, enum fault fault, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(trouble->text, sizeof(trouble->text), format, arguments);
	va_end(arguments);
	blank_controls(trouble->text);
	return fault;
}
