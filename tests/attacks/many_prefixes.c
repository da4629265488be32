/*
 * Row 108. The front's table of prefixes alone (src/front/quota.h): ten million of them, half of them
 * neighbours that ask within one millisecond, half at random over some seconds. Beside them one that
 * has used up its quota before.
 */
#include "in_process.h"

#include "chance.h"
#include "quota.h"

#include <inttypes.h>
#include <sys/resource.h>

enum { INPUTS = 10000000, INPUTS_SMALL = 200000, RATE = 60, RATE_ALL = 60000, MINUTE_MS = 60000,
	A_MILLISECOND = 500 /* prefixes */, GROWTH_MAX_KB = 256 /* below 2 octets for each prefix of a sample */ };

static const uint64_t begin_ms = 1000, spent = UINT64_C(0x20010db800000001);
static struct chance chance = { 108 };
static struct quota quota;

static void begin(uint32_t rate_all)
{
	const uint64_t key[2] = { chance_u64(&chance), chance_u64(&chance) };
	uint64_t wait_ms;

	quota_open(&quota, key);
	quota_set_rates(&quota, RATE, rate_all);
	for (unsigned i = 0; i < RATE; i++)
		(void)quota_take(&quota, spent, begin_ms, &wait_ms);
}

/* It is not forgotten for those that came since, nor is its time begun anew. */
static void judge_spent(uint64_t now_ms, struct tally *tally)
{
	uint64_t wait_ms = 0;

	if (quota_take(&quota, spent, now_ms, &wait_ms))
		tally_wrong(tally, "a prefix that had used up its quota passes");
	else if (wait_ms > MINUTE_MS / RATE)
		tally_wrong(tally, "and it is told to wait for %" PRIu64 " ms", wait_ms);
}

/* Each asks once, and is not made to pay for the others. */
static void ask_as_neighbours(size_t count, struct tally *tally)
{
	uint64_t wait_ms;

	begin(UINT32_MAX);
	for (size_t i = 0; i < count; i++) {
		bool passes = quota_take(&quota, (uint64_t)i, begin_ms, &wait_ms);

		tally_note(tally, passes, passes, "neighbour %zu is refused", i);
	}
	judge_spent(begin_ms, tally);
}

/* All together get what the rate of all is, to the request: a minute's at once, and what time adds. */
static void ask_at_random(size_t count, struct tally *tally)
{
	uint64_t passed = RATE, now_ms = begin_ms;

	begin(RATE_ALL);
	for (size_t i = 0; i < count; i++) {
		uint64_t wait_ms = 0;

		now_ms = begin_ms + i / A_MILLISECOND;
		bool passes = quota_take(&quota, chance_u64(&chance), now_ms, &wait_ms);

		passed += passes;
		tally_note(tally, passes, passes || (wait_ms > 0 && wait_ms <= MINUTE_MS),
			"told to wait for %" PRIu64 " ms", wait_ms);
	}
	uint64_t due = RATE_ALL + (now_ms - begin_ms) * RATE_ALL / MINUTE_MS;

	if (passed != (due < count + RATE ? due : count + RATE))
		tally_wrong(tally, "%" PRIu64 " pass, not %" PRIu64, passed, due);
}

static long most_resident_kb(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

void many_prefixes(bool is_small, struct tally *tally)
{
	size_t half = (size_t)(is_small ? INPUTS_SMALL : INPUTS) / 2;

	begin(RATE); /* touches the whole table */
	long before_kb = most_resident_kb();
	ask_as_neighbours(half, tally);
	ask_at_random(half, tally);
	long grown_kb = most_resident_kb() - before_kb;

	if (before_kb == 0 || grown_kb > GROWTH_MAX_KB)
		tally_wrong(tally, "%ld kB more than %ld", grown_kb, before_kb);
}
