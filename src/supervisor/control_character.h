#ifndef SUPERVISOR_CONTROL_CHARACTER_H
#define SUPERVISOR_CONTROL_CHARACTER_H

#include <stddef.h>

/*
 * control_character: what a terminal would obey instead of showing it: C0, DEL, C1 as UTF-8 writes
 * it, and what turns the direction of the text that follows. Texts of other roles and of other
 * people's files hold them only to do harm.
 */

/* How many octets the one at the beginning of text has; 0 where there is none. */
size_t control_character_len(const char *text);

#endif
