#include "load_set.h"

#include "frame.h"
#include "load_fingerprint.h"
#include "message.h"
#include "owned.h"
#include "pem_end.h"
#include "pem_password.h"
#include "sealed_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(X509, X509_free)

/* ---- reading ---- */

static enum fault parse_configuration(const struct folder *folder, struct bytes text,
	struct configuration *out, struct trouble *trouble)
{
	struct configuration_error error = { "" };
	enum fault fault = configuration_read(text, out, &error);

	if (fault == FAULT_NONE)
		return FAULT_NONE;
	return trouble_say(trouble, fault, "%s/genuine.conf: %s", folder->path, error.text);
}

enum fault load_set_configuration(const struct folder *folder, struct configuration *out,
	struct trouble *trouble)
{
	uint8_t buffer[CONFIGURATION_MAX];
	struct bytes text;
	enum fault fault = folder_read(
		folder, "genuine.conf", FOLDER_PUBLIC, buffer, sizeof(buffer), &text, trouble);

	return fault != FAULT_NONE ? fault : parse_configuration(folder, text, out, trouble);
}

static enum fault read_configuration(const struct folder *folder, struct load_set *set,
	struct trouble *trouble)
{
	struct bytes text;
	enum fault fault = folder_read(folder, "genuine.conf", FOLDER_PUBLIC, set->text,
		sizeof(set->text), &text, trouble);

	if (fault != FAULT_NONE)
		return fault;
	set->text_len = text.len;
	return parse_configuration(folder, text, &set->configuration, trouble);
}

static enum fault take_ca_certificate(struct load_set *set, X509 *certificate)
{
	int len = i2d_X509(certificate, NULL);

	if (set->ca_count == CA_COUNT_MAX || len <= 0 || len > CERTIFICATE_MAX)
		return FAULT_TOO_LONG;
	struct certificate_der *der = &set->ca[set->ca_count++];
	uint8_t *end = der->octets;
	der->len = (size_t)i2d_X509(certificate, &end);
	return FAULT_NONE;
}

static enum fault read_ca(
	const struct folder *folder, struct load_set *set, struct trouble *trouble)
{
	uint8_t buffer[CA_FILE_MAX];
	struct bytes file;
	enum fault fault = folder_read(
		folder, "ca.pem", FOLDER_PUBLIC, buffer, sizeof(buffer), &file, trouble);

	if (fault != FAULT_NONE)
		return fault;
	owned(BIO) *memory = BIO_new_mem_buf(file.data, (int)file.len);
	ERR_clear_error();
	for (;;) {
		owned(X509) *certificate = memory == NULL ? NULL :
			PEM_read_bio_X509(memory, NULL, pem_no_password, NULL);

		if (certificate == NULL)
			break;
		if (take_ca_certificate(set, certificate) != FAULT_NONE)
			return trouble_say(trouble, FAULT_TOO_LONG,
				"%s/ca.pem holds more than %d certificates, or one that is too "
				"long",
				folder->path, CA_COUNT_MAX);
	}
	if (set->ca_count == 0)
		return trouble_say(trouble, FAULT_INVALID, "%s/ca.pem holds no certificate in PEM",
			folder->path);
	if (!pem_has_ended())
		return trouble_say(trouble, FAULT_INVALID,
			"%s/ca.pem holds a certificate that cannot be read", folder->path);
	return FAULT_NONE;
}

enum fault load_set_open_tls(const struct folder *folder, struct load_set *set,
	struct trouble *trouble)
{
	enum fault fault =
		folder_open_file(folder, "secret/tls.key", FOLDER_SECRET, &set->tls_key, trouble);

	return fault != FAULT_NONE ? fault :
		folder_open_file(folder, "tls.pem", FOLDER_PUBLIC, &set->tls_certificate, trouble);
}

enum fault load_set_open_ticket_keys(const struct folder *folder, struct load_set *set,
	struct trouble *trouble)
{
	return folder_open_file(
		folder, "secret/ticket.keys", FOLDER_SECRET, &set->ticket_keys, trouble);
}

static enum fault open_secrets(const struct folder *folder, struct load_set *set,
	struct trouble *trouble)
{
	enum fault fault =
		folder_open_file(folder, "secret/ca.key", FOLDER_SECRET, &set->ca_key, trouble);

	if (fault == FAULT_NONE)
		fault = load_set_open_ticket_keys(folder, set, trouble);
	return fault != FAULT_NONE ? fault : load_set_open_tls(folder, set, trouble);
}

/* Written by hand, and in place as a rule: hence a copy. */
static enum fault copy_expected(const struct folder *folder, struct load_set *set,
	struct trouble *trouble)
{
	const char *name = set->configuration.expected;
	owned_descriptor file = -1;

	if (name[0] == '\0')
		return FAULT_NONE;
	enum fault fault = folder_open_file(folder, name, FOLDER_PUBLIC, &file, trouble);
	if (fault != FAULT_NONE)
		return fault;
	fault = sealed_copy(file, EXPECTED_MAX, &set->expected);
	if (fault != FAULT_NONE)
		return trouble_say(trouble, fault, "[identity] expected: %s", fault_text(fault));
	return FAULT_NONE;
}

/* ---- the whole ---- */

enum fault load_set_read(
	const struct folder *folder, struct load_set **out, struct trouble *trouble)
{
	struct load_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return trouble_say(trouble, FAULT_NO_MEMORY, "out of memory");
	set->ca_key = set->ticket_keys = set->tls_certificate = set->tls_key = set->expected = -1;
	enum fault fault = read_configuration(folder, set, trouble);
	if (fault == FAULT_NONE)
		fault = read_ca(folder, set, trouble);
	if (fault == FAULT_NONE)
		fault = anchors_read(folder, &set->anchors, trouble);
	if (fault == FAULT_NONE)
		fault = open_secrets(folder, set, trouble);
	if (fault == FAULT_NONE)
		fault = copy_expected(folder, set, trouble);
	if (fault == FAULT_NONE)
		fault = load_set_fingerprint(set, trouble);
	if (fault == FAULT_NONE)
		*out = set;
	else
		load_set_close(set);
	return fault;
}

void load_set_close(struct load_set *set)
{
	if (set == NULL)
		return;
	anchors_close(&set->anchors);
	owned_close_descriptor(&set->ca_key);
	owned_close_descriptor(&set->ticket_keys);
	owned_close_descriptor(&set->tls_certificate);
	owned_close_descriptor(&set->tls_key);
	owned_close_descriptor(&set->expected);
	free(set);
}

/* ---- sending ---- */

enum fault load_item_send(int control, enum load_kind kind, struct bytes octets, int descriptor)
{
	static uint8_t buffer[FRAME_MAX];
	const struct load load = { .kind = (uint8_t)kind, .octets = octets };
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_LOAD, REQUEST_NONE);
	struct bytes frame;

	load_write(&w, &load);
	enum fault fault = writer_end(&w, &frame);
	return fault != FAULT_NONE ? fault : frame_send(control, frame, descriptor);
}

/* An item on its way to a role. The first fault sticks. */
struct sending {
	int control;
	enum fault fault;
};

static void send_item(
	struct sending *sending, enum load_kind kind, struct bytes octets, int descriptor)
{
	if (sending->fault == FAULT_NONE)
		sending->fault = load_item_send(sending->control, kind, octets, descriptor);
}

static void send_descriptor(struct sending *sending, enum load_kind kind, int descriptor)
{
	if (descriptor >= 0)
		send_item(sending, kind, bytes_of(NULL, 0), descriptor);
}

static void send_ca(struct sending *sending, const struct load_set *set)
{
	for (size_t i = 0; i < set->ca_count; i++)
		send_item(sending, LOAD_CA_CERTIFICATE, bytes_of(set->ca[i].octets, set->ca[i].len),
			-1);
}

static void send_fingerprint(struct sending *sending, const struct load_set *set)
{
	send_item(sending, LOAD_FINGERPRINT, BYTES_OF_ARRAY(set->fingerprint), -1);
}

static void send_former_fingerprint(struct sending *sending, const struct load_set *set)
{
	uint8_t buffer[40];
	struct writer w = WRITER_OF_ARRAY(buffer);

	if (!set->has_former)
		return;
	writer_bytes(&w, BYTES_OF_ARRAY(set->former_fingerprint));
	writer_u64(&w, set->former_until_ms);
	send_item(sending, LOAD_FORMER_FINGERPRINT, writer_written(&w), -1);
}

static void send_trust(struct sending *sending, const struct load_set *set)
{
	for (size_t i = 0; i < set->anchors.count; i++) {
		const struct anchor *anchor = &set->anchors.list[i];
		uint8_t buffer[4 + MARKS_TEXT_MAX + ANCHOR_MAX];
		struct writer w = WRITER_OF_ARRAY(buffer);

		writer_sized(&w, bytes_of_string(anchor->marks));
		writer_bytes(&w, bytes_of(anchor->der, anchor->len));
		send_item(sending, LOAD_ANCHOR, writer_written(&w), -1);
	}
	for (size_t i = 0; i < set->anchors.crl_count; i++)
		send_descriptor(sending, LOAD_CRL, set->anchors.crls[i].descriptor);
}

static void send_by_kind(struct sending *sending, const struct load_set *set, enum role_kind kind)
{
	switch (kind) {
	case KIND_FRONT:
		send_ca(sending, set);
		send_descriptor(sending, LOAD_TLS_CERTIFICATE, set->tls_certificate);
		send_descriptor(sending, LOAD_TLS_KEY, set->tls_key);
		break;
	case KIND_VERIFIER:
		send_fingerprint(sending, set);
		send_ca(sending, set);
		send_trust(sending, set);
		break;
	case KIND_AUTHORITY:
		send_fingerprint(sending, set);
		send_former_fingerprint(sending, set);
		send_ca(sending, set);
		send_descriptor(sending, LOAD_CA_KEY, set->ca_key);
		send_descriptor(sending, LOAD_TICKET_KEYS, set->ticket_keys);
		break;
	case KIND_STORE:
		send_descriptor(sending, LOAD_EXPECTED, set->expected);
		break;
	case KIND_COUNT:
		break;
	}
}

enum fault load_set_send(const struct load_set *set, enum role_kind kind, int control)
{
	struct sending sending = { .control = control };

	send_item(&sending, LOAD_CONFIGURATION, bytes_of(set->text, set->text_len), -1);
	send_by_kind(&sending, set, kind);
	return sending.fault;
}
