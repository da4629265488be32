#include "pattern.h"

#include "configuration.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

/* A group that is open, and what stands in it so far. */
struct group {
	size_t weight;
	bool is_empty;      /* whether this branch may match nothing */
	bool has_empty;     /* whether a branch before it may */
	bool was_empty;     /* is_empty without the last element */
};

/* last: what a repetition repeats; the outermost group is the whole. */
struct weighing {
	size_t depth;
	struct group groups[DEPTH_MAX];
	size_t last;
	bool is_last_empty; /* it may match nothing */
};

/* A bracket expression (9.3.5): a ] that comes first, or within [: :], [. .] and [= =], is
 * inside. */
static const char *after_bracket(const char *at)
{
	at += at[1] == '^' ? 2 : 1;
	if (*at == ']')
		at++;
	while (*at != '\0' && *at != ']') {
		const char end[] = { at[1], ']', '\0' };
		const char *close = *at == '[' && at[1] != '\0' && strchr(":.=", at[1]) != NULL ?
			strstr(at + 2, end) : NULL;

		at = close != NULL ? close + 2 : at + 1;
	}
	return *at == '\0' ? at : at + 1;
}

/* At least as often as a repetition has what it repeats written: + twice, {m,n} at most n + 1
 * times. */
static size_t times_of(const char *at)
{
	size_t times = 1;

	if (*at == '+')
		return 2;
	if (*at != '{')
		return 1;
	for (at++; *at != '\0' && *at != '}'; at++) {
		char *end = NULL;
		unsigned long number = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;

		if (number >= times)
			times = number < PATTERN_WEIGHT_MAX ? number + 1 : PATTERN_WEIGHT_MAX + 1;
		if (end != NULL)
			at = end - 1;
	}
	return times;
}

static bool add(struct weighing *w, size_t weight, bool is_empty)
{
	struct group *group = &w->groups[w->depth];

	w->last = weight;
	w->is_last_empty = is_empty;
	group->was_empty = group->is_empty;
	group->is_empty = group->is_empty && is_empty;
	group->weight += weight;
	return group->weight <= PATTERN_WEIGHT_MAX;
}

static bool open_group(struct weighing *w)
{
	w->depth++;
	if (w->depth == DEPTH_MAX)
		return false;
	w->groups[w->depth] = (struct group){ .is_empty = true };
	w->last = 0;
	w->is_last_empty = true;
	return true;
}

static bool close_group(struct weighing *w)
{
	const struct group *group = &w->groups[w->depth];

	if (w->depth == 0)
		return false; /* regcomp has no meaning for it either */
	w->depth--;
	return add(w, group->weight + 1, group->is_empty || group->has_empty);
}

static bool begin_branch(struct weighing *w)
{
	struct group *group = &w->groups[w->depth];

	group->has_empty = group->has_empty || group->is_empty;
	group->is_empty = true;
	return add(w, 1, true);
}

/* What may match nothing is not repeated: regcomp takes four times as long for each time. */
static bool repeat(struct weighing *w, const char *at)
{
	struct group *group = &w->groups[w->depth];
	size_t before = group->weight - w->last;

	if (w->is_last_empty)
		return false;
	w->last *= times_of(at); /* at most the square of the limit and a little */
	w->is_last_empty = *at == '*' || *at == '?' || (*at == '{' && (at[1] == '0' || at[1] == ','));
	group->is_empty = group->was_empty && w->is_last_empty;
	group->weight = before + w->last;
	return group->weight <= PATTERN_WEIGHT_MAX;
}

/* GNU's own: \b, \<, \` and the like match between characters. */
static bool is_between(char c)
{
	return c != '\0' && strchr("bB<>`'", c) != NULL;
}

/* Behind an interval expression; one without an end is regcomp's to refuse. */
static const char *after_interval(const char *at)
{
	at += strcspn(at, "}");
	return *at == '\0' ? at : at + 1;
}

/* Takes one element of the pattern; false where it is too much. */
static bool take(struct weighing *w, const char **at)
{
	const char *here = *at;

	*at = *here == '[' ? after_bracket(here) : here + 1;
	switch (*here) {
	case '(':
		return open_group(w);
	case ')':
		return close_group(w);
	case '*':
	case '?':
	case '+':
		return repeat(w, here);
	case '{':
		*at = after_interval(here);
		return repeat(w, here);
	case '|':
		return begin_branch(w);
	case '^':
	case '$':
		return add(w, 1, true);
	case '\\':
		if (here[1] >= '1' && here[1] <= '9')
			return false;
		*at = here[1] == '\0' ? here + 1 : here + 2;
		return add(w, 1, is_between(here[1]));
	default:
		return add(w, 1, false);
	}
}

bool pattern_is_bounded(const char *text)
{
	struct weighing w = { .groups = { { .is_empty = true } }, .is_last_empty = true };

	while (*text != '\0') {
		if (!take(&w, &text))
			return false;
	}
	return true;
}

static bool is_expression(const char *text)
{
	regex_t pattern;

	if (regcomp(&pattern, text, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	regfree(&pattern);
	return true;
}

enum fault pattern_compile(const char *text, regex_t *out)
{
	char anchored[CONFIGURATION_TEXT_MAX + sizeof("^()$")];
	int len = snprintf(anchored, sizeof(anchored), "^(%s)$", text);

	if (len < 0 || (size_t)len >= sizeof(anchored) || !pattern_is_bounded(text) ||
			!is_expression(text))
		return FAULT_INVALID;
	return regcomp(out, anchored, REG_EXTENDED | REG_NOSUB) == 0 ? FAULT_NONE : FAULT_INVALID;
}
