#ifndef PROCESS_UTF8_H
#define PROCESS_UTF8_H

#include "bytes.h"

#include <stdbool.h>

/*
 * utf8: whether octets are well-formed UTF-8 (RFC 3629, 3 and 4): shortest forms only, no
 * surrogates, nothing past U+10FFFF. For the files that an operator writes.
 */
bool utf8_is_valid(struct bytes text);

#endif
