#ifndef PROCESS_TICKET_KEYS_H
#define PROCESS_TICKET_KEYS_H

#include "bytes.h"
#include "fault.h"
#include "secret.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * ticket_keys: the file secret/ticket.keys: ca_id and master of the tickets, and the pair before
 * the last rotation for as long as it excuses (docs/PROTOCOL.md, "The ticket"). The supervisor
 * writes it, the authority reads it. Text, so that it can be carried to a further node:
 *
 *	current CA_ID_HEX MASTER_HEX
 *	former CA_ID_HEX MASTER_HEX UNTIL_MS
 *
 * "former" may be missing; # begins a comment line; anything else is refused.
 */
enum { CA_ID_SIZE = 16, MASTER_SIZE = 32, TICKET_KEYS_FILE_MAX = 1024 };

struct ticket_key {
	uint8_t ca_id[CA_ID_SIZE];
	struct secret master;
};

struct ticket_keys {
	struct ticket_key current, former;
	bool has_former;
	uint64_t former_until_ms; /* since 1970 UTC */
};

/* FAULT_INVALID where text is not such a file. */
enum fault ticket_keys_read(struct bytes text, struct ticket_keys *out);

/* Writes the file into buffer; out views it. The caller wipes buffer. FAULT_TOO_LONG. */
enum fault ticket_keys_write(const struct ticket_keys *, uint8_t *buffer, size_t capacity,
	struct bytes *out);

/* A fresh pair. FAULT_CRYPTO. */
enum fault ticket_key_generate(struct ticket_key *out);

void ticket_keys_wipe(struct ticket_keys *);

#define owned_ticket_keys __attribute__((cleanup(ticket_keys_wipe))) struct ticket_keys

#endif
