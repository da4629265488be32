#ifndef DEVICE_INSTALL_H
#define DEVICE_INSTALL_H

#include "answer.h"
#include "directory.h"
#include "identity_key.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <time.h>

/*
 * install: takes what the CA issued, has certificate_check judge it, and only then puts it in the
 * place of what was there, with all that belongs to it, at once (installed_set.h).
 */
struct installation {
	struct tpm *tpm;
	const struct directory *directory;
	const struct identity_key *ik;
	const char *serial;
	struct bytes anchors; /* PEM, of --ca-cert */
	const char *tcti;     /* for how-to-use.txt */
	uint32_t parent;      /* of the key: storage_key.h */
	time_t now;
};

/*
 * FAULT_DENIED, with a failure of EXIT_CA_REFUSED, where the certificate is not what it must be:
 * then nothing has changed. is_same: the very octets were there already.
 */
enum fault issued_install(
	const struct installation *, const struct issued *, bool *is_same, time_t *not_after);

/* The installed certificate; the caller frees it. FAULT_NOT_FOUND where none can be read. */
enum fault installed_read(const struct directory *, X509 **out);

#endif
