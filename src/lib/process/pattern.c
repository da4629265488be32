#include "pattern.h"

#include "configuration.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

/* Groups that are open, and what stands in each of them so far; last: what a repetition repeats. */
struct weighing {
	size_t depth;
	size_t weight[DEPTH_MAX];
	size_t last;
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

static bool add(struct weighing *w, size_t weight)
{
	w->last = weight;
	w->weight[w->depth] += weight;
	return w->weight[w->depth] <= PATTERN_WEIGHT_MAX;
}

static bool open_group(struct weighing *w)
{
	w->depth++;
	if (w->depth == DEPTH_MAX)
		return false;
	w->weight[w->depth] = 0;
	w->last = 0;
	return true;
}

static bool close_group(struct weighing *w)
{
	if (w->depth == 0)
		return false; /* regcomp has no meaning for it either */
	w->depth--;
	return add(w, w->weight[w->depth + 1] + 1);
}

static bool repeat(struct weighing *w, size_t times)
{
	size_t before = w->weight[w->depth] - w->last;

	w->last *= times; /* at most the square of the limit and a little */
	w->weight[w->depth] = before + w->last;
	return w->weight[w->depth] <= PATTERN_WEIGHT_MAX;
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
	case '{':
		return repeat(w, times_of(here));
	case '\\':
		if (here[1] >= '1' && here[1] <= '9')
			return false;
		*at = here[1] == '\0' ? here + 1 : here + 2;
		return add(w, 1);
	default:
		return add(w, 1);
	}
}

bool pattern_is_bounded(const char *text)
{
	struct weighing w = { .depth = 0 };

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
