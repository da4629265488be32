#ifndef FRONT_REQUEST_JSON_H
#define FRONT_REQUEST_JSON_H

#include "bytes.h"
#include "check.h"
#include "fault.h"
#include "message.h"

/*
 * request_json: the body of a POST, one JSON object of a fixed schema, made into struct evidence.
 * Unknown and duplicate members are refused, base64 is canonical; nothing is looked into further:
 * what the octets mean is the verifier's to say.
 */

/* Where the decoded members lie: base64 makes a body of BODY_MAX octets no longer. */
struct evidence_octets {
	uint8_t data[BODY_MAX];
};

/*
 * Once, before the sandbox: the JSON library would read a file for its random seed. From then on
 * its memory is watched (memory_watch.h).
 */
void request_json_open(uint32_t seed);

/*
 * Reads the body for an act (enum act). The views in out point into octets, never into body.
 * FAULT_INVALID: refusal says which member and what is wrong with it; the check is JSON_FORM,
 * JSON_SCHEMA, JSON_BASE64 or MEMBER_SIZE. FAULT_NO_MEMORY: the body may be sound; the check is
 * BACK_END.
 */
enum fault request_json_read(struct bytes body, uint8_t act, struct evidence_octets *octets,
	struct evidence *out, struct refusal *refusal);

#endif
