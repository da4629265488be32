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
