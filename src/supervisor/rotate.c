#include "rotate.h"

#include "act_record.h"
#include "ticket_keys.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* A ticket's life and a minute for clocks (PROTOCOL, The ticket). */
enum { FORMER_PAIR_MS = 11 * 60 * 1000 };

static const char file_name[] = "secret/ticket.keys";

static enum fault read_keys(const struct folder *folder, struct ticket_keys *out,
	struct trouble *trouble)
{
	uint8_t buffer[TICKET_KEYS_FILE_MAX];
	struct bytes text;
	enum fault fault = folder_read(
		folder, file_name, FOLDER_SECRET, buffer, sizeof(buffer), &text, trouble);

	if (fault == FAULT_NONE) {
		fault = ticket_keys_read(text, out);
		if (fault != FAULT_NONE)
			(void)trouble_say(trouble, fault, "%s/%s is not a file of ticket keys",
				folder->path, file_name);
	}
	OPENSSL_cleanse(buffer, sizeof(buffer));
	return fault;
}

static enum fault write_keys(const struct folder *folder, const struct ticket_keys *keys,
	struct trouble *trouble)
{
	uint8_t buffer[TICKET_KEYS_FILE_MAX];
	struct bytes text;
	enum fault fault = ticket_keys_write(keys, buffer, sizeof(buffer), &text);

	if (fault == FAULT_NONE)
		fault = folder_replace(folder, file_name, S_IRUSR | S_IWUSR, text, trouble);
	OPENSSL_cleanse(buffer, sizeof(buffer));
	return fault;
}

static enum fault record(struct server *server, const struct ticket_keys *keys,
	const struct ticket_keys *former, const char *actor, struct trouble *trouble)
{
	struct act_record record = act_record_of("rotate", actor);

	act_record_octets(&record, "ca_id", BYTES_OF_ARRAY(keys->current.ca_id));
	act_record_octets(&record, "former", BYTES_OF_ARRAY(former->current.ca_id));
	act_record_text(&record, "excused", keys->has_former ? "yes" : "no");
	return act_record_send(server, &record, trouble);
}

enum fault rotate_ticket_keys(struct server *server, bool is_now, const char *actor,
	struct trouble *trouble)
{
	owned_ticket_keys former = { 0 };
	owned_ticket_keys keys = { 0 };
	enum fault fault = server_check_store_is_free(server, trouble);

	if (fault == FAULT_NONE)
		fault = read_keys(server->folder, &former, trouble);
	if (fault != FAULT_NONE)
		return fault;
	if (ticket_key_generate(&keys.current) != FAULT_NONE)
		return trouble_say(trouble, FAULT_CRYPTO, "no random numbers to be had");
	keys.has_former = !is_now;
	keys.former = former.current;
	keys.former_until_ms = realtime_ms() + FORMER_PAIR_MS;
	fault = record(server, &keys, &former, actor, trouble);
	return fault != FAULT_NONE ? fault : write_keys(server->folder, &keys, trouble);
}
