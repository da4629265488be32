#include "mutant.h"

#include "message.h"

/*
 * STORE_ANSWER: an authority that gives the certificate out, whatever the store has answered. The
 * linker calls this (--wrap).
 */
enum fault __real_record_answer_read(struct bytes, struct record_answer *);
enum fault __wrap_record_answer_read(struct bytes, struct record_answer *);

enum fault __wrap_record_answer_read(struct bytes body, struct record_answer *out)
{
	enum fault fault = __real_record_answer_read(body, out);

	if (mutant_spares(CHECK_STORE_ANSWER))
		out->is_recorded = true;
	return fault;
}
