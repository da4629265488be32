#include "tpm_response.h"

#include <stddef.h>
#include <tss2/tss2_tpm2_types.h>

#define ADVICE_TAKE_OWNERSHIP_BACK \
	"remove that password for the time of provisioning, or ask who set it"
#define ADVICE_FREE_SLOTS \
	"use the resource manager's device (/dev/tpmrm0); where that has none left, free those behind " \
	"it (tpm2_flushcontext -T device:/dev/tpm0 -t, then -l, then -s) or reboot; and run it again"

static const struct {
	TSS2_RC code;
	const char *meaning;
	const char *advice;
} meanings[] = {
	{ TPM2_RC_INITIALIZE, "it has not been started up",
		"run tpm2_startup -c, or reboot, and run it again" },
	{ TPM2_RC_FAILURE, "it is in failure mode", "switch the device off and on again" },
	{ TPM2_RC_DISABLED, "the command is disabled",
		"look into the firmware's settings of the TPM" },
	{ TPM2_RC_HIERARCHY, "the hierarchy is disabled",
		"enable owner and endorsement hierarchy in the firmware's settings" },
	{ TPM2_RC_BAD_AUTH, "a password is set on hierarchy or key, and none is ever guessed",
		ADVICE_TAKE_OWNERSHIP_BACK },
	{ TPM2_RC_AUTH_FAIL, "a password is set, and none is ever guessed",
		ADVICE_TAKE_OWNERSHIP_BACK },
	{ TPM2_RC_AUTH_UNAVAILABLE, "the hierarchy or key cannot be used without a policy",
		ADVICE_TAKE_OWNERSHIP_BACK },
	{ TPM2_RC_LOCKOUT, "it is locked out after too many wrong passwords",
		"wait for its recovery time or clear the lockout (tpm2_dictionarylockout -c)" },
	{ TPM2_RC_OBJECT_MEMORY, "all slots for loaded objects are taken by other programs",
		ADVICE_FREE_SLOTS },
	{ TPM2_RC_OBJECT_HANDLES, "all slots for loaded objects are taken by other programs",
		ADVICE_FREE_SLOTS },
	{ TPM2_RC_SESSION_MEMORY, "all slots for sessions are taken by other programs",
		ADVICE_FREE_SLOTS },
	{ TPM2_RC_SESSION_HANDLES, "all slots for sessions are taken by other programs",
		ADVICE_FREE_SLOTS },
	{ TPM2_RC_MEMORY, "it is out of memory", ADVICE_FREE_SLOTS },
	{ TPM2_RC_NV_SPACE, "its persistent memory is full",
		"remove a persistent key that nobody needs (tpm2_evictcontrol) and run it again" },
	{ TPM2_RC_NV_DEFINED, "the handle is taken already", "run it again, or choose another one by --handle" },
	{ TPM2_RC_NV_RATE, "it slows down writes to spare its memory",
		"wait a minute and run it again" },
	{ TPM2_RC_NV_UNAVAILABLE, "its persistent memory does not answer", "run it again" },
	{ TPM2_RC_INTEGRITY, "what it was given was not made for it (integrity)",
		"run it again; if the TPM was cleared or changed meanwhile, this makes a new key" },
	{ TPM2_RC_CONTEXT_GAP, "old sessions of other programs are in its way",
		"end the programs that have them, or reboot, and run it again" },
	{ TPM2_RC_COMMAND_CODE, "it does not have the command", "update its firmware" },
	{ TPM2_RC_TYPE, "it does not know the type of key", "choose another --key or --ek" },
	{ TPM2_RC_ASYMMETRIC, "it does not know the type of key", "choose another --key or --ek" },
	{ TPM2_RC_CURVE, "it does not know the curve", "choose another --key or --ek" },
	{ TPM2_RC_KEY_SIZE, "it does not know the key size", "choose another --key or --ek" },
	{ TPM2_RC_VALUE, "it does not know the key type or size", "choose another --key or --ek" },
	{ TPM2_RC_SCHEME, "it does not know the signature scheme", "choose another --key" },
	{ TPM2_RC_HASH, "it does not know the hash", "choose another --key or --ek" },
	{ TPM2_RC_RETRY, "it is busy", "run it again" },
	{ TPM2_RC_YIELDED, "it is busy", "run it again" },
	{ TPM2_RC_TESTING, "it is testing itself", "wait a few seconds and run it again" },
	{ TPM2_RC_CANCELED, "the command was cancelled", "run it again" },
	{ TPM2_RC_HANDLE, "a key that it had is gone: it was cleared meanwhile, or others removed it",
		"run it again; after a clear, this makes a new key" },
	{ TPM2_RC_REFERENCE_H0, "a key that was loaded is gone: it was reset, or others flushed it",
		"run it again" },
	{ TPM2_RC_REFERENCE_S0, "a session is gone: it was reset, or others flushed it", "run it again" },
};

/* H0 to H6 and S0 to S6 (Part 2, 6.6.3) say in bits 0 to 2 which handle or session it is. */
static bool is_reference(TSS2_RC rc)
{
	return (rc & ~(TSS2_RC)0xf) == TPM2_RC_REFERENCE_H0;
}

/* Format-one codes carry which handle, parameter or session in bits 6 and 8 to 11. */
static TSS2_RC without_place(TSS2_RC rc)
{
	if (is_reference(rc))
		return rc & ~(TSS2_RC)7;
	return (rc & TPM2_RC_FMT1) != 0 ? rc & (TPM2_RC_FMT1 | 0x3f) : rc;
}

/*
 * The TPM's own codes come on layer 0, or from a resource manager that hands them on; the kernel's
 * and tpm2-abrmd give some of them in its place on layer 11, where other codes are below them.
 */
static bool is_of_the_tpm(TSS2_RC rc)
{
	TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

	return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER ||
		(layer == TSS2_RESMGR_RC_LAYER && (rc & ~TSS2_RC_LAYER_MASK) >= TPM2_RC_FMT1);
}

bool tpm_response_is(TSS2_RC rc, TSS2_RC code)
{
	return is_of_the_tpm(rc) && without_place(rc & ~TSS2_RC_LAYER_MASK) == without_place(code);
}

struct tpm_response tpm_response_of(TSS2_RC rc)
{
	if (!is_of_the_tpm(rc) && (rc & ~TSS2_RC_LAYER_MASK) == TSS2_BASE_RC_MEMORY)
		return (struct tpm_response){ EXIT_OTHER, "this program had no memory left to ask it",
			"free some memory and run it again" };
	if (!is_of_the_tpm(rc))
		return (struct tpm_response){ EXIT_NO_TPM, "the connection to the TPM failed",
			"see that the TPM and its driver are there, and run it again" };
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (tpm_response_is(rc, meanings[i].code))
			return (struct tpm_response){ EXIT_TPM_REFUSED, meanings[i].meaning,
				meanings[i].advice };
	return (struct tpm_response){ EXIT_TPM_REFUSED, "it gave a code that is not expected here",
		"tpm2_rc_decode explains the code; run it again after that" };
}

bool tpm_response_is_about_parameter(TSS2_RC rc)
{
	const TSS2_RC format_one_of_parameter = TPM2_RC_FMT1 | TPM2_RC_P;

	return is_of_the_tpm(rc) && (rc & format_one_of_parameter) == format_one_of_parameter;
}

bool tpm_response_is_unknown_type(TSS2_RC rc)
{
	return tpm_response_is(rc, TPM2_RC_TYPE) || tpm_response_is(rc, TPM2_RC_ASYMMETRIC) ||
		tpm_response_is(rc, TPM2_RC_CURVE) || tpm_response_is(rc, TPM2_RC_KEY_SIZE) ||
		tpm_response_is(rc, TPM2_RC_VALUE) || tpm_response_is(rc, TPM2_RC_HASH) ||
		tpm_response_is(rc, TPM2_RC_SYMMETRIC);
}
