/*
 * Our name hides the system's header of the same name, which others need (<openssl/err.h>): it is
 * included here, outside the guard, because gcc's own comes back to the first of that name.
 */
#pragma GCC system_header
#include_next <limits.h>

#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/*
 * limits: every capacity of the program, each with its reason. Units are octets unless the name
 * says otherwise.
 */
enum {
	/* The protocol's own limits (docs/PROTOCOL.md). */
	BODY_MAX = 65536,
	CSR_MAX = 8192,
	EK_CERTIFICATE_MAX = 4096,
	EK_CHAIN_COUNT_MAX = 8,
	EK_CHAIN_MAX = 24576,
	SERIAL_MAX = 63,
	PROFILE_NAME_MAX = 32,
	TICKET_SIZE = 32,
	CHALLENGE_HEADER_SIZE = 53,
	CHALLENGE_HEADER_MAX = 256, /* what a wrong header may have, to be told so */

	/* TPM 2.0 Part 2: the largest structures of the keys that we accept. */
	RSA_MODULUS_MAX = 512,   /* RSA 4096 */
	ECC_COORDINATE_MAX = 66, /* P-521 */
	DIGEST_MAX = 64,         /* SHA-512 */
	TPMT_PUBLIC_MAX = 640,   /* RSA 4096 with a SHA-512 policy needs 602 */
	TPM2B_PUBLIC_MAX = 642,
	CREDENTIAL_MAX = 1024, /* credential file: 8 + 2 + 132 + 2 + 512 at most */

	/* X.509. */
	CERTIFICATE_MAX = 4096, /* one that we issue: 2,560 at most are signed, 512 the signature */
	CERTIFICATE_PEM_MAX = 6144, /* CERTIFICATE_MAX in base64 with line ends and labels */
	CHAIN_MAX = 8192,           /* our own chain in PEM: two issuers at most */
	SPKI_MAX = 640,             /* RSA 4096 needs 550 */
	ANCHOR_MAX = 8192,          /* a TPM vendor's CA certificate */
	ANCHOR_COUNT_MAX = 4096,    /* the largest public bundle has 1,572 */
	PATH_LEN_MAX = 7,           /* certificates between an EK and its anchor, both counted */
	DER_DEPTH_MAX = 16,
	JSON_DEPTH_MAX = 16,       /* of a request; one that we take has 2 */
	JSON_COMMA_COUNT_MAX = 64, /* of a request; one that we take has 14 */

	/* Frames between roles: the largest is a request with a full chain, about 40 KiB. */
	FRAME_MAX = 49152,

	/* The front. */
	HEAD_MAX = 4096,        /* request line and fields: our own clients send under 300 octets */
	HEADER_COUNT_MAX = 100, /* fields: a proxy adds ten or so */
	CONNECTION_COUNT_MAX = 4096,  /* a front's: some 25 KiB each while a request is under way */
	CONNECTION_TIMEOUT_MS = 9000, /* handshake with request, answer, pause: none lasts 10 s */
	REQUEST_READS_MAX =
		1024, /* pieces of a request: a body in records of 64 octets still passes */
	CONNECTION_REQUESTS_MAX = 100, /* of one connection, then it is closed after the answer */
	ANSWER_TIMEOUT_MS = 5000,      /* what the roles behind the front may take */
	PENDING_MAX = 64,      /* requests in flight to a verifier: some 100 ms of its work */
	ANSWER_HEAD_MAX = 512, /* status line and fields of an answer */
	TLS_PEM_MAX = 65536,   /* TLS certificate chain, or key, as PEM */
	DRAIN_MAX = 262144,    /* what is still read from a peer after the last answer */
	OUTPUT_STEP = 65536,   /* an answer's octets that earn the connection its time anew */
	SOURCE_TEXT_MAX = 45,  /* an address in words: INET6_ADDRSTRLEN without its NUL */
	QUOTA_SETS = 1024,     /* of QUOTA_WAYS prefixes each: 4096 in 128 KiB */
	QUOTA_WAYS = 4,
	REFUSAL_SLOTS = 4096, /* a front's ring of refusals: 2 MiB */
	REFUSAL_SLOT_SIZE = 512,

	/* What a refusal says about what it saw: one short line. */
	SAW_MAX = 120,

	/* [identity] expected: a million serials, one a line. */
	EXPECTED_MAX = 64 * 1024 * 1024,

	/*
	 * Our own revocation list: each front holds it in memory, twice for a moment, and everyone
	 * who checks our certificates fetches it whole. An entry has 51 octets at most.
	 */
	CRL_MAX = 16 * 1024 * 1024,
	CRL_ENTRY_COUNT_MAX = 320000,
	CRL_ENTRY_COUNT_MANY = 240000, /* from here on the operator is warned */

	/* Octets a second: who reads the list so fast gets it whole, however often certificates are revoked. */
	CRL_READ_PER_S = 128 * 1024,
};

#endif
