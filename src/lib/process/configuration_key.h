#ifndef PROCESS_CONFIGURATION_KEY_H
#define PROCESS_CONFIGURATION_KEY_H

#include "configuration.h"
#include "fault.h"
#include "writer.h"

#include <stddef.h>
#include <stdint.h>

/*
 * configuration_key: the table of everything that genuine.conf may say: one row a key, with the
 * form of its value and where it goes. Reading (configuration.c) and the fingerprint
 * (configuration_fingerprint.c) both walk it, so that a key cannot be in one and not in the other.
 */
struct configuration_key;

/* A form of values: from text into its field, and the field's effective value as text. */
struct value_form {
	enum fault (*read)(const struct configuration_key *, const char *text, void *field);
	void (*write)(const struct configuration_key *, const void *field, struct writer *);
};

/* A word of a choice, and the number that it stands for. */
struct value_word {
	const char *word;
	unsigned value;
};

struct configuration_key {
	const char *section; /* "profile" for [profile NAME] */
	const char *name;
	const struct value_form *form;
	size_t offset;       /* in struct configuration; for profiles in struct profile */
	uint32_t min, max;   /* numbers and durations; of texts, max is the most octets */
	const struct value_word *words; /* choices; ends with a NULL word */
	const char *wanted;  /* the form in words: "a number from 0 to 64" */
};

/* The section in which profiles are written, [profile NAME]. */
extern const char configuration_profile_section[];

/* The rows, by section and within it by name, ascending. */
const struct configuration_key *configuration_keys(size_t *count);

/* NULL where there is no such key. */
const struct configuration_key *configuration_key_find(const char *section, const char *name);

#endif
