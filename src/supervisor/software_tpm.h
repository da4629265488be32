#ifndef SUPERVISOR_SOFTWARE_TPM_H
#define SUPERVISOR_SOFTWARE_TPM_H

#include <openssl/types.h>

/*
 * software_tpm: whether a certificate is that of a vendor whose "TPMs" are programs: swtpm's local
 * CA, simulators, virtual TPMs of clouds and hypervisors. Their endorsement keys can be copied, so
 * they vouch for nothing outside a laboratory. Known by name, which hides nobody who wants to hide:
 * it keeps an operator from a mistake.
 */

/* The words by which it was recognised; NULL where it was not. */
const char *software_tpm_vendor(const X509 *);

#endif
