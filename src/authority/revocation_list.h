#ifndef AUTHORITY_REVOCATION_LIST_H
#define AUTHORITY_REVOCATION_LIST_H

#include "crl.h"
#include "materials.h"
#include "message.h"
#include "writer.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * revocation_list: the making of a revocation list: numbers from the store page by page, signed
 * here, kept by the store, and then, only then, handed to the supervisor for the fronts.
 *
 * Of more than CRL_ENTRY_COUNT_MAX numbers no list is made: a log line says so at each attempt,
 * every ten minutes, and the fronts keep the last list. Long before that the log warns with each
 * list.
 *
 * The fronts serve the last list and the one before it. So what was revoked waits with its new list
 * until the last one could be read at CRL_READ_PER_S: else nobody on such a line would get one whole.
 */
enum list_stage { LIST_IDLE = 0, LIST_COLLECTING, LIST_KEEPING };

struct revocation_list {
	int store, control; /* channels */
	enum list_stage stage;
	uint64_t request;   /* the question that waits at the store */
	uint64_t since_ms;  /* monotonic */
	uint64_t full_until_ms; /* monotonic: until then no list is begun, the last was too long */
	size_t entry_count;
	struct crl crl;
	uint8_t *buffer;    /* grows by a page of entries at a time, to CRL_MAX at most */
	struct writer w;
	struct crl_notice notice;
	int file;           /* memfd with the signed list; -1: none */
	uint64_t read_until_ms; /* monotonic: until then the list that was handed is still being read */
	struct crl_notice handed; /* the list that the fronts have; number 0: none, or not the last */
};

void revocation_list_open(struct revocation_list *, int store, int control);

/* Gives up what is being made: after a reload, or when the store does not answer. */
void revocation_list_abandon(struct revocation_list *);

/*
 * What the store says each second: begins a new list where one is due and the last one was served
 * for long enough, and at once where more than half of the last one's life is over, or where the
 * fronts may not have the last one. request: a fresh number.
 */
void revocation_list_tidy_answer(struct revocation_list *, const struct materials *,
	const struct tidy_answer *, uint64_t request);

/* The store's answers to what this list asked; others are dropped. request: a fresh number. */
void revocation_list_page(struct revocation_list *, const struct materials *, uint64_t answered,
	const struct revoked_page *, uint64_t request);
void revocation_list_kept(struct revocation_list *, uint64_t answered);

#endif
