#ifndef STORE_POLICY_DRAFT_H
#define STORE_POLICY_DRAFT_H

#include "message.h"
#include "policy.h"

/*
 * policy_draft: what the supervisor is loading, until it commits: genuine.conf and, for
 * binding = first, the expected serials. What is wrong with an item is kept and told at the end.
 */
struct policy_draft {
	bool is_complete;         /* policy_draft_finish found it whole */
	bool has_configuration;
	struct policy policy;
	char why[320];            /* the first thing that was wrong; empty where nothing is */
};

/*
 * Takes an item over; descriptor stays the caller's. FAULT_UNSUPPORTED for what is not the
 * store's to load: the supervisor is taken then.
 */
enum fault policy_draft_load(struct policy_draft *, const struct load *, int descriptor);

/* FAULT_INVALID where the draft cannot come into force: why says it. */
enum fault policy_draft_finish(struct policy_draft *);

/* Forgets it, with what it holds. */
void policy_draft_close(struct policy_draft *);

/* Takes the place of the policy in force, which is released; the draft is empty then. */
void policy_draft_commit(struct policy_draft *, struct policy *in_force);

#endif
