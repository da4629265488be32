#ifndef DEVICE_KEY_PEM_H
#define DEVICE_KEY_PEM_H

#include "key_file.h"

/*
 * key_pem: the identity key as other programs read keys, key.pem: a TSS2 PRIVATE KEY (the ASN.1
 * specification for TPM 2.0 key files), which OpenSSL's tpm2 provider loads under its parent. It
 * says nothing that key.pub and key.priv do not say: only this TPM can use it.
 */

/* parent: storage_key.h; 0, not known, is taken for the transient one. */
enum fault key_pem_write(const struct directory *, const struct key_file *, uint32_t parent);

#endif
