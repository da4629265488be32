#include "value_form.h"

#include "listen_address.h"
#include "pattern.h"

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 10, OID_ARC_DIGITS_MAX = 39, HOST_NAME_MAX_OCTETS = 253 };
enum { SECONDS_A_MINUTE = 60, SECONDS_AN_HOUR = 3600, SECONDS_A_DAY = 86400 };

static const char serial_place[] = "{serial}";

static void write_text(struct writer *w, const char *text)
{
	writer_bytes(w, bytes_of_string(text));
}

/* ---- numbers ---- */

static enum fault digits_read(const char *text, size_t len, uint64_t *out)
{
	uint64_t number = 0;

	/* One text for one number: no sign, no leading zero. */
	if (len == 0 || len > DIGITS_MAX || (len > 1 && text[0] == '0'))
		return FAULT_INVALID;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return FAULT_INVALID;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	*out = number;
	return FAULT_NONE;
}

static enum fault store_number(const struct configuration_key *key, uint64_t number, void *field)
{
	if (number < key->min || number > key->max)
		return FAULT_INVALID;
	const uint32_t narrow = (uint32_t)number;
	memcpy(field, &narrow, sizeof(narrow));
	return FAULT_NONE;
}

static enum fault number_read(const struct configuration_key *key, const char *text, void *field)
{
	uint64_t number;
	enum fault fault = digits_read(text, strlen(text), &number);

	return fault != FAULT_NONE ? fault : store_number(key, number, field);
}

static void number_write(const struct configuration_key *, const void *field, struct writer *w)
{
	char text[DIGITS_MAX + 1];
	uint32_t number;

	memcpy(&number, field, sizeof(number));
	(void)snprintf(text, sizeof(text), "%u", number);
	write_text(w, text);
}

static uint64_t seconds_of_unit(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return SECONDS_A_MINUTE;
	case 'h':
		return SECONDS_AN_HOUR;
	case 'd':
		return SECONDS_A_DAY;
	default:
		return 0;
	}
}

static enum fault duration_read(const struct configuration_key *key, const char *text, void *field)
{
	size_t len = strlen(text);
	uint64_t number, unit = len > 0 ? seconds_of_unit(text[len - 1]) : 0;

	if (unit == 0)
		return FAULT_INVALID;
	enum fault fault = digits_read(text, len - 1, &number);
	return fault != FAULT_NONE ? fault : store_number(key, number * unit, field);
}

static void duration_write(const struct configuration_key *key, const void *field, struct writer *w)
{
	number_write(key, field, w);
	write_text(w, "s");
}

/* ---- words ---- */

static enum fault choice_read(const struct configuration_key *key, const char *text, void *field)
{
	for (const struct value_word *word = key->words; word->word != NULL; word++) {
		if (strcmp(word->word, text) == 0) {
			memcpy(field, &word->value, sizeof(word->value));
			return FAULT_NONE;
		}
	}
	return FAULT_INVALID;
}

static void choice_write(const struct configuration_key *key, const void *field, struct writer *w)
{
	unsigned value;

	memcpy(&value, field, sizeof(value));
	for (const struct value_word *word = key->words; word->word != NULL; word++) {
		if (word->value == value)
			write_text(w, word->word);
	}
}

static enum fault either_read(const char *text, const char *when_true, const char *when_false,
	bool *field)
{
	if (strcmp(text, when_true) != 0 && strcmp(text, when_false) != 0)
		return FAULT_INVALID;
	*field = strcmp(text, when_true) == 0;
	return FAULT_NONE;
}

static enum fault truth_read(const struct configuration_key *, const char *text, void *field)
{
	return either_read(text, "yes", "no", field);
}

static void truth_write(const struct configuration_key *, const void *field, struct writer *w)
{
	write_text(w, *(const bool *)field ? "yes" : "no");
}

static enum fault tls_read(const struct configuration_key *, const char *text, void *field)
{
	return either_read(text, "1.2", "1.3", field);
}

static void tls_write(const struct configuration_key *, const void *field, struct writer *w)
{
	write_text(w, *(const bool *)field ? "1.2" : "1.3");
}

/* ---- texts ---- */

/* The field has room for key->max octets and a NUL. */
static enum fault text_read(const struct configuration_key *key, const char *text, void *field)
{
	size_t len = strlen(text);

	if (len == 0 || len > key->max)
		return FAULT_INVALID;
	memcpy(field, text, len + 1);
	return FAULT_NONE;
}

static void text_write(const struct configuration_key *, const void *field, struct writer *w)
{
	write_text(w, field);
}

static bool is_printable_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text <= 0x20 || *text >= 0x7f)
			return false;
	}
	return true;
}

static bool arc_is_valid(const char *arc, size_t len)
{
	if (len == 0 || len > OID_ARC_DIGITS_MAX || (len > 1 && arc[0] == '0'))
		return false;
	return strspn(arc, "0123456789") >= len;
}

/* X.660, 7.6: the first arc is 0, 1 or 2; below 0 and 1 the second is at most 39. */
static bool first_arcs_are_valid(const char *text)
{
	size_t second_len = strspn(text + 2, "0123456789");

	if (text[0] < '0' || text[0] > '2' || text[1] != '.')
		return false;
	return text[0] == '2' || second_len == 1 || (second_len == 2 && text[2] < '4');
}

bool oid_is_valid(const char *text)
{
	if (strlen(text) < 3 || !first_arcs_are_valid(text))
		return false;
	for (;;) {
		size_t len = strcspn(text, ".");

		if (!arc_is_valid(text, len))
			return false;
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

static enum fault oid_read(const struct configuration_key *key, const char *text, void *field)
{
	return oid_is_valid(text) ? text_read(key, text, field) : FAULT_INVALID;
}

static enum fault url_read(const struct configuration_key *key, const char *text, void *field)
{
	bool is_http = strncmp(text, "http://", 7) == 0 && text[7] != '\0';
	bool is_https = strncmp(text, "https://", 8) == 0 && text[8] != '\0';

	if ((!is_http && !is_https) || !is_printable_ascii(text))
		return FAULT_INVALID;
	return text_read(key, text, field);
}

/* A name without the serial would be the same for every device; with two, no parser's liking. */
static bool has_serial_once(const char *text)
{
	const char *first = strstr(text, serial_place);

	return first != NULL && strstr(first + 1, serial_place) == NULL;
}

static enum fault uri_read(const struct configuration_key *key, const char *text, void *field)
{
	const char *colon = strchr(text, ':');

	/* RFC 5280, 4.2.1.6: absolute, with a scheme and more than a scheme. */
	if (colon == NULL || colon == text || colon[1] == '\0' || strchr(text, '{') < colon)
		return FAULT_INVALID;
	if (!is_printable_ascii(text) || !has_serial_once(text))
		return FAULT_INVALID;
	return text_read(key, text, field);
}

bool host_name_is_valid(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool is_dot = text[i] == '.';

		if (!is_dot &&
			strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-",
				text[i]) == NULL)
			return false;
		if (is_dot && (i == 0 || i + 1 == len || text[i - 1] == '.'))
			return false;
	}
	return len > 0 && len <= HOST_NAME_MAX_OCTETS;
}

static enum fault dns_read(const struct configuration_key *key, const char *text, void *field)
{
	char name[CONFIGURATION_TEXT_MAX + 1];
	const char *place = strstr(text, serial_place);

	if (!has_serial_once(text) || strlen(text) > CONFIGURATION_TEXT_MAX)
		return FAULT_INVALID;
	/* Judged as it will be, with a letter where the serial comes. */
	int len = snprintf(name, sizeof(name), "%.*sS%s", (int)(place - text), text,
		place + strlen(serial_place));
	return host_name_is_valid(name, (size_t)len) ? text_read(key, text, field) : FAULT_INVALID;
}

static enum fault pattern_read(const struct configuration_key *key, const char *text, void *field)
{
	regex_t pattern;

	if (strlen(text) > key->max || pattern_compile(text, &pattern) != FAULT_NONE)
		return FAULT_INVALID;
	regfree(&pattern);
	return text_read(key, text, field);
}

static enum fault listen_read(const struct configuration_key *key, const char *text, void *field)
{
	struct listen_address address;
	enum fault fault = listen_address_read(text, &address);

	return fault != FAULT_NONE ? fault : text_read(key, text, field);
}

const struct value_form value_number = { number_read, number_write };
const struct value_form value_duration = { duration_read, duration_write };
const struct value_form value_truth = { truth_read, truth_write };
const struct value_form value_word_form = { choice_read, choice_write };
const struct value_form value_tls = { tls_read, tls_write };
const struct value_form value_text = { text_read, text_write };
const struct value_form value_oid = { oid_read, text_write };
const struct value_form value_url = { url_read, text_write };
const struct value_form value_uri = { uri_read, text_write };
const struct value_form value_dns = { dns_read, text_write };
const struct value_form value_pattern = { pattern_read, text_write };
const struct value_form value_listen = { listen_read, text_write };
