#ifndef DEVICE_IDENTITY_KEY_H
#define DEVICE_IDENTITY_KEY_H

#include "directory.h"
#include "key_file.h"
#include "state.h"
#include "templates.h"
#include "tpm_session.h"

/*
 * identity_key: the key that the certificate will name (IK). Born in the TPM as a child of the SRK,
 * attributes 00040472, scheme NULL, so that TLS may pick the hash; made persistent, and its two
 * halves kept in the folder: in key.made until it has its certificate, then with the certificate in
 * key.pub and key.priv.
 *
 * The order makes every interruption harmless: first the halves are on disk, then state.json names
 * the handle, and only then does the TPM keep the key there. A run that finds a key at the handle
 * takes it for its own only where the area equals that of the halves; it never removes anybody's.
 */
struct identity_key {
	struct key_file file;
	uint8_t id[32]; /* IK id (docs/PROTOCOL.md) */
	uint32_t handle;
	bool is_new;     /* made in this run */
	bool is_waiting; /* for its certificate, in key.made */
	struct tpm_object object;
};

void identity_key_close(struct identity_key *);
#define owned_identity_key __attribute__((cleanup(identity_key_close))) struct identity_key

/* What the command line asks for; TEMPLATE_NONE, 0 and false where it asks for nothing. */
struct identity_key_wish {
	enum tpm_template template;
	uint32_t handle;
	bool is_new;  /* --new-key: another key in place of the one that is there */
	bool is_kept; /* --keep-key: no other key in its place, not even one that waits */
};

/*
 * Finds the key of this folder, or makes it persistent again, or makes a new one: when there is
 * none, or when the TPM no longer takes it because it was cleared. Keeps state up to date.
 *
 * A bus can lie about the latter, so the installed key is not given up for it: it is there until
 * another is certified (identity_key_choice.h).
 *
 * A key that a new one was wished for stays where it is, and state names it as the former one,
 * until former_key_free. While it does, a further wish for a new key finds it made.
 */
enum fault identity_key_open(struct tpm *, const struct directory *,
	const struct identity_key_wish *, struct state *, struct identity_key *out);

/*
 * Before the CA is sent a ticket with it: state says so of a key that waits. is_first is set where it
 * did not say so before; then identity_key_unshow takes it back, where the CA has said no.
 */
enum fault identity_key_show(const struct directory *, const struct identity_key *, struct state *,
	bool *is_first);
enum fault identity_key_unshow(const struct directory *, struct state *);
bool identity_key_is_shown(const struct identity_key *, const struct state *);

/* Once the certificate for it is installed and state written: it waits no longer. */
enum fault identity_key_installed(const struct directory *, const struct identity_key *);

/* Finds the persistent key of the installed certificate and makes nothing. FAULT_NOT_FOUND. */
enum fault identity_key_find(
	struct tpm *, const struct directory *, struct state *, struct identity_key *out);

#endif
