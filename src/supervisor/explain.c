#include "explain.h"

#include "check.h"
#include "configuration.h"
#include "encoding.h"
#include "message.h"
#include "owned.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TIME_CAPACITY = 32 };

/* What an operator can do about a check that refused; the rest are for whoever made the device. */
static const struct {
	enum check check;
	const char *next;
} advice[] = {
	{ CHECK_PROFILE_KNOWN, "add [profile NAME] to genuine.conf and genuine-ca reload, or let the device ask for another one" },
	{ CHECK_IK_ALGORITHMS, "the identity key is not one that genuine-device makes: look at how the device made it" },
	{ CHECK_IK_ATTRIBUTES, "the key could leave a TPM, or never was in one: if the device is yours, let genuine-device make its key" },
	{ CHECK_EK_ACCEPTED, "[endorsement] accept in genuine.conf leaves this kind of endorsement key out" },
	{ CHECK_SERIAL_PATTERN, "compare the serial with [identity] serial_pattern in genuine.conf" },
	{ CHECK_EK_CERTIFICATE_PRESENT, "the TPM sent no certificate: with [endorsement] trust = manifest the manifest alone vouches for it" },
	{ CHECK_EK_CERTIFICATE_CHAIN, "if this TPM vendor is one that you trust: genuine-ca trust import its CA certificates, the intermediate ones too" },
	{ CHECK_EK_CERTIFICATE_EKU, "if the vendor's CA issues to endorsement keys alone: import its certificate again with --mark ek-only" },
	{ CHECK_EK_CERTIFICATE_ALGORITHM, "import the vendor's certificate again with --mark sha1, if you accept that risk" },
	{ CHECK_EK_CERTIFICATE_TIME, "look at the device's certificate and at [endorsement] expiry in genuine.conf" },
	{ CHECK_EK_CERTIFICATE_MANUFACTURER, "the anchor is marked manufacturer=…: another maker's TPM has a certificate of it" },
	{ CHECK_EK_CERTIFICATE_REVOKED, "the TPM's vendor revoked it: find out why before anything else" },
	{ CHECK_BACK_END, "nothing at the device, which asks again: genuine-ca status and the server's log say what is short here" },
	{ CHECK_STORE_WORKS, "nothing at the device, which asks again: genuine-ca status and the server's log say what is wrong here" },
	{ CHECK_NOT_BANNED, "genuine-ca ban list shows the ban; genuine-ca ban remove lifts it" },
	{ CHECK_NOT_SUSPENDED, "genuine-ca device show SERIAL; genuine-ca device restore SERIAL lets it provision again" },
	{ CHECK_EK_LISTED, "add a row with the serial and this EK id to a manifest and genuine-ca device import it" },
	{ CHECK_SERIAL_BINDING, "this TPM is listed with another serial: the device asks for one that is not its own, or the manifest is wrong" },
	{ CHECK_PROFILE_ALLOWED, "list the profile in the manifest row and genuine-ca device import it again" },
	{ CHECK_SERIAL_EXPECTED, "add the serial to the file that [identity] expected names and genuine-ca reload" },
	{ CHECK_EK_BINDING, "this TPM is bound to another serial: genuine-ca device list shows which" },
	{ CHECK_IK_BINDING, "this identity key was another binding's: let the device make a new one (genuine-device provision --new-key)" },
	{ CHECK_SERIAL_FREE, "another TPM has this serial; if the device's TPM was replaced: genuine-ca device release, then device import --replace" },
	{ CHECK_REKEY, "the device has a new identity key again; if that is right: genuine-ca device rekey SERIAL lets the next one pass" },
	{ CHECK_NOT_RELEASED, "the device was released; genuine-ca device import --again takes it back" },
};

static const char *advice_of(uint16_t check)
{
	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++) {
		if ((uint16_t)advice[i].check == check)
			return advice[i].next;
	}
	return "nothing at the CA: the device or what it sent is to be looked at";
}

static enum fault find_in_ring(const struct folder *folder, unsigned number,
	const uint8_t reference[REFERENCE_SIZE], struct ring_entry *out, struct trouble *trouble)
{
	char name[32];
	owned_descriptor ring = -1;

	(void)snprintf(name, sizeof(name), "refusals.%u", number);
	enum fault fault = folder_open_file(folder, name, FOLDER_PUBLIC, &ring, trouble);
	return fault != FAULT_NONE ? fault : ring_find(ring, reference, out);
}

enum fault explain_find(const struct folder *folder, const char *reference, struct ring_entry *out,
	struct trouble *trouble)
{
	uint8_t octets[REFERENCE_SIZE];

	if (hex_decode(bytes_of_string(reference), octets, sizeof(octets)) != FAULT_NONE)
		return trouble_say(trouble, FAULT_INVALID, "a reference is 16 hexadecimal digits");
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		struct trouble ignored;

		if (find_in_ring(folder, i, octets, out, &ignored) == FAULT_NONE)
			return FAULT_NONE;
	}
	return trouble_say(trouble, FAULT_NOT_FOUND,
		"no refusal of this reference is remembered; the last few thousand are");
}

static void write_time(uint64_t ms, char out[TIME_CAPACITY])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;

	if (gmtime_r(&seconds, &utc) == NULL || strftime(out, TIME_CAPACITY, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		(void)snprintf(out, TIME_CAPACITY, "unknown");
}

static const char *act_name(uint8_t act)
{
	return act == ACT_CHALLENGE ? "getChallenge" : act == ACT_CERTIFICATE ? "getCertificate" : NULL;
}

json_t *explain_object(const struct ring_entry *entry)
{
	const struct refusal *refusal = &entry->refusal;
	const struct check_row *row = check_row(refusal->check);
	char reference[HEX_CAPACITY(REFERENCE_SIZE)], ek_id[HEX_CAPACITY(32)], when[TIME_CAPACITY];

	if (row == NULL)
		return NULL;
	hex_encode(BYTES_OF_ARRAY(entry->reference), reference, sizeof(reference));
	hex_encode(BYTES_OF_ARRAY(refusal->ek_id), ek_id, sizeof(ek_id));
	write_time(entry->time_ms, when);
	return json_pack("{s:s, s:s, s:s, s:s?, s:i, s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:s}",
		"reference", reference, "time", when, "source", entry->source,
		"act", act_name(entry->act), "status", (int)row->status, "check", row->name,
		"reason", row->reason, "clause", row->clause, "rule", row->rule, "saw", refusal->saw,
		"serial", refusal->serial[0] != '\0' ? refusal->serial : NULL,
		"ek_id", refusal->has_ek_id ? ek_id : NULL, "next", advice_of(refusal->check));
}
