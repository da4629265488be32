#include "pending.h"

#include "message.h"

#include <assert.h>
#include <string.h>

void pending_open(struct pending *pending, uint64_t first)
{
	memset(pending, 0, sizeof(*pending));
	pending->next = first;
}

/* The number that follows; never REQUEST_NONE. */
static uint64_t next_number(struct pending *pending)
{
	if (++pending->next == REQUEST_NONE)
		++pending->next;
	return pending->next;
}

enum fault pending_add(struct pending *pending, struct connection *connection, uint64_t *out)
{
	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending_entry *entry = &pending->entries[i];

		if (entry->connection != NULL)
			continue;
		*entry = (struct pending_entry){ next_number(pending), connection };
		*out = entry->request;
		return FAULT_NONE;
	}
	return FAULT_BUSY;
}

enum fault pending_take(struct pending *pending, uint64_t request, struct connection **out)
{
	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending_entry *entry = &pending->entries[i];

		if (entry->connection == NULL || entry->request != request)
			continue;
		*out = entry->connection;
		*entry = (struct pending_entry){ 0 };
		return FAULT_NONE;
	}
	return FAULT_NOT_FOUND;
}

void pending_forget(struct pending *pending, const struct connection *connection)
{
	assert(connection != NULL);
	for (size_t i = 0; i < PENDING_MAX; i++) {
		if (pending->entries[i].connection == connection)
			pending->entries[i] = (struct pending_entry){ 0 };
	}
}
