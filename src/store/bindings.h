#ifndef STORE_BINDINGS_H
#define STORE_BINDINGS_H

#include "store_sqlite.h"

/*
 * bindings: a serial, the EKs that have it and the IKs they came with. A binding is made by its
 * first certificate, or by an operator's act on a serial that is only listed; it ends by a release
 * and then stays as history.
 */

/* In the database: never renumber. */
enum binding_state { BINDING_BOUND = 1, BINDING_SUSPENDED = 2, BINDING_RELEASED = 3 };

struct binding_row {
	int64_t id; /* 0: there is none */
	char serial[SERIAL_MAX + 1];
	enum binding_state state;
	bool has_ik; /* a certificate was recorded */
	uint8_t ik_id[32];
	bool rekey_is_permitted;
};

/* An EK or IK in a binding. */
struct binding_member {
	int64_t binding; /* 0: in none */
	enum binding_state state;
};

/* The serial's binding, unless it was released; id 0 where there is none. */
struct binding_row binding_of_serial(struct store *, const char *serial);

/* The EK's binding, a released one too, until an import --again returned the EK. */
struct binding_member binding_of_ek(struct store *, const uint8_t ek_id[32]);

/* The IK's binding, whatever became of it: an IK is never free again. */
struct binding_member binding_of_ik(struct store *, const uint8_t ik_id[32]);

/* Makes a binding without EKs and IK; its id. */
int64_t binding_make(struct store *, const char *serial, enum binding_state);

/* An EK or IK joins; nothing happens where it is in this binding already. */
void binding_join_ek(struct store *, int64_t binding, const uint8_t ek_id[32]);
void binding_join_ik(struct store *, int64_t binding, const uint8_t ik_id[32]);

/* All EKs that the manifest lists with the binding's serial. */
void binding_join_listed_eks(struct store *, int64_t binding);

void binding_set_state(struct store *, int64_t binding, enum binding_state);
void binding_permit_rekey(struct store *, int64_t binding, bool is_permitted);

#endif
