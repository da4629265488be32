#ifndef AUTHORITY_LINT_TABLE_H
#define AUTHORITY_LINT_TABLE_H

#include "lint.h"
#include "tbs_certificate.h"

/*
 * lint_table: one rule. holds looks at one thing, and puts what it looked at into saw whether the
 * rule holds or not. A lint may count on those before it, which have all held: lint.c stops at the
 * first that does not.
 */
struct lint {
	const char *name;   /* stable: logs and tests name it */
	const char *clause; /* of RFC 5280 where no other document is named */
	bool (*holds)(const struct tbs_certificate *, const struct lint_context *,
		struct bytes *saw);
};

/* The head of a lint's function, and its row. */
#define RULE(name) \
	static bool name([[maybe_unused]] const struct tbs_certificate *t, \
		[[maybe_unused]] const struct lint_context *c, struct bytes *saw)
#define LINT(name, clause) { #name, clause, name }

/* The lints of each file, in order; count is set to how many there are. */
const struct lint *lint_fields(size_t *count);     /* framing, version, number, names, validity */
const struct lint *lint_subject(size_t *count);    /* subject and subjectPublicKeyInfo */
const struct lint *lint_extensions(size_t *count); /* which there are, and the fixed ones */
const struct lint *lint_names(size_t *count);      /* extensions that the profile fills in */

#endif
