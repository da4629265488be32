#include "ticket_keys.h"

#include "encoding.h"
#include "writer.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

enum { UNTIL_DIGITS_MAX = 19 };

/* ---- reading ---- */

static struct bytes take_until(struct bytes *text, uint8_t end)
{
	const uint8_t *at = text->len == 0 ? NULL : memchr(text->data, end, text->len);
	struct bytes taken =
		bytes_of(text->data, at == NULL ? text->len : (size_t)(at - text->data));
	size_t skipped = taken.len + (at != NULL);

	*text = bytes_of(text->data + skipped, text->len - skipped);
	return taken;
}

static enum fault pair_read(struct bytes *line, struct ticket_key *out)
{
	struct ticket_key key = { .master.len = MASTER_SIZE };
	enum fault fault = hex_decode(take_until(line, ' '), key.ca_id, CA_ID_SIZE);

	if (fault == FAULT_NONE)
		fault = hex_decode(take_until(line, ' '), key.master.data, MASTER_SIZE);
	if (fault == FAULT_NONE)
		*out = key;
	secret_wipe(&key.master);
	return fault;
}

static enum fault until_read(struct bytes digits, uint64_t *out)
{
	uint64_t until = 0;

	if (digits.len == 0 || digits.len > UNTIL_DIGITS_MAX)
		return FAULT_INVALID;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return FAULT_INVALID;
		until = until * 10 + (uint64_t)(digits.data[i] - '0');
	}
	*out = until;
	return FAULT_NONE;
}

static enum fault former_read(struct bytes *line, struct ticket_keys *keys)
{
	enum fault fault = keys->has_former ? FAULT_INVALID : pair_read(line, &keys->former);

	if (fault == FAULT_NONE)
		fault = until_read(take_until(line, ' '), &keys->former_until_ms);
	keys->has_former = true;
	return fault;
}

static enum fault line_read(struct bytes line, struct ticket_keys *keys)
{
	enum fault fault = FAULT_INVALID;

	if (line.len == 0 || line.data[0] == '#')
		return FAULT_NONE;
	struct bytes word = take_until(&line, ' ');
	if (bytes_equal(word, BYTES_OF_LITERAL("current")) && keys->current.master.len == 0)
		fault = pair_read(&line, &keys->current);
	else if (bytes_equal(word, BYTES_OF_LITERAL("former")))
		fault = former_read(&line, keys);
	return fault == FAULT_NONE && line.len > 0 ? FAULT_INVALID : fault;
}

enum fault ticket_keys_read(struct bytes text, struct ticket_keys *out)
{
	owned_ticket_keys keys = { 0 };

	if (text.len > TICKET_KEYS_FILE_MAX)
		return FAULT_INVALID;
	while (text.len > 0) {
		enum fault fault = line_read(take_until(&text, '\n'), &keys);

		if (fault != FAULT_NONE)
			return fault;
	}
	if (keys.current.master.len == 0)
		return FAULT_INVALID;
	*out = keys;
	return FAULT_NONE;
}

/* ---- writing ---- */

static void pair_write(struct writer *w, const char *word, const struct ticket_key *key)
{
	char hex[HEX_CAPACITY(MASTER_SIZE)];

	writer_bytes(w, bytes_of_string(word));
	writer_u8(w, ' ');
	hex_encode(BYTES_OF_ARRAY(key->ca_id), hex, sizeof(hex));
	writer_bytes(w, bytes_of_string(hex));
	writer_u8(w, ' ');
	hex_encode(secret_bytes(&key->master), hex, sizeof(hex));
	writer_bytes(w, bytes_of_string(hex));
	OPENSSL_cleanse(hex, sizeof(hex));
}

enum fault ticket_keys_write(const struct ticket_keys *keys, uint8_t *buffer, size_t capacity,
	struct bytes *out)
{
	struct writer w = writer_of(buffer, capacity);
	char until[UNTIL_DIGITS_MAX + 4];

	pair_write(&w, "current", &keys->current);
	if (keys->has_former) {
		pair_write(&w, "\nformer", &keys->former);
		(void)snprintf(
			until, sizeof(until), " %llu", (unsigned long long)keys->former_until_ms);
		writer_bytes(&w, bytes_of_string(until));
	}
	writer_u8(&w, '\n');
	return writer_end(&w, out);
}

enum fault ticket_key_generate(struct ticket_key *out)
{
	struct ticket_key key = { .master.len = MASTER_SIZE };
	bool is_done = RAND_bytes(key.ca_id, CA_ID_SIZE) == 1 &&
		RAND_priv_bytes(key.master.data, MASTER_SIZE) == 1;

	if (is_done)
		*out = key;
	secret_wipe(&key.master);
	return is_done ? FAULT_NONE : FAULT_CRYPTO;
}

void ticket_keys_wipe(struct ticket_keys *keys)
{
	secret_wipe(&keys->current.master);
	secret_wipe(&keys->former.master);
}
