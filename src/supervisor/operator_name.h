#ifndef SUPERVISOR_OPERATOR_NAME_H
#define SUPERVISOR_OPERATOR_NAME_H

#include "message.h"

/*
 * operator_name: who gives the command, as the audit chain records it: "by=NAME", where NAME is the
 * user that came by sudo(8), else the user that this runs as. It is what the operator says of
 * himself: whoever may open the folder may say anything.
 */
const char *operator_name_argument(void);

/*
 * The same out of an operator's request: its last argument, where that is such a name; else
 * "by=operator". Lives until the next call.
 */
const char *operator_name_of(const struct operator_request *);

#endif
