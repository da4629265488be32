#ifndef FRONT_DOCUMENT_H
#define FRONT_DOCUMENT_H

#include "bytes.h"

#include <stddef.h>
#include <stdint.h>

/*
 * document: octets on their way out, held by as many connections as are sending them: an answer by
 * one, the revocation list by many while a newer one may already have taken its place. Written once
 * by whoever makes it, then never changed.
 */
struct document {
	size_t holders;
	uint64_t list; /* of a revocation list: the how-manieth it is; else 0 */
	size_t len;
	uint8_t data[];
};

/* Held once, by the caller; its len octets are to be filled. NULL where there is no memory. */
struct document *document_make(size_t len);

/* One holder more; returns its argument, NULL included. */
struct document *document_hold(struct document *);

/* One holder less; the last one frees it. Takes NULL. */
void document_release(struct document *);

#endif
