#ifndef DEVICE_STATUS_H
#define DEVICE_STATUS_H

#include "options.h"
#include "tpm_session.h"

#include <jansson.h>

/*
 * status: what this device has: its serial, its key, whether the TPM holds it, its certificate and
 * until when. Changes nothing. A device that is not provisioned, or whose key and certificate do
 * not belong together, is a failure of EXIT_OTHER, so that scripts can ask.
 */
enum fault status(struct tpm *, const struct options *, struct failure *, json_t **out);

#endif
