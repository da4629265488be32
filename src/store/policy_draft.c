#include "policy_draft.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 2, 3)))
static void refuse(struct policy_draft *draft, const char *format, ...)
{
	va_list arguments;

	if (draft->why[0] != '\0')
		return;
	va_start(arguments, format);
	(void)vsnprintf(draft->why, sizeof(draft->why), format, arguments);
	va_end(arguments);
}

static void load_configuration(struct policy_draft *draft, struct bytes text)
{
	struct configuration configuration;
	struct configuration_error error;

	if (configuration_read(text, &configuration, &error) != FAULT_NONE) {
		refuse(draft, "%s", error.text);
		return;
	}
	draft->has_configuration = true;
	draft->policy.trust = configuration.trust;
	draft->policy.binding = configuration.binding;
	draft->policy.rekey = configuration.rekey;
	draft->policy.overlap_s = configuration.overlap_s;
}

static void load_expected(struct policy_draft *draft, int descriptor)
{
	struct expected *expected = NULL;
	size_t line = 0;
	enum fault fault = expected_read(descriptor, &expected, &line);

	if (fault == FAULT_INVALID)
		refuse(draft, "[identity] expected: line %zu is not a serial", line);
	else if (fault != FAULT_NONE)
		refuse(draft, "[identity] expected: %s", fault_text(fault));
	expected_close(draft->policy.expected);
	draft->policy.expected = expected;
}

enum fault policy_draft_load(struct policy_draft *draft, const struct load *load, int descriptor)
{
	if (load->kind == LOAD_CONFIGURATION)
		load_configuration(draft, load->octets);
	else if (load->kind == LOAD_EXPECTED && descriptor >= 0)
		load_expected(draft, descriptor);
	else
		return FAULT_UNSUPPORTED;
	return FAULT_NONE;
}

enum fault policy_draft_finish(struct policy_draft *draft)
{
	if (!draft->has_configuration)
		refuse(draft, "the store was given no configuration");
	else if (draft->policy.binding == BINDING_FIRST && draft->policy.expected == NULL)
		refuse(draft, "[identity] binding = first needs expected = FILE");
	draft->is_complete = draft->why[0] == '\0';
	return draft->is_complete ? FAULT_NONE : FAULT_INVALID;
}

void policy_draft_close(struct policy_draft *draft)
{
	expected_close(draft->policy.expected);
	*draft = (struct policy_draft){ .is_complete = false };
}

void policy_draft_commit(struct policy_draft *draft, struct policy *in_force)
{
	expected_close(in_force->expected);
	*in_force = draft->policy;
	*draft = (struct policy_draft){ .is_complete = false };
}
