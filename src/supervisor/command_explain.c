#include "commands.h"

#include "explain.h"

int command_explain(struct invocation *invocation)
{
	struct trouble trouble = { "" };
	owned_folder folder = { 0 };
	owned_rows rows = { 0 };
	struct ring_entry entry;

	if (!invocation_is_good(invocation, 1, 1))
		return STATUS_USAGE;
	enum fault fault = rows_open(&rows);
	if (fault == FAULT_NONE)
		fault = folder_open(invocation->directory, &folder, &trouble);
	if (fault == FAULT_NONE)
		fault = explain_find(&folder, invocation->arguments[0], &entry, &trouble);
	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	rows_add(&rows, explain_object(&entry));
	return invocation_print(invocation, &rows, ROWS_OBJECT);
}
