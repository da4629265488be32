#ifndef SUPERVISOR_SERVER_RELOAD_H
#define SUPERVISOR_SERVER_RELOAD_H

#include "trouble.h"

#include <stdbool.h>

/*
 * Asks a running server to reload, if there is one; is_running says whether. FAULT_DENIED: it would
 * not, and goes on as before.
 */
enum fault server_reload_if_running(const char *directory, bool is_now, bool *is_running,
	struct trouble *);

#endif
