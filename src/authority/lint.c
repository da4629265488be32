#include "lint.h"

#include "encoding.h"
#include "lint_table.h"

#include <stdio.h>

/* Octets of what a lint saw that are written out; the beginning tells enough. */
enum { SAW_OCTETS_MAX = 30 };

static const struct lint *(*const groups[])(size_t *count) = {
	lint_fields, lint_subject, lint_extensions, lint_names,
};

static const struct lint *lint_at(size_t index)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		size_t count;
		const struct lint *lints = groups[i](&count);

		if (index < count)
			return &lints[index];
		index -= count;
	}
	return NULL;
}

const char *lint_name(size_t index)
{
	const struct lint *lint = lint_at(index);

	return lint != NULL ? lint->name : NULL;
}

static bool lint_holds(const struct lint *lint, const struct tbs_certificate *t,
	const struct lint_context *context, struct refusal *out)
{
	char hex[HEX_CAPACITY(SAW_OCTETS_MAX)];
	struct bytes saw = { 0 };

	if (lint->holds(t, context, &saw))
		return true;
	size_t len = saw.len < SAW_OCTETS_MAX ? saw.len : SAW_OCTETS_MAX;

	hex_encode(bytes_of(saw.data, len), hex, sizeof(hex));
	refusal_set(out, CHECK_CERTIFICATE_LINT, "%s (%s): %s%s", lint->name, lint->clause,
		len > 0 ? hex : "nothing", saw.len > len ? "..." : "");
	return false;
}

bool lint_certificate(struct bytes tbs, const struct lint_context *context, struct refusal *out)
{
	const struct tbs_certificate t = tbs_certificate_read(tbs);
	const struct lint *lint;

	for (size_t i = 0; (lint = lint_at(i)) != NULL; i++) {
		if (!lint_holds(lint, &t, context, out))
			return false;
	}
	return true;
}
