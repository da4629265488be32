#include "invocation.h"

#include <stdio.h>
#include <string.h>

static void remove_arguments(struct invocation *invocation, size_t at, size_t count)
{
	memmove(&invocation->arguments[at], &invocation->arguments[at + count],
		(invocation->count - at - count) * sizeof(invocation->arguments[0]));
	invocation->count -= count;
}

bool invocation_flag(struct invocation *invocation, const char *name)
{
	for (size_t i = 0; i < invocation->count; i++) {
		if (strcmp(invocation->arguments[i], name) == 0) {
			remove_arguments(invocation, i, 1);
			return true;
		}
	}
	return false;
}

const char *invocation_value(struct invocation *invocation, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < invocation->count; i++) {
		const char *argument = invocation->arguments[i];

		if (strncmp(argument, name, len) != 0)
			continue;
		if (argument[len] == '=') {
			remove_arguments(invocation, i, 1);
			return argument + len + 1;
		}
		if (argument[len] != '\0')
			continue;
		if (i + 1 == invocation->count) {
			invocation->is_wrong = true;
			return NULL;
		}
		const char *value = invocation->arguments[i + 1];
		remove_arguments(invocation, i, 2);
		return value;
	}
	return NULL;
}

static bool is_option(const char *argument)
{
	return argument[0] == '-' && argument[1] != '\0';
}

bool invocation_is_good(const struct invocation *invocation, size_t min, size_t max)
{
	bool is_good =
		!invocation->is_wrong && invocation->count >= min && invocation->count <= max;

	for (size_t i = 0; i < invocation->count; i++)
		is_good = is_good && !is_option(invocation->arguments[i]);
	if (!is_good)
		(void)fprintf(
			stderr, "usage: genuine-ca [-C DIR] [--json] %s\n", invocation->usage);
	return is_good;
}

int invocation_fail(enum fault fault, const struct trouble *trouble)
{
	if (fault == FAULT_NONE)
		return STATUS_DONE;
	(void)fprintf(stderr, "genuine-ca: %s\n",
		trouble->text[0] != '\0' ? trouble->text : fault_text(fault));
	return STATUS_FAILED;
}

int invocation_print(const struct invocation *invocation, const struct rows *rows,
	enum rows_form form)
{
	struct trouble trouble = { "" };
	enum fault fault = rows_print(rows, form, invocation->is_json, stdout);

	if (fault == FAULT_NONE && fflush(stdout) != 0)
		fault = FAULT_SYSTEM;
	if (fault != FAULT_NONE)
		(void)trouble_say(
			&trouble, fault, "the answer cannot be printed: %s", fault_text(fault));
	return invocation_fail(fault, &trouble);
}
