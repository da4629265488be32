#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

enum fault failure_set(struct failure *failure, enum exit_code exit_code, const char *advice,
	const char *what_format, ...)
{
	va_list arguments;

	failure->exit_code = exit_code;
	va_start(arguments, what_format);
	(void)vsnprintf(failure->what, sizeof(failure->what), what_format, arguments);
	va_end(arguments);
	(void)snprintf(failure->advice, sizeof(failure->advice), "%s", advice);
	return FAULT_DENIED;
}
