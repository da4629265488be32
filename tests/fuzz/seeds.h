#ifndef TESTS_FUZZ_SEEDS_H
#define TESTS_FUZZ_SEEDS_H

#include "bytes.h"

/*
 * seeds: the files of corpus/TARGET, and what is fixed in fixed/: written by make_seeds, which has one
 * function for each source of them, and by make_device_seeds.
 */

/* The folder in which corpus/ and fixed/ are; once, first. */
void seeds_open(const char *folder);

__attribute__((format(printf, 3, 4)))
void seed_write(const char *target, struct bytes octets, const char *name_format, ...);
void fixed_write(const char *name, struct bytes octets);

/* The same, with an octet before it that chooses. */
void seed_write_chosen(const char *target, uint8_t choice, struct bytes octets, const char *name);

void seeds_of_messages(void);     /* frames_*, by our writers */
void seeds_of_keys(void);         /* tpm2b_public, key_file, key_gates, credential_file */
void seeds_of_certificates(void); /* evidence, csr, der, ek_certificate, trust_*, issued_certificate */
void seeds_of_authority(void);    /* lint, challenge_header, ticket_keys, refusal_ring */

#endif
