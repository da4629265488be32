#ifndef STORE_OPERATOR_H
#define STORE_OPERATOR_H

#include "store.h"

/*
 * operator: the operator's acts. Each is one transaction: done wholly, durable before it is
 * answered, in the audit chain; or not done, and nothing has changed.
 *
 * An act is a verb and its arguments, as text. The last argument may be by=NAME: who acts, for the
 * audit ("operator" where it is left out). Acts that change something act at once, also on what is
 * being signed: open intents that they concern are closed and their numbers revoked.
 *
 * verb                 arguments and rows, the members in their order
 *
 * device import begin  [add] [replace] [again]; no rows
 * device import row    SERIAL EK_ID PROFILES GROUP; no rows. SERIAL may be empty, and PROFILES, for
 *                      device; a row that is refused ends the import
 * device import end    one row: rows, added, changed, unchanged
 * device list          serial, state, eks, ek_id, group, certificate, not_after
 * device show          SERIAL
 *                      kind = device: kind, serial, state, since, rekey_permitted
 *                      kind = ek: kind, ek_id, listed, profiles, group, bound
 *                      kind = ik: kind, ik_id, current, since
 *                      kind = certificate: kind, then as in certificate list
 * device suspend       SERIAL; one row: serial, state
 * device restore       SERIAL; one row: serial, state
 * device release       SERIAL; one row: serial, state, revoked
 * device rekey         SERIAL; one row: serial, rekey_permitted
 * ban add              ek|ik|serial VALUE [REASON]; one row: kind, value
 * ban remove           ek|ik|serial VALUE; one row: kind, value
 * ban list             kind, value, reason, since
 * certificate list     [SERIAL]; number, serial, profile, state, not_before, not_after, recorded,
 *                      revoked, reason
 * certificate show     NUMBER; one row: as in certificate list, then ek_id, ik_id, certificate and
 *                      chain (PEM)
 * certificate revoke   SERIAL|NUMBER [REASON]; one row: serial, revoked, suspended
 * audit list           [FROM]; seq, at, actor, act, detail (JSON), hash
 * audit verify         [SEQ HASH]; one row: whole, entries, head
 * audit add            ACT [NAME=VALUE]…; no rows. An act of the supervisor's, which alone sends this
 * crl                  number, this_update, next_update, der: base64. A long list comes in several
 *                      rows, whose der are put together in their order
 * store status         clock_ahead_s, revoked, revoked_max, crl_number, crl_next_update, warning
 *
 * A listing (… list) comes in pages of 500 rows, so that what devices want is done in between. Where
 * more may follow, the result's text names the last row, and the same act with the further argument
 * after=TEXT, before by=NAME, gives the next page.
 *
 * state of a device: listed, bound, suspended, released, banned; of a certificate: current, former,
 * revoked, ended. REASON of a revocation: one of RFC 5280's names in lowerCamelCase that
 * operator_certificate.c lists. Times are text, such as 2026-11-23T10:20:30Z. eks, rows, added and
 * the like are numbers; listed, bound, whole and the like are truths; what is not known is nothing.
 */
struct operator_sink {
	void (*row)(void *context, const struct operator_row *);
	void *context;
};

enum { OPERATOR_TEXT_MAX = 400 };

struct operator_result {
	bool is_done;
	bool is_not_found;
	char text[OPERATOR_TEXT_MAX + 1]; /* not done: one plain sentence why; done: see after= */
};

/*
 * Does one act, in a group of its own (none may be open). Rows of a listing go to the sink as they
 * are found, those of a change after its commit; their views live for the call.
 */
void store_operate(struct store *, const struct operator_request *, const struct operator_sink *,
	struct operator_result *out);

#endif
