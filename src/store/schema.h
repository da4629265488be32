#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "database.h"

/*
 * schema: the tables, as a row of numbered migrations. A database says in user_version how many of
 * them it has had; those that are missing are applied at the start, all in one transaction. A
 * migration that has been released is never edited: the next one changes what it made.
 *
 * What may exist only once is said here, by unique indices, and nowhere else (S2): a serial, an EK
 * and an IK in at most one binding, one current certificate for a binding and profile, one open
 * intent for a serial, an EK and an IK, one certificate for a ticket.
 */
enum { SCHEMA_VERSION = 1 };

/*
 * Brings the database to SCHEMA_VERSION. FAULT_UNSUPPORTED where it is a later one's, or not ours
 * at all: database->error says which, and nothing was changed.
 */
enum fault schema_apply(struct database *);

#endif
