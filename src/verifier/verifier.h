#ifndef VERIFIER_VERIFIER_H
#define VERIFIER_VERIFIER_H

/*
 * verifier: the role's loop over its three channels. Evidence from the front is judged at once and
 * goes to the authority as facts, or back as a refusal; the authority's answers are passed on to
 * the front unchanged, once they have been read as answers. What it judges by comes on the control
 * channel and is exchanged as a whole.
 *
 * It never waits for a channel: where the authority does not keep up the request is answered 503;
 * where the front does not, the answer is dropped and the front's own timer answers.
 */
struct verifier_channels {
	int control;   /* the supervisor */
	int front;
	int authority;
};

/* Runs until MESSAGE_STOP, or until the supervisor has gone; returns the process's exit status. */
int verifier_run(const struct verifier_channels *);

#endif
