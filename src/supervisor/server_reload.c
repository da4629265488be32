#include "server_reload.h"

#include "operator_client.h"

enum fault server_reload_if_running(const char *directory, bool is_now, bool *is_running,
	struct trouble *trouble)
{
	const struct order order = { "reload", is_now ? 1 : 0, { "now" } };
	struct operator_client client;
	struct trouble ignored;
	enum fault fault = operator_open_running(directory, &client, is_running, trouble);

	if (fault != FAULT_NONE || !*is_running)
		return fault;
	fault = operator_ask(&client, &order, NULL, trouble);
	(void)operator_close(&client, &ignored);
	return fault;
}
