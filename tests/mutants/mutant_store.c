#include "mutant.h"

#include "store_sqlite.h"

/* STORE_WORKS: a store that says it has kept what it has not. The linker calls these (--wrap). */
enum fault __real_store_act_end(struct store *);
enum fault __real_store_group_commit(struct store *);
enum fault __wrap_store_act_end(struct store *);
enum fault __wrap_store_group_commit(struct store *);

enum fault __wrap_store_act_end(struct store *store)
{
	enum fault fault = __real_store_act_end(store);

	return mutant_spares(CHECK_STORE_WORKS) ? FAULT_NONE : fault;
}

enum fault __wrap_store_group_commit(struct store *store)
{
	enum fault fault = __real_store_group_commit(store);

	return mutant_spares(CHECK_STORE_WORKS) ? FAULT_NONE : fault;
}
