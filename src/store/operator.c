#include "operator.h"

#include "operator_verbs.h"

#include <stdio.h>

enum verb_kind { CHANGE, QUESTION, LISTING };

struct verb {
	const char *name;
	size_t count_min, count_max; /* of arguments */
	enum verb_kind kind;
	void (*run)(struct operation *);
};

static const struct verb verbs[] = {
	{ "device import begin", 0, 3, CHANGE, device_import_begin },
	{ "device import row", 4, 4, CHANGE, device_import_row },
	{ "device import end", 0, 0, CHANGE, device_import_end },
	{ "device list", 0, 0, LISTING, device_list },
	{ "device show", 1, 1, QUESTION, device_show },
	{ "device suspend", 1, 1, CHANGE, device_suspend },
	{ "device restore", 1, 1, CHANGE, device_restore },
	{ "device release", 1, 1, CHANGE, device_release },
	{ "device rekey", 1, 1, CHANGE, device_rekey },
	{ "ban add", 2, 3, CHANGE, ban_add_verb },
	{ "ban remove", 2, 2, CHANGE, ban_remove_verb },
	{ "ban list", 0, 0, LISTING, ban_list },
	{ "certificate list", 0, 1, LISTING, certificate_list },
	{ "certificate show", 1, 1, QUESTION, certificate_show },
	{ "certificate revoke", 1, 2, CHANGE, certificate_revoke },
	{ "audit list", 0, 1, LISTING, audit_list },
	{ "audit add", 1, OPERATOR_ARGUMENTS_MAX - 1, CHANGE, audit_add },
	{ "audit verify", 0, 2, QUESTION, audit_verify_verb },
	{ "crl", 0, 0, QUESTION, crl_show },
	{ "store status", 0, 0, QUESTION, store_status },
};

static const struct verb *verb_of(struct bytes name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (bytes_equal(bytes_of_string(verbs[i].name), name))
			return &verbs[i];
	}
	return NULL;
}

/* Takes prefix… off the end of the arguments into out, which stays as it is where there is none. */
static bool take_last(struct operation *operation, struct bytes prefix, char *out, size_t capacity)
{
	char text[AUDIT_NAME_MAX + AFTER_MAX + 8];
	struct bytes last = { 0 };

	if (operation->count > 0)
		last = operation->request->arguments[operation->count - 1];
	if (last.len < prefix.len || !bytes_equal(bytes_of(last.data, prefix.len), prefix))
		return true;
	if (!operation_text(operation, operation->count - 1, "argument", text, prefix.len + capacity))
		return false;
	(void)snprintf(out, capacity, "%s", text + prefix.len);
	operation->count--;
	return true;
}

/* by=NAME, and before it, of a listing, after=ROW. */
static bool take_named(struct operation *operation, const struct verb *verb)
{
	operation->count = operation->request->count;
	(void)snprintf(operation->actor, sizeof(operation->actor), "operator");
	return take_last(operation, BYTES_OF_LITERAL("by="), operation->actor,
			sizeof(operation->actor)) &&
		(verb->kind != LISTING || take_last(operation, BYTES_OF_LITERAL("after="),
			operation->after, sizeof(operation->after)));
}

static void fail_by_database(const struct operation *operation)
{
	struct operator_result *result = operation->result;

	result->is_done = false;
	result->is_not_found = false;
	(void)snprintf(result->text, sizeof(result->text),
		"nothing was done, the database failed: %s",
		store_failure(operation->store));
}

static void run(struct operation *operation, const struct verb *verb)
{
	struct store *store = operation->store;

	store_group_begin(store);
	store_act_begin(store);
	verb->run(operation);
	if (!operation->result->is_done)
		store_act_undo(store);
	enum fault act_fault = store_act_end(store);
	enum fault group_fault = store_group_commit(store);
	if (act_fault != FAULT_NONE || group_fault != FAULT_NONE) {
		/* A row of an import may be among what was not done. */
		store->is_importing = false;
		fail_by_database(operation);
	}
	if (operation->result->is_done && operation->is_change && operation->row_count == 1)
		operation->sink->row(operation->sink->context, &operation->row);
}

void store_operate(struct store *store, const struct operator_request *request,
	const struct operator_sink *sink, struct operator_result *out)
{
	struct operation operation = { .store = store, .request = request, .sink = sink,
		.result = out };
	const struct verb *verb = verb_of(request->verb);

	*out = (struct operator_result){ .is_done = false };
	if (verb == NULL) {
		operation_refuse(&operation, "there is no such act");
		return;
	}
	if (!take_named(&operation, verb))
		return;
	if (operation.count < verb->count_min || operation.count > verb->count_max) {
		store->is_importing = false; /* the row of an import, perhaps */
		operation_refuse(&operation, "%s: the number of arguments is wrong", verb->name);
		return;
	}
	operation.is_change = verb->kind == CHANGE;
	run(&operation, verb);
}
