#ifndef DEVICE_MANIFEST_LINE_H
#define DEVICE_MANIFEST_LINE_H

#include "options.h"
#include "tpm_session.h"

#include <jansson.h>

/*
 * manifest_line: the rows that a production line takes from a device and gives to the CA
 * (docs/PROTOCOL.md, Who may be whom): serial,ek_id,profile,group, one row for each endorsement
 * key that has a certificate; where none has, one for each key that the TPM can make. Changes
 * nothing.
 */
enum fault manifest_line(struct tpm *, const struct options *, struct failure *, json_t **out);

#endif
