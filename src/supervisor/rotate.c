#include "rotate.h"

#include "ticket_keys.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* A ticket's life and a minute for clocks (PROTOCOL, The ticket). */
enum { FORMER_PAIR_MS = 11 * 60 * 1000 };

static const char file_name[] = "secret/ticket.keys";

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum fault read_keys(const struct folder *folder, struct ticket_keys *out,
	struct trouble *trouble)
{
	uint8_t buffer[TICKET_KEYS_FILE_MAX];
	struct bytes text;
	enum fault fault = folder_read(folder, file_name, FOLDER_SECRET, buffer, sizeof(buffer), &text,
		trouble);

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

enum fault rotate_ticket_keys(const struct folder *folder, bool is_now, struct trouble *trouble)
{
	owned_ticket_keys former = { 0 };
	owned_ticket_keys keys = { 0 };
	enum fault fault = read_keys(folder, &former, trouble);

	if (fault != FAULT_NONE)
		return fault;
	if (ticket_key_generate(&keys.current) != FAULT_NONE)
		return trouble_say(trouble, FAULT_CRYPTO, "no random numbers to be had");
	keys.has_former = !is_now;
	keys.former = former.current;
	keys.former_until_ms = now_ms() + FORMER_PAIR_MS;
	return write_keys(folder, &keys, trouble);
}
