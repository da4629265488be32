#include "operator_name.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_OCTETS_MAX = 32 };

static bool is_plain(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_OCTETS_MAX && strspn(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len;
}

const char *operator_name_argument(void)
{
	static char argument[3 + NAME_OCTETS_MAX + 1];
	const char *name = getenv("SUDO_USER");
	const struct passwd *user;

	if (name == NULL || !is_plain(name)) {
		user = getpwuid(getuid());
		name = user != NULL && is_plain(user->pw_name) ? user->pw_name : "operator";
	}
	(void)snprintf(argument, sizeof(argument), "by=%s", name);
	return argument;
}

const char *operator_name_of(const struct operator_request *request)
{
	static char argument[3 + NAME_OCTETS_MAX + 1];
	const struct bytes last = request->count == 0 ? bytes_of(NULL, 0) :
		request->arguments[request->count - 1];

	argument[0] = '\0';
	if (last.len > 0 && last.len < sizeof(argument))
		(void)snprintf(
			argument, sizeof(argument), "%.*s", (int)last.len, (const char *)last.data);
	if (strncmp(argument, "by=", 3) != 0 || !is_plain(argument + 3))
		(void)snprintf(argument, sizeof(argument), "by=operator");
	return argument;
}
