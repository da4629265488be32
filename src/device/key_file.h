#ifndef DEVICE_KEY_FILE_H
#define DEVICE_KEY_FILE_H

#include "directory.h"
#include "templates.h"
#include "tpm_session.h"

/*
 * key_file: the two halves of the identity key on disk, key.pub (TPM2B_PUBLIC) and key.priv
 * (TPM2B_PRIVATE, which only the TPM that made it can use). tpm2_load takes them as they are. They
 * are of the installed set (installed_set.h).
 */
enum { TPM2B_PRIVATE_MAX = 2048 };

struct key_file {
	const struct template_row *template;
	struct tpm_key key;
	struct tpm_area area;
	uint8_t private_half[TPM2B_PRIVATE_MAX];
	size_t private_half_len;
};

/*
 * FAULT_NOT_FOUND where not both halves are there. A key.pub that is no identity key's area is a
 * failure.
 */
enum fault key_file_read(const struct directory *, struct key_file *out);

/* Writes key.priv, then key.pub: the second one says that both are there. */
enum fault key_file_write(const struct directory *, const struct key_file *);

/*
 * key.made: both halves of a key that was made, and its parent, in one file, until its certificate
 * is installed and key.pub and key.priv with it. Until then those are the key's that the installed
 * certificate names.
 */
enum fault key_made_write(const struct directory *, const struct key_file *, uint32_t parent);
enum fault key_made_remove(const struct directory *);

/* FAULT_NOT_FOUND where there is none. One that is no identity key's is a failure. */
enum fault key_made_read(const struct directory *, struct key_file *out, uint32_t *parent);

/* Takes area apart into template and numbers. FAULT_INVALID where it is no identity key's. */
enum fault key_file_recognise(struct key_file *);

#endif
