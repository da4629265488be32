#include "configuration.h"

#include "configuration_key.h"
#include "log.h"
#include "profile_name.h"
#include "utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_OCTETS_MAX = 512, SECTION_NAME_MAX = 15, KEY_COUNT_MAX = 64, SECTION_COUNT_MAX = 16 };
enum { EK_TEMPLATES_ALL = 0x1fe };
#define IK_TEMPLATES_ALL 0xfff00000000ull

static const char profile_default[] = "device";

/* What is known while the lines go by. */
struct parse {
	struct configuration configuration;
	struct configuration_error *error;
	unsigned line;                          /* from 1; 0: about the file as a whole */
	char section[SECTION_NAME_MAX + 1];     /* empty before the first */
	struct profile *profile;                /* in a [profile NAME] */
	uint64_t seen_keys;                     /* of this section: bit n, row n of the table */
	size_t section_count;
	char sections[SECTION_COUNT_MAX][SECTION_NAME_MAX + 1];
};

__attribute__((format(printf, 2, 3)))
static enum fault complain(struct parse *parse, const char *format, ...)
{
	char text[sizeof(parse->error->text)];
	int len = parse->line > 0 ? snprintf(text, sizeof(text), "line %u: ", parse->line) : 0;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text + len, sizeof(text) - (size_t)len, format, arguments);
	va_end(arguments);
	memcpy(parse->error->text, text, sizeof(text));
	return FAULT_INVALID;
}

/* ---- [section] ---- */

static bool section_is_known(const char *name)
{
	size_t count;
	const struct configuration_key *keys = configuration_keys(&count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].section, name) == 0)
			return strcmp(name, configuration_profile_section) != 0;
	}
	return false;
}

static void profile_begin(struct profile *profile, const char *name)
{
	*profile = (struct profile){ .validity_days = 365 };
	memcpy(profile->name, name, strlen(name) + 1);
}

static enum fault begin_profile(struct parse *parse, const char *name)
{
	struct configuration *configuration = &parse->configuration;

	if (!profile_name_is_well_formed(bytes_of_string(name)))
		return complain(parse, "a profile's name is 1 to 32 of a-z, 0-9 and -");
	if (configuration_profile(configuration, name) != NULL)
		return complain(parse, "[profile %s] a second time", name);
	if (configuration->profile_count == PROFILE_COUNT_MAX)
		return complain(parse, "more than %d profiles", PROFILE_COUNT_MAX);
	parse->profile = &configuration->profiles[configuration->profile_count++];
	profile_begin(parse->profile, name);
	memcpy(parse->section, configuration_profile_section,
		strlen(configuration_profile_section) + 1);
	return FAULT_NONE;
}

static enum fault begin_plain_section(struct parse *parse, const char *name)
{
	if (!section_is_known(name))
		return complain(parse, "there is no section of this name");
	for (size_t i = 0; i < parse->section_count; i++) {
		if (strcmp(parse->sections[i], name) == 0)
			return complain(parse, "[%s] a second time", name);
	}
	assert(parse->section_count < SECTION_COUNT_MAX);
	memcpy(parse->sections[parse->section_count++], name, strlen(name) + 1);
	memcpy(parse->section, name, strlen(name) + 1);
	parse->profile = NULL;
	return FAULT_NONE;
}

static enum fault read_section(struct parse *parse, char *line)
{
	size_t len = strlen(line);
	const size_t prefix_len = strlen(configuration_profile_section);

	if (line[len - 1] != ']')
		return complain(parse, "a section is written [NAME]");
	line[len - 1] = '\0';
	line++;
	parse->seen_keys = 0;
	if (strncmp(line, configuration_profile_section, prefix_len) == 0 &&
		line[prefix_len] == ' ')
		return begin_profile(parse, line + prefix_len + 1);
	return begin_plain_section(parse, line);
}

/* ---- key = value ---- */

static void *field_of(struct parse *parse, const struct configuration_key *key)
{
	return parse->profile != NULL ? (char *)parse->profile + key->offset :
		(char *)&parse->configuration + key->offset;
}

static enum fault mark_seen(struct parse *parse, const struct configuration_key *key)
{
	size_t count;
	size_t index = (size_t)(key - configuration_keys(&count));

	assert(count <= KEY_COUNT_MAX);
	if ((parse->seen_keys >> index & 1) != 0)
		return complain(parse, "[%s] %s: a second time", parse->section, key->name);
	parse->seen_keys |= 1ull << index;
	return FAULT_NONE;
}

static enum fault set_key(struct parse *parse, const char *name, const char *value)
{
	const struct configuration_key *key = configuration_key_find(parse->section, name);

	if (parse->section[0] == '\0')
		return complain(parse, "a key before the first [section]");
	if (key == NULL)
		return complain(parse, "[%s] has no such key", parse->section);
	enum fault fault = mark_seen(parse, key);
	if (fault != FAULT_NONE)
		return fault;
	if (key->form->read(key, value, field_of(parse, key)) != FAULT_NONE)
		return complain(parse, "[%s] %s: not %s", parse->section, key->name, key->wanted);
	return FAULT_NONE;
}

static void cut_blanks_after(char *text, size_t len)
{
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		text[--len] = '\0';
}

static enum fault read_key(struct parse *parse, char *line)
{
	char *equals = strchr(line, '=');

	if (equals == NULL)
		return complain(parse, "neither [section] nor key = value nor # comment");
	cut_blanks_after(line, (size_t)(equals - line));
	*equals = '\0';
	return set_key(parse, line, equals + 1 + strspn(equals + 1, " \t"));
}

static enum fault read_line(struct parse *parse, struct bytes octets)
{
	char line[LINE_OCTETS_MAX + 1];

	if (octets.len > LINE_OCTETS_MAX)
		return complain(parse, "longer than %d octets", LINE_OCTETS_MAX);
	for (size_t i = 0; i < octets.len; i++) {
		if ((octets.data[i] < 0x20 && octets.data[i] != '\t') || octets.data[i] == 0x7f)
			return complain(parse, octets.data[i] == '\r' ?
				"ends with a carriage return; lines end with LF alone" :
				"holds a control character");
	}
	if (octets.len > 0)
		memcpy(line, octets.data, octets.len);
	line[octets.len] = '\0';
	cut_blanks_after(line, octets.len);

	char *start = line + strspn(line, " \t");
	if (*start == '\0' || *start == '#')
		return FAULT_NONE;
	return *start == '[' ? read_section(parse, start) : read_key(parse, start);
}

static enum fault read_lines(struct parse *parse, struct bytes text)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.data);

		parse->line++;
		enum fault fault = read_line(parse, bytes_of(text.data, len));
		if (fault != FAULT_NONE)
			return fault;
		len += end != NULL;
		text = bytes_of(text.data + len, text.len - len);
	}
	return FAULT_NONE;
}

/* ---- the whole ---- */

static struct configuration configuration_default(void)
{
	return (struct configuration){
		.policy_arc = "2.25.303619253884221164867571385486340110917",
		.crl_days = 7,
		.listen = "0.0.0.0:8443",
		.rate_per_prefix = 600,
		.rate_all = 60000,
		.trust = TRUST_BOTH,
		.expiry = EXPIRY_IGNORE,
		.accept = EK_TEMPLATES_ALL,
		.binding = BINDING_MANIFEST,
		.rekey = REKEY_SUPERSEDE,
		.overlap_s = 24 * 60 * 60,
		.identity_key_accept = IK_TEMPLATES_ALL,
		.uid_base = 61150,
	};
}

/* The profile "device" is always there; the devices' organization is the CA's unless it is said. */
static enum fault complete_profiles(struct parse *parse)
{
	struct configuration *configuration = &parse->configuration;

	if (configuration_profile(configuration, profile_default) == NULL) {
		if (configuration->profile_count == PROFILE_COUNT_MAX)
			return complain(parse, "more than %d profiles with [profile device]",
				PROFILE_COUNT_MAX);
		profile_begin(
			&configuration->profiles[configuration->profile_count++], profile_default);
	}
	for (size_t i = 0; i < configuration->profile_count; i++) {
		struct profile *profile = &configuration->profiles[i];

		if (profile->organization[0] == '\0')
			memcpy(profile->organization, configuration->name,
				sizeof(configuration->name));
	}
	return FAULT_NONE;
}

static enum fault judge_whole(struct parse *parse)
{
	const struct configuration *configuration = &parse->configuration;
	bool is_first = configuration->binding == BINDING_FIRST;

	parse->line = 0;
	if (configuration->name[0] == '\0')
		return complain(parse, "[ca] name is missing");
	/* PROTOCOL, Who may be whom: `first` proves that a genuine TPM answered, not whose. */
	if (is_first && configuration->expected[0] == '\0')
		return complain(parse, "[identity] binding = first demands expected = FILE");
	if (!is_first && configuration->expected[0] != '\0')
		return complain(parse, "[identity] expected belongs to binding = first alone");
	return complete_profiles(parse);
}

enum fault configuration_read(struct bytes text, struct configuration *out,
	struct configuration_error *error)
{
	struct parse parse = { .configuration = configuration_default(), .error = error };

	if (text.len > CONFIGURATION_MAX)
		return complain(&parse, "longer than %d octets", CONFIGURATION_MAX);
	if (!utf8_is_valid(text))
		return complain(&parse, "not UTF-8");
	if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
		return complain(
			&parse, "begins with a byte order mark; save it as UTF-8 without one");

	enum fault fault = read_lines(&parse, text);
	if (fault == FAULT_NONE)
		fault = judge_whole(&parse);
	if (fault == FAULT_NONE)
		*out = parse.configuration;
	return fault;
}

const struct profile *configuration_profile(const struct configuration *configuration,
	const char *name)
{
	for (size_t i = 0; i < configuration->profile_count; i++) {
		if (strcmp(configuration->profiles[i].name, name) == 0)
			return &configuration->profiles[i];
	}
	return NULL;
}
