#ifndef STORE_MANIFEST_H
#define STORE_MANIFEST_H

#include "store_sqlite.h"

/*
 * manifest: which EK has which serial, as the production line wrote it down. One row in force for
 * an EK; several EKs may have one serial. Struck rows stay as history.
 */
enum { MANIFEST_PROFILES_MAX = 263, MANIFEST_GROUP_MAX = 64 };

struct manifest_row {
	bool is_listed; /* false: no row in force names this EK */
	char serial[SERIAL_MAX + 1]; /* empty: the row vouches for the EK alone */
	char profiles[MANIFEST_PROFILES_MAX + 1];
	char group[MANIFEST_GROUP_MAX + 1];
};

struct manifest_row manifest_of_ek(struct store *, const uint8_t ek_id[32]);

/* Whether a list such as "device;vpn" names the profile. */
bool manifest_allows(const char *profiles, const char *profile);

void manifest_add(struct store *, const uint8_t ek_id[32], const struct manifest_row *);
void manifest_strike(struct store *, const uint8_t ek_id[32]);

/* Strikes the rows of all EKs of a binding. */
void manifest_strike_binding(struct store *, int64_t binding);

bool manifest_has_serial(struct store *, const char *serial);

#endif
