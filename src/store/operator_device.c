#include "operator_verbs.h"

#include "bindings.h"
#include "change.h"
#include "manifest.h"
#include "open_intent.h"
#include "revocation.h"

/* The operator's acts on one device (docs/PROTOCOL.md, "Operator's acts"). */

/* The binding of argument 0, made where the serial is only listed; false: there is none. */
static bool find_device(struct operation *operation, struct binding_row *binding)
{
	struct store *store = operation->store;
	char serial[SERIAL_MAX + 1];

	if (!operation_serial(operation, 0, serial))
		return false;
	*binding = binding_of_serial(store, serial);
	if (binding->id == 0 && manifest_has_serial(store, serial)) {
		(void)binding_make(store, serial, BINDING_BOUND);
		*binding = binding_of_serial(store, serial);
		binding_join_listed_eks(store, binding->id);
	}
	if (binding->id == 0)
		operation_not_found(operation, "there is no device %s", serial);
	return binding->id != 0;
}

static void append_audit(struct operation *operation, const char *act, const char *serial)
{
	struct audit_entry entry = audit_entry_of(act);

	audit_text(&entry, "serial", serial);
	audit_append(operation->store, operation->actor, &entry);
}

static void send_state(struct operation *operation, const char *serial, const char *state)
{
	row_string(operation, "serial", serial);
	row_string(operation, "state", state);
}

void device_suspend(struct operation *operation)
{
	struct store *store = operation->store;
	struct binding_row binding;

	if (!find_device(operation, &binding))
		return;
	if (binding.state == BINDING_SUSPENDED) {
		operation_refuse(operation, "%s is suspended already", binding.serial);
		return;
	}
	binding_set_state(store, binding.id, BINDING_SUSPENDED);
	append_audit(operation, "device suspend", binding.serial);
	(void)open_intent_close_binding(store, binding.id, operation->actor,
		"the device was suspended");
	change_stamp_binding(store, binding.id);
	send_state(operation, binding.serial, "suspended");
	row_send(operation);
	operation_done(operation);
}

void device_restore(struct operation *operation)
{
	struct store *store = operation->store;
	struct binding_row binding;

	if (!find_device(operation, &binding))
		return;
	if (binding.state != BINDING_SUSPENDED) {
		operation_refuse(operation, "%s is not suspended", binding.serial);
		return;
	}
	binding_set_state(store, binding.id, BINDING_BOUND);
	append_audit(operation, "device restore", binding.serial);
	change_stamp_binding(store, binding.id);
	send_state(operation, binding.serial, binding.has_ik ? "bound" : "listed");
	row_send(operation);
	operation_done(operation);
}

void device_release(struct operation *operation)
{
	struct store *store = operation->store;
	struct binding_row binding;

	if (!find_device(operation, &binding))
		return;
	/* Also those that never came: they come back by --again only, like the others. */
	binding_join_listed_eks(store, binding.id);
	append_audit(operation, "device release", binding.serial);
	(void)open_intent_close_binding(store, binding.id, operation->actor,
		"the device was released");
	int64_t revoked = revocation_add_binding(store, binding.id,
		CRL_REASON_CESSATION_OF_OPERATION);
	manifest_strike_binding(store, binding.id);
	change_stamp_binding(store, binding.id);
	binding_set_state(store, binding.id, BINDING_RELEASED);
	send_state(operation, binding.serial, "released");
	row_number(operation, "revoked", revoked);
	row_send(operation);
	operation_done(operation);
}

/* A permission is no change: a ticket that is under way stays good. */
void device_rekey(struct operation *operation)
{
	struct binding_row binding;

	if (!find_device(operation, &binding))
		return;
	if (!binding.has_ik) {
		operation_refuse(operation, "%s has no key yet: any will do", binding.serial);
		return;
	}
	binding_permit_rekey(operation->store, binding.id, true);
	append_audit(operation, "device rekey", binding.serial);
	row_string(operation, "serial", binding.serial);
	row_truth(operation, "rekey_permitted", true);
	row_send(operation);
	operation_done(operation);
}
