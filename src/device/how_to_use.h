#ifndef DEVICE_HOW_TO_USE_H
#define DEVICE_HOW_TO_USE_H

#include "directory.h"

#include <stdint.h>

/*
 * how_to_use: the text how-to-use.txt: the lines that make this key and certificate work in
 * openssl, curl and nginx, with the handle, the folder and the TPM already filled in; and the
 * openssl.cnf that some of them name.
 */
enum fault how_to_use_write(const struct directory *, uint32_t handle, const char *tcti);

#endif
