#ifndef TESTS_TPM_SAMPLE_KEY_H
#define TESTS_TPM_SAMPLE_KEY_H

#include "templates.h"

#include <openssl/types.h>

/*
 * sample_key: keys for tests. The numbers alone, which are no key, where only their sizes matter;
 * or a key with its private part, as a TPM would hold it. RSA keys are always the same ones: making
 * new ones takes seconds.
 */
struct tpm_key sample_numbers(const struct template_row *);

/* private_key is the caller's to free. */
struct tpm_key sample_key(const struct template_row *, EVP_PKEY **private_key);

#endif
