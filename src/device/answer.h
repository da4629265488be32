#ifndef DEVICE_ANSWER_H
#define DEVICE_ANSWER_H

#include "bytes.h"
#include "fault.h"
#include "limits.h"

/*
 * answer: reads the CA's JSON strictly (docs/PROTOCOL.md, HTTP): exactly the members that belong
 * there, none twice, base64 canonical, sizes within their limits. FAULT_INVALID or FAULT_TOO_LONG
 * for anything else; the CA is as little trusted with our memory as anybody.
 */
struct challenge {
	uint8_t credential[CREDENTIAL_MAX];
	size_t credential_len;
	uint8_t header[CHALLENGE_HEADER_SIZE];
};

enum { PEM_MAX = 16384 };

/* The certificate and its chain as the CA wrote them: PEM, still to be judged. */
struct issued {
	char certificate[PEM_MAX + 1];
	char chain[PEM_MAX + 1];
};

/* What a problem document (RFC 9457) says, made fit for a terminal. */
enum { PROBLEM_TEXT_MAX = 200 };
struct problem {
	char detail[PROBLEM_TEXT_MAX + 1];    /* or title; empty where there is neither */
	char reference[PROBLEM_TEXT_MAX + 1]; /* of a 403, hexadecimal; empty where there is none */
};

enum fault answer_challenge(struct bytes body, struct challenge *out);
enum fault answer_issued(struct bytes body, struct issued *out);

/* Whatever a refusal's body holds; a body that is no problem document gives empty texts. */
struct problem answer_problem(struct bytes body);

#endif
