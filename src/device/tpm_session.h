#ifndef DEVICE_TPM_SESSION_H
#define DEVICE_TPM_SESSION_H

/* templates.h before the TSS: both name TPMA_OBJECT bits, and only the TSS does so by macros. */
#include "failure.h"
#include "limits.h"
#include "templates.h"
#include "tcti_clock.h"

#include <stdbool.h>
#include <tss2/tss2_esys.h>

/*
 * tpm_session: one connection to the TPM, and what is loaded in it while a scope lasts. Every
 * transient object and every session is an owned_tpm_object and is flushed when its scope ends, on
 * every way out, so that a TPM with three slots and no resource manager is left as it was found.
 */
struct tpm {
	ESYS_CONTEXT *esys;
	TSS2_TCTI_CONTEXT *tcti;
	struct tcti_clock clock;
	const char *name;        /* the TCTI's, such as device:/dev/tpmrm0 */
	struct failure *failure; /* where every function below says what went wrong */
};

/*
 * Opens the TPM that tcti names; where it is NULL, the one of $TPM2TOOLS_TCTI, else the kernel's
 * device with a resource manager, else the one without. Never a TCP port that nobody named: what
 * listens there need not be a TPM. The struct must not move while it is open.
 */
enum fault tpm_open(struct tpm *, const char *tcti, struct failure *);
void tpm_close(struct tpm *);
#define owned_tpm __attribute__((cleanup(tpm_close))) struct tpm

/*
 * Says in the failure that the TPM would not do something ("make the endorsement key") and why;
 * returns FAULT_DENIED.
 */
enum fault tpm_refused(struct tpm *, TSS2_RC, const char *doing);

/* An object or session known to ESYS. Zero-initialised, it holds nothing and can be released. */
struct tpm_object {
	struct tpm *tpm;
	ESYS_TR tr;
	bool is_persistent; /* the TPM keeps it: only ESYS forgets it at the end */
};
void tpm_object_release(struct tpm_object *);
#define owned_tpm_object __attribute__((cleanup(tpm_object_release))) struct tpm_object

/* A public area as the TPM gave it: the octets of a TPM2B_PUBLIC. */
struct tpm_area {
	uint8_t data[TPM2B_PUBLIC_MAX];
	size_t len;
};
struct bytes tpm_area_bytes(const struct tpm_area *);

/* FAULT_DENIED where the area is larger than any that we know. */
enum fault tpm_area_of(struct tpm *, const TPM2B_PUBLIC *, struct tpm_area *out);

/* The ESYS form of octets that template_in_public_write or tpm2b_public_read have passed. */
enum fault tpm_public_of(struct tpm *, struct bytes tpm2b_public, TPM2B_PUBLIC *out);

/*
 * Whether ESYS itself holds exactly this area for the object: what it will encrypt a salt to. An
 * interposer on the bus could give another area for each of two questions.
 */
bool tpm_object_has_area(const struct tpm_object *, const struct tpm_area *);

/* Opens a persistent object and reads its area. FAULT_NOT_FOUND where the handle holds none. */
enum fault tpm_persistent_open(
	struct tpm *, uint32_t handle, struct tpm_object *out, struct tpm_area *area);

/*
 * A key that one answer lists and another one does not know would be taken for gone, and stay for
 * ever: "run it again". A TPM whose owner hierarchy is disabled answers so as well, and then that is
 * said.
 */
enum fault tpm_handle_denied(struct tpm *, uint32_t handle);

/* Removes an identity key of ours from its handle, which may be used anew once it is released. */
enum fault tpm_persistent_evict(struct tpm *, const struct tpm_object *, uint32_t handle);

/* The handles in use from first to last, ascending, as many as fit. */
enum { TPM_HANDLES_MAX = 64 };
struct tpm_handles {
	uint32_t handle[TPM_HANDLES_MAX];
	size_t count;
};
enum fault tpm_handles_read(struct tpm *, uint32_t first, uint32_t last, struct tpm_handles *out);
bool tpm_handles_have(const struct tpm_handles *, uint32_t handle);

/* What all sensitive areas of ours are: no password, no data. */
extern const TPM2B_SENSITIVE_CREATE tpm_sensitive_empty;

#endif
