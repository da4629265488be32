#include "value_form.h"

#include "templates.h"

#include <stdbool.h>
#include <string.h>

static void write_text(struct writer *w, const char *text)
{
	writer_bytes(w, bytes_of_string(text));
}

/* Takes the next entry of a list by commas, blanks around it cut. False at the end. */
static bool list_next(const char **rest, const char **entry, size_t *len)
{
	if (*rest == NULL)
		return false;
	*entry = *rest + strspn(*rest, " \t");
	*len = strcspn(*entry, ",");
	*rest = (*entry)[*len] == ',' ? *entry + *len + 1 : NULL;
	while (*len > 0 && ((*entry)[*len - 1] == ' ' || (*entry)[*len - 1] == '\t'))
		(*len)--;
	return true;
}

static bool is_host(const char *text, size_t len)
{
	/* An IPv6 address is written without brackets here; the certificate's maker reads it. */
	bool is_ipv6 = len > 1 && memchr(text, ':', len) != NULL &&
		strspn(text, "0123456789abcdefABCDEF:.") >= len;

	return is_ipv6 || host_name_is_valid(text, len);
}

static enum fault hosts_read(const struct configuration_key *key, const char *text, void *field)
{
	struct configuration *configuration = (struct configuration *)(void *)
		((char *)field - key->offset);
	const char *entry;
	size_t len, count = 0;

	while (list_next(&text, &entry, &len)) {
		if (count == HOST_COUNT_MAX || len > key->max || !is_host(entry, len))
			return FAULT_INVALID;
		memcpy(configuration->hosts[count], entry, len);
		configuration->hosts[count++][len] = '\0';
	}
	configuration->host_count = count;
	return FAULT_NONE;
}

static void hosts_write(const struct configuration_key *key, const void *field, struct writer *w)
{
	const struct configuration *configuration = (const struct configuration *)(const void *)
		((const char *)field - key->offset);

	for (size_t i = 0; i < configuration->host_count; i++) {
		write_text(w, i == 0 ? "" : ",");
		write_text(w, configuration->hosts[i]);
	}
}

/* The bits of every template of that name: an identity key's name stands for two of them. */
static uint64_t template_bits(const char *name, size_t len, bool is_ek)
{
	uint64_t bits = 0;
	size_t count;
	const struct template_row *rows = template_rows(&count);

	for (size_t i = 0; i < count; i++) {
		if (rows[i].is_ek == is_ek && strlen(rows[i].name) == len &&
				memcmp(rows[i].name, name, len) == 0)
			bits |= 1ull << rows[i].template;
	}
	return bits;
}

static enum fault templates_read(const char *text, bool is_ek, uint64_t *out)
{
	uint64_t bits = 0;
	const char *entry;
	size_t len;

	while (list_next(&text, &entry, &len)) {
		uint64_t named = template_bits(entry, len, is_ek);

		if (named == 0 || (bits & named) != 0)
			return FAULT_INVALID;
		bits |= named;
	}
	*out = bits;
	return FAULT_NONE;
}

/* In the order of the enumeration, so that the order in the file is without meaning. */
static void templates_write(uint64_t bits, bool is_ek, struct writer *w)
{
	const char *last = "";
	size_t count;
	const struct template_row *rows = template_rows(&count);

	for (size_t i = 0; i < count; i++) {
		if (rows[i].is_ek != is_ek || (bits >> rows[i].template & 1) == 0 ||
				strcmp(rows[i].name, last) == 0)
			continue;
		write_text(w, last[0] == '\0' ? "" : ",");
		write_text(w, rows[i].name);
		last = rows[i].name;
	}
}

static enum fault ek_templates_read(const struct configuration_key *, const char *text, void *field)
{
	uint64_t bits;
	enum fault fault = templates_read(text, true, &bits);

	if (fault == FAULT_NONE)
		*(uint16_t *)field = (uint16_t)bits;
	return fault;
}

static void ek_templates_write(
	const struct configuration_key *, const void *field, struct writer *w)
{
	templates_write(*(const uint16_t *)field, true, w);
}

static enum fault ik_templates_read(const struct configuration_key *, const char *text, void *field)
{
	return templates_read(text, false, field);
}

static void ik_templates_write(
	const struct configuration_key *, const void *field, struct writer *w)
{
	templates_write(*(const uint64_t *)field, false, w);
}

const struct value_form value_hosts = { hosts_read, hosts_write };
const struct value_form value_ek_templates = { ek_templates_read, ek_templates_write };
const struct value_form value_ik_templates = { ik_templates_read, ik_templates_write };
