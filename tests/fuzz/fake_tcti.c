#include "fake_tcti.h"

#include "must_hold.h"

#include "reader.h"
#include "report.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

static uint8_t next_octet;

/* In place of OpenSSL's, for this program alone: ESYS asks it for nonces and salts. */
int RAND_bytes_ex(OSSL_LIB_CTX *context, unsigned char *buffer, size_t count, unsigned strength)
{
	(void)context;
	(void)strength;
	for (size_t i = 0; i < count; i++)
		buffer[i] = next_octet++;
	return 1;
}

static struct fake_tcti *fake_of(TSS2_TCTI_CONTEXT *context)
{
	return (struct fake_tcti *)(void *)context;
}

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
	struct fake_tcti *fake = fake_of(context);

	return fake->inner == NULL ? TSS2_RC_SUCCESS : Tss2_Tcti_Transmit(fake->inner, size, command);
}

static TSS2_RC record(struct fake_tcti *fake, size_t *size, uint8_t *response, int32_t timeout)
{
	TSS2_RC rc = Tss2_Tcti_Receive(fake->inner, size, response, timeout);

	if (rc != TSS2_RC_SUCCESS || response == NULL)
		return rc;
	must_hold(fake->record_len + 2 + *size <= sizeof(fake->record));
	fake->record[fake->record_len++] = (uint8_t)(*size >> 8);
	fake->record[fake->record_len++] = (uint8_t)*size;
	memcpy(fake->record + fake->record_len, response, *size);
	fake->record_len += *size;
	return rc;
}

static TSS2_RC receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
	struct fake_tcti *fake = fake_of(context);

	if (fake->inner != NULL)
		return record(fake, size, response, timeout);
	struct reader r = reader_of(fake->rest);
	struct bytes next = reader_tpm2b(&r, UINT16_MAX);
	if (r.fault != FAULT_NONE)
		return TSS2_TCTI_RC_IO_ERROR;
	if (response == NULL) { /* ESYS asks for the size first */
		*size = next.len;
		return TSS2_RC_SUCCESS;
	}
	if (*size < next.len)
		return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
	if (next.len > 0)
		memcpy(response, next.data, next.len);
	*size = next.len;
	fake->rest = r.rest;
	return TSS2_RC_SUCCESS;
}

static void finalize(TSS2_TCTI_CONTEXT *context)
{
	(void)context;
}

static TSS2_RC cancel(TSS2_TCTI_CONTEXT *context)
{
	(void)context;
	return TSS2_RC_SUCCESS;
}

static TSS2_RC get_poll_handles(TSS2_TCTI_CONTEXT *context, TSS2_TCTI_POLL_HANDLE *handles,
	size_t *count)
{
	(void)context;
	(void)handles;
	*count = 0;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC set_locality(TSS2_TCTI_CONTEXT *context, uint8_t locality)
{
	(void)context;
	(void)locality;
	return TSS2_RC_SUCCESS;
}

void fake_tcti_open(struct fake_tcti *fake, struct bytes responses, TSS2_TCTI_CONTEXT *inner)
{
	*fake = (struct fake_tcti){
		.common = {
			.magic = UINT64_C(0x67656e75696e6532),
			.version = 1,
			.transmit = transmit,
			.receive = receive,
			.finalize = finalize,
			.cancel = cancel,
			.getPollHandles = get_poll_handles,
			.setLocality = set_locality,
		},
		.rest = responses,
		.inner = inner,
	};
	next_octet = 0;
}

void fake_tpm_open(struct tpm *tpm, struct fake_tcti *fake, struct failure *failure)
{
	static bool is_quiet;

	(void)setenv("TSS2_LOG", "all+none", 0);
	if (!is_quiet)
		report_open(true); /* no remarks between the steps */
	is_quiet = true;
	*tpm = (struct tpm){ .failure = failure, .name = "fake" };
	tcti_clock_open(&tpm->clock, (TSS2_TCTI_CONTEXT *)(void *)fake);
	must_hold(Esys_Initialize(&tpm->esys, tcti_clock_context(&tpm->clock), NULL) == TSS2_RC_SUCCESS);
}

void fake_tpm_close(struct tpm *tpm)
{
	Esys_Finalize(&tpm->esys);
}
