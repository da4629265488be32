/*
 * Target: configuration_read, configuration_fingerprint_entries, configuration_profile
 * (src/lib/process/configuration.h).
 * Holds: a refusal says why and leaves what was; what is read has a profile "device", and a
 * fingerprint.
 */
#include "fuzz.h"

#include "configuration.h"

enum { ENTRIES_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct configuration configuration;
	static const uint8_t expected_digest[32];
	struct configuration_error error = { "" };
	struct fingerprint_entry entries[ENTRIES_MAX];
	uint8_t fingerprint[32];
	size_t count = 0;

	if (configuration_read(bytes_of(data, len), &configuration, &error) != FAULT_NONE) {
		must_hold(error.text[0] != '\0' && memchr(error.text, 0, sizeof(error.text)) != NULL);
		return 0;
	}
	must_hold(configuration.profile_count >= 1);
	must_hold(configuration_profile(&configuration, "device") != NULL);
	must_hold(configuration_fingerprint_entries(&configuration, expected_digest, entries,
		ENTRIES_MAX, &count) == FAULT_NONE);
	must_hold(fingerprint_of(entries, count, fingerprint) == FAULT_NONE);
	return 0;
}
