#ifndef FRONT_FRONT_SANDBOX_H
#define FRONT_FRONT_SANDBOX_H

#include "role.h"

/* The front's sandbox: no file may be opened, no socket made; see the list. Logs and exits where it
 * cannot be had (process/sandbox.h). */
void front_sandbox_enter(const struct role *);

#endif
