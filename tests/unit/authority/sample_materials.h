#ifndef TESTS_AUTHORITY_SAMPLE_MATERIALS_H
#define TESTS_AUTHORITY_SAMPLE_MATERIALS_H

#include "materials.h"
#include "message.h"

#include <openssl/types.h>

/*
 * sample_materials: what the supervisor would give an authority, given to it, with a CA of P-256;
 * and facts of a device with a P-256 IK and EK.
 */
enum { SAMPLE_NOW = 1800000000 };

/* Loads every item and finishes at SAMPLE_NOW. ca_key stays the caller's. */
void sample_materials_open(struct materials *, const char *configuration, EVP_PKEY *ca_key);

/* Loads one item. */
enum fault sample_load(struct materials *, enum load_kind, struct bytes octets, int descriptor);

struct facts sample_facts(void);

/* The numbers of an elliptic curve key, under a template of its curve. */
struct tpm_key sample_numbers_of(EVP_PKEY *key, enum tpm_template);

#endif
