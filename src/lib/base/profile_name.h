#ifndef BASE_PROFILE_NAME_H
#define BASE_PROFILE_NAME_H

#include "bytes.h"

#include <stdbool.h>

/*
 * profile_name: the form of a certificate profile's name, wherever one is written: in genuine.conf,
 * in a manifest, on a device. It travels in requests and stands in lists, hence so few characters.
 */

/* 1 to PROFILE_NAME_MAX (limits.h) octets of a-z, 0-9 and -. */
bool profile_name_is_well_formed(struct bytes name);

/* One such name, or several with ; between them (docs/PROTOCOL.md, "Who may be whom"). */
bool profile_list_is_well_formed(struct bytes list);

#endif
