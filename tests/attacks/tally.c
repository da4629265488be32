#include "tally.h"

#include <stdarg.h>
#include <stdio.h>

enum { WRONG_TOLD = 5 };

static void tell(struct tally *tally, const char *what, va_list arguments)
{
	tally->wrong++;
	if (tally->wrong > WRONG_TOLD)
		return;
	(void)printf("wrong: ");
	(void)vprintf(what, arguments);
	(void)printf("\n");
}

void tally_note(struct tally *tally, bool is_accepted, bool is_right, const char *what, ...)
{
	va_list arguments;

	tally->inputs++;
	*(is_accepted ? &tally->accepted : &tally->refused) += 1;
	if (is_right)
		return;
	va_start(arguments, what);
	tell(tally, what, arguments);
	va_end(arguments);
}

void tally_wrong(struct tally *tally, const char *what, ...)
{
	va_list arguments;

	va_start(arguments, what);
	tell(tally, what, arguments);
	va_end(arguments);
}
