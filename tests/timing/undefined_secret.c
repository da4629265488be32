/*
 * undefined_secret: row 88 of docs/ATTACKS.md, without a clock. To be run by valgrind, whose memcheck
 * follows octets that are undefined through all computation and complains where a branch or an address
 * depends on one. Here the tickets' master is declared undefined, so what depends on a secret is found
 * whether or not it takes time (A. Langley's ctgrind, 2010).
 *
 *	valgrind ./undefined_secret
 *
 * Prints TAP. The control, a comparison that ends early, has to be complained of.
 */
#include "authority_stage.h"
#include "challenge.h"
#include "early_compare.h"
#include "sample_key.h"
#include "secret.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/memcheck.h>

static struct authority_stage *stage;
static struct facts facts;
static struct areas areas;
static struct ticket_header header;
static struct secret expected; /* undefined, once it is made */

static void make_facts(void)
{
	EVP_PKEY *private_key = NULL;
	struct tpm_key ek = sample_key(template_row(TEMPLATE_EK_L2), &private_key);

	EVP_PKEY_free(private_key);
	stage = authority_stage_open();
	facts = authority_stage_facts(stage, &ek);
	header = authority_stage_header(stage);
	assert(areas_write(&facts, &areas) == FAULT_NONE);
}

/* Key derivation, message and MAC, as both endpoints' acts call it. */
static void make_ticket(void)
{
	enum fault fault = challenge_ticket(&stage->materials, &facts, &areas, &header, &expected);

	assert(fault == FAULT_NONE);
}

/* Whether they are equal is the answer that the device gets: only that becomes defined. */
static void compare_secret(void)
{
	bool is_equal = secret_equal(secret_bytes(&expected), BYTES_OF_ARRAY(facts.ticket));

	(void)VALGRIND_MAKE_MEM_DEFINED(&is_equal, sizeof(is_equal));
	assert(!is_equal);
}

static void compare_early(void)
{
	bool is_equal = early_compare(secret_bytes(&expected), BYTES_OF_ARRAY(facts.ticket));

	(void)VALGRIND_MAKE_MEM_DEFINED(&is_equal, sizeof(is_equal));
	assert(!is_equal);
}

/* How many places of the act depend on what is undefined. */
static unsigned complaints(void (*act)(void))
{
	unsigned before = (unsigned)VALGRIND_COUNT_ERRORS;

	act();
	return (unsigned)VALGRIND_COUNT_ERRORS - before;
}

static void tell(int number, bool is_right, const char *what, unsigned count)
{
	(void)printf("%s %d - %s: %u branches or addresses depend on the secret\n",
		is_right ? "ok" : "not ok", number, what, count);
}

int main(void)
{
	if (!RUNNING_ON_VALGRIND) {
		(void)printf("Bail out! not under valgrind\n");
		return EXIT_FAILURE;
	}
	make_facts();
	struct secret *master = &stage->materials.ticket_keys.current.master;
	(void)VALGRIND_MAKE_MEM_UNDEFINED(master->data, master->len);

	unsigned made = complaints(make_ticket);
	bool is_undefined = VALGRIND_CHECK_MEM_IS_DEFINED(expected.data, expected.len) != 0;
	unsigned compared = complaints(compare_secret), early = complaints(compare_early);

	(void)printf("1..4\n");
	(void)printf("%s 1 - the ticket is a secret: it follows from the master\n",
		is_undefined ? "ok" : "not ok");
	tell(2, made == 0, "challenge_ticket", made);
	tell(3, compared == 0, "secret_equal", compared);
	tell(4, early > 0, "the control, a loop that ends early", early);
	return is_undefined && made == 0 && compared == 0 && early > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
