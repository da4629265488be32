#include "trouble.h"

#include <stdarg.h>
#include <stdio.h>

enum fault trouble_say(struct trouble *trouble, enum fault fault, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(trouble->text, sizeof(trouble->text), format, arguments);
	va_end(arguments);
	return fault;
}
