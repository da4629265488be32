#include "revocation_list.h"

#include "channel.h"
#include "descriptor.h"
#include "device_certificate.h"
#include "log.h"
#include "store_clock.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SECONDS_PER_DAY = 86400, LIST_LIMIT_MS = 30000 };

/* Certificates run out by the day, not by the second. */
enum { FULL_PAUSE_MS = 600000 };

/* Back a little, for those whose clock is behind. */
enum { THIS_UPDATE_BACK_S = 300 };

void revocation_list_open(struct revocation_list *list, int store, int control)
{
	*list = (struct revocation_list){ .store = store, .control = control, .file = -1 };
}

void revocation_list_abandon(struct revocation_list *list)
{
	/* The store may have kept it, and then none is due: the fronts' is the former one. */
	if (list->stage == LIST_KEEPING)
		list->handed.number = 0;
	free(list->buffer);
	list->buffer = NULL;
	if (list->file >= 0)
		(void)close(list->file);
	list->file = -1;
	list->stage = LIST_IDLE;
}

/* Room for a further page of entries, or for what ends the list. */
static bool make_room(struct revocation_list *list, size_t more)
{
	size_t capacity = list->w.len + more;
	uint8_t *buffer = capacity <= CRL_MAX ? realloc(list->buffer, capacity) : NULL;

	if (buffer == NULL)
		return false;
	list->buffer = buffer;
	list->w.data = buffer;
	list->w.capacity = capacity;
	return true;
}

static void fail(struct revocation_list *list, const char *why)
{
	log_error("no new revocation list: %s", why);
	revocation_list_abandon(list);
}

/*
 * What is revoked does not reach those who ask for the list: never without a word. Whether the fronts
 * have a list of an authority before this one is not known here.
 */
static void fail_full(struct revocation_list *list)
{
	log_error("no new revocation list: more than %d certificates are revoked; the last one, if there "
		"is one, is served on; see REVOCATION in genuine-ca(1)", CRL_ENTRY_COUNT_MAX);
	list->full_until_ms = monotonic_now_ms() + FULL_PAUSE_MS;
	revocation_list_abandon(list);
}

static void ask_page(struct revocation_list *list, struct bytes after, uint64_t request)
{
	uint8_t buffer[64];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_REVOKED, request);
	struct bytes frame;

	writer_bytes(&w, after);
	list->request = request;
	if (writer_end(&w, &frame) != FAULT_NONE || channel_send(list->store, frame) != FAULT_NONE)
		fail(list, "the store does not keep up");
}

static void begin(struct revocation_list *list, const struct materials *m,
	const struct tidy_answer *answer, uint64_t request)
{
	static const uint8_t from_the_start[CERTIFICATE_NUMBER_SIZE];
	uint64_t now_s = answer->state.now_ms / 1000;

	list->notice = (struct crl_notice){
		.number = answer->crl_number + 1,
		.this_update_s = seconds_before(now_s, THIS_UPDATE_BACK_S),
		.next_update_s = now_s + (uint64_t)m->configuration.crl_days * SECONDS_PER_DAY,
	};
	list->crl = (struct crl){
		.signature_algorithm = key_algorithm(m->key),
		.issuer = m->issuer,
		.authority_key_identifier = m->authority_key_identifier,
		.number = list->notice.number,
		.this_update_s = list->notice.this_update_s,
		.next_update_s = list->notice.next_update_s,
	};
	list->w = writer_of(NULL, 0);
	list->entry_count = 0;
	list->since_ms = monotonic_now_ms();
	list->stage = LIST_COLLECTING;
	if (!make_room(list, CRL_FRAME_MAX)) {
		fail(list, "out of memory");
		return;
	}
	crl_begin(&list->w, &list->crl);
	ask_page(list, BYTES_OF_ARRAY(from_the_start), request);
}

/* Half of its life is over, or its end is not known. */
static bool is_ageing(const struct materials *m, const struct tidy_answer *answer)
{
	uint64_t half_s = (uint64_t)m->configuration.crl_days * SECONDS_PER_DAY / 2;

	return answer->state.now_ms / 1000 + half_s >= answer->crl_next_update_s;
}

static bool is_needed(const struct revocation_list *list, const struct materials *m,
	const struct tidy_answer *answer)
{
	if (list->handed.number == 0 || is_ageing(m, answer))
		return true;
	return answer->state.crl_is_due && monotonic_now_ms() >= list->read_until_ms;
}

void revocation_list_tidy_answer(struct revocation_list *list, const struct materials *m,
	const struct tidy_answer *answer, uint64_t request)
{
	if (list->stage != LIST_IDLE && monotonic_now_ms() - list->since_ms > LIST_LIMIT_MS)
		fail(list, "the store did not answer");
	if (list->stage != LIST_IDLE || monotonic_now_ms() < list->full_until_ms)
		return;
	if (is_needed(list, m, answer))
		begin(list, m, answer, request);
}

/*
 * The list's octets in a memfd. Many are given the same one: sealed, so that none of them, were it
 * taken, could change it for the others.
 */
static bool write_file(struct revocation_list *list, struct bytes octets)
{
	list->file = memfd_create("crl", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return list->file >= 0 &&
	       write(list->file, octets.data, octets.len) == (ssize_t)octets.len &&
	       descriptor_seal(list->file) == FAULT_NONE;
}

/* Signs what was collected and puts the list into its file. */
static bool sign_list(struct revocation_list *list, const struct materials *m)
{
	uint8_t signature_buffer[SIGNATURE_MAX];
	struct bytes tbs, signature, signed_list;

	if (!make_room(list, CRL_FRAME_MAX))
		return false;
	crl_end(&list->w, &list->crl);
	if (writer_end(&list->w, &tbs) != FAULT_NONE ||
		key_sign(m->key, tbs, signature_buffer, &signature) != FAULT_NONE)
		return false;

	uint8_t *whole = malloc(tbs.len + CRL_FRAME_MAX);
	struct writer w = writer_of(whole, whole != NULL ? tbs.len + CRL_FRAME_MAX : 0);

	signed_write(&w, tbs, key_algorithm(m->key), signature);
	bool is_done = writer_end(&w, &signed_list) == FAULT_NONE && write_file(list, signed_list);
	list->notice.size = is_done ? (uint32_t)signed_list.len : 0;
	free(whole);
	return is_done;
}

static bool send_list(const struct revocation_list *list, int channel, uint64_t request)
{
	uint8_t buffer[64];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_CRL, request);
	struct bytes frame;

	crl_notice_write(&w, &list->notice);
	return writer_end(&w, &frame) == FAULT_NONE &&
		channel_send_descriptor(channel, frame, list->file) == FAULT_NONE;
}

void revocation_list_page(struct revocation_list *list, const struct materials *m,
	uint64_t answered, const struct revoked_page *page, uint64_t request)
{
	if (list->stage != LIST_COLLECTING || answered != list->request)
		return;
	list->entry_count += page->count;
	if (list->entry_count > CRL_ENTRY_COUNT_MAX) {
		fail_full(list);
		return;
	}
	if (!make_room(list, page->count * CRL_ENTRY_MAX + CRL_FRAME_MAX)) {
		fail(list, "out of memory");
		return;
	}
	for (size_t i = 0; i < page->count; i++)
		crl_entry(&list->w, &list->crl, BYTES_OF_ARRAY(page->revoked[i].number),
			page->revoked[i].revoked_at_s, page->revoked[i].reason);
	if (!page->is_last && page->count > 0) {
		ask_page(list, BYTES_OF_ARRAY(page->revoked[page->count - 1].number), request);
		return;
	}
	list->request = request;
	list->stage = LIST_KEEPING;
	if (!sign_list(list, m) || !send_list(list, list->store, request))
		fail(list, "it could not be signed or handed on");
}

void revocation_list_kept(struct revocation_list *list, uint64_t answered)
{
	if (list->stage != LIST_KEEPING || answered != list->request)
		return;
	if (send_list(list, list->control, REQUEST_NONE)) {
		list->handed = list->notice;
		list->read_until_ms = monotonic_now_ms() +
			(uint64_t)list->notice.size * 1000 / CRL_READ_PER_S;
		list->stage = LIST_IDLE;
	}
	if (list->entry_count >= CRL_ENTRY_COUNT_MANY)
		log_warning("the revocation list has %zu entries, of at most %d", list->entry_count,
			CRL_ENTRY_COUNT_MAX);
	revocation_list_abandon(list);
}
