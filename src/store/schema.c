#include "schema.h"

#include <stdio.h>

/* "GENU", in the file's header: sqlite3 genuine.db "PRAGMA application_id". */
enum { APPLICATION_ID = 0x47454e55 };

/* ---- version 1 ---- */

static const char who_may_be_whom[] =
	/* The one row of what is neither a device nor a certificate. */
	"CREATE TABLE state ("
	" only INTEGER PRIMARY KEY CHECK (only = 1),"
	" clock_reserved_ms INTEGER NOT NULL," /* no time later than this was ever given out */
	" audit_count INTEGER NOT NULL,"
	" audit_head BLOB NOT NULL CHECK (length(audit_head) = 32)"
	") STRICT;"

	/* When a serial (1), an EK (2) or an IK (3) last changed. Outlives every binding. */
	"CREATE TABLE change ("
	" kind INTEGER NOT NULL CHECK (kind IN (1, 2, 3)),"
	" value BLOB NOT NULL,"
	" changed_at_ms INTEGER NOT NULL,"
	" PRIMARY KEY (kind, value)"
	") STRICT, WITHOUT ROWID;"

	/* Which EK has which serial: the manifest. Struck rows stay. */
	"CREATE TABLE manifest_row ("
	" id INTEGER PRIMARY KEY,"
	" serial TEXT NOT NULL," /* empty: the row vouches for the EK alone */
	" ek_id BLOB NOT NULL CHECK (length(ek_id) = 32),"
	" profiles TEXT NOT NULL," /* a list by ; */
	" line_group TEXT NOT NULL,"
	" added_at_ms INTEGER NOT NULL,"
	" struck_at_ms INTEGER"
	") STRICT;"
	"CREATE UNIQUE INDEX manifest_row_ek ON manifest_row (ek_id) WHERE struck_at_ms IS NULL;"
	"CREATE INDEX manifest_row_serial ON manifest_row (serial, struck_at_ms);"

	/* A serial and the TPM that has it. State 1 bound, 2 suspended, 3 released. */
	"CREATE TABLE binding ("
	" id INTEGER PRIMARY KEY,"
	" serial TEXT NOT NULL,"
	" state INTEGER NOT NULL CHECK (state IN (1, 2, 3)),"
	" ik_id BLOB CHECK (length(ik_id) = 32)," /* NULL: suspended before its first certificate */
	" rekey_is_permitted INTEGER NOT NULL DEFAULT 0 CHECK (rekey_is_permitted IN (0, 1)),"
	" made_at_ms INTEGER NOT NULL,"
	" released_at_ms INTEGER,"
	" CHECK ((state = 3) = (released_at_ms IS NOT NULL))"
	") STRICT;"
	"CREATE UNIQUE INDEX binding_serial ON binding (serial) WHERE state <> 3;"
	"CREATE INDEX binding_serial_ever ON binding (serial);"

	/* The EKs of a binding. returned_at_ms: free again, by an import --again. */
	"CREATE TABLE binding_ek ("
	" binding INTEGER NOT NULL REFERENCES binding (id),"
	" ek_id BLOB NOT NULL CHECK (length(ek_id) = 32),"
	" joined_at_ms INTEGER NOT NULL,"
	" returned_at_ms INTEGER,"
	" PRIMARY KEY (binding, ek_id)"
	") STRICT, WITHOUT ROWID;"
	"CREATE UNIQUE INDEX binding_ek_once ON binding_ek (ek_id) WHERE returned_at_ms IS NULL;"

	/* An IK belongs for ever to the binding that had it first. */
	"CREATE TABLE binding_ik ("
	" ik_id BLOB NOT NULL PRIMARY KEY CHECK (length(ik_id) = 32),"
	" binding INTEGER NOT NULL REFERENCES binding (id),"
	" joined_at_ms INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX binding_ik_binding ON binding_ik (binding);"

	"CREATE TABLE rekey ("
	" id INTEGER PRIMARY KEY,"
	" binding INTEGER NOT NULL REFERENCES binding (id),"
	" at_ms INTEGER NOT NULL,"
	" former_ik_id BLOB NOT NULL CHECK (length(former_ik_id) = 32),"
	" ik_id BLOB NOT NULL CHECK (length(ik_id) = 32)"
	") STRICT;"
	"CREATE INDEX rekey_binding ON rekey (binding, at_ms);"

	/* Kind as in change. Lifted ones stay. */
	"CREATE TABLE ban ("
	" id INTEGER PRIMARY KEY,"
	" kind INTEGER NOT NULL CHECK (kind IN (1, 2, 3)),"
	" value BLOB NOT NULL,"
	" reason TEXT NOT NULL,"
	" made_at_ms INTEGER NOT NULL,"
	" lifted_at_ms INTEGER"
	") STRICT;"
	"CREATE UNIQUE INDEX ban_in_force ON ban (kind, value) WHERE lifted_at_ms IS NULL;";

static const char what_was_issued[] =
	/* State 1 open, 2 recorded, 3 closed without a certificate: its number is revoked. */
	"CREATE TABLE intent ("
	" id INTEGER PRIMARY KEY,"
	" state INTEGER NOT NULL CHECK (state IN (1, 2, 3)),"
	" ticket_hash BLOB NOT NULL CHECK (length(ticket_hash) = 32),"
	" serial TEXT NOT NULL,"
	" profile TEXT NOT NULL,"
	" ek_id BLOB NOT NULL CHECK (length(ek_id) = 32),"
	" ik_id BLOB NOT NULL CHECK (length(ik_id) = 32),"
	" number BLOB NOT NULL UNIQUE CHECK (length(number) = 16),"
	" tbs_digest BLOB NOT NULL CHECK (length(tbs_digest) = 32),"
	" owner BLOB NOT NULL CHECK (length(owner) = 16),"
	" opened_at_ms INTEGER NOT NULL,"
	" lease_until_ms INTEGER NOT NULL,"
	" closed_at_ms INTEGER"
	") STRICT;"
	"CREATE UNIQUE INDEX intent_serial ON intent (serial) WHERE state = 1;"
	"CREATE UNIQUE INDEX intent_ek ON intent (ek_id) WHERE state = 1;"
	"CREATE UNIQUE INDEX intent_ik ON intent (ik_id) WHERE state = 1;"
	"CREATE UNIQUE INDEX intent_ticket ON intent (ticket_hash) WHERE state = 1;"

	"CREATE TABLE certificate ("
	" number BLOB NOT NULL PRIMARY KEY REFERENCES intent (number),"
	" binding INTEGER NOT NULL REFERENCES binding (id),"
	" serial TEXT NOT NULL,"
	" profile TEXT NOT NULL,"
	" ek_id BLOB NOT NULL CHECK (length(ek_id) = 32),"
	" ik_id BLOB NOT NULL CHECK (length(ik_id) = 32),"
	" ticket_hash BLOB NOT NULL UNIQUE CHECK (length(ticket_hash) = 32),"
	" is_current INTEGER NOT NULL CHECK (is_current IN (0, 1)),"
	" not_before_s INTEGER NOT NULL,"
	" not_after_s INTEGER NOT NULL,"
	" recorded_at_ms INTEGER NOT NULL,"
	" certificate BLOB NOT NULL,"
	" chain_pem BLOB NOT NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX certificate_current ON certificate (binding, profile)"
	" WHERE is_current = 1;"
	"CREATE INDEX certificate_binding ON certificate (binding, recorded_at_ms);"
	"CREATE INDEX certificate_serial ON certificate (serial, recorded_at_ms);"
	"CREATE INDEX certificate_ek ON certificate (ek_id, recorded_at_ms);"

	/* Numbers of certificates, and of intents that came to nothing. */
	"CREATE TABLE revocation ("
	" number BLOB NOT NULL PRIMARY KEY REFERENCES intent (number),"
	" reason INTEGER NOT NULL," /* CRLReason, RFC 5280, 5.3.1 */
	" effective_at_ms INTEGER NOT NULL,"
	" made_at_ms INTEGER NOT NULL,"
	" not_after_s INTEGER" /* NULL: of an intent; stays on the list */
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX revocation_effective ON revocation (effective_at_ms);"
	"CREATE INDEX revocation_made ON revocation (made_at_ms);"

	"CREATE TABLE crl ("
	" number INTEGER PRIMARY KEY,"
	" this_update_s INTEGER NOT NULL,"
	" next_update_s INTEGER NOT NULL,"
	" complete_until_ms INTEGER NOT NULL," /* has all that was revoked before this */
	" der BLOB NOT NULL"
	") STRICT;"

	"CREATE TABLE audit ("
	" seq INTEGER PRIMARY KEY,"
	" at_ms INTEGER NOT NULL,"
	" actor TEXT NOT NULL,"
	" act TEXT NOT NULL,"
	" detail TEXT NOT NULL,"
	" hash BLOB NOT NULL CHECK (length(hash) = 32)"
	") STRICT;"

	"INSERT INTO state VALUES (1, 0, 0, zeroblob(32));"
	"PRAGMA application_id = 1195724373;"
	"PRAGMA user_version = 1;";

_Static_assert(APPLICATION_ID == 1195724373, "the migration spells it in decimal");

/* ---- the migrations ---- */

/* Literals are at most 4095 octets long (C11, 5.2.4.1), so a migration is a few of them. */
enum { MIGRATION_PARTS = 2 };

static const char *const migrations[][MIGRATION_PARTS] = {
	{ who_may_be_whom, what_was_issued },
};

_Static_assert(sizeof(migrations) / sizeof(migrations[0]) == SCHEMA_VERSION, "one each");

/* What an import has read so far: of this connection only, never on disk. */
static const char staging[] =
	"CREATE TEMP TABLE staged ("
	" line INTEGER PRIMARY KEY,"
	" serial TEXT NOT NULL,"
	" ek_id BLOB NOT NULL,"
	" profiles TEXT NOT NULL,"
	" line_group TEXT NOT NULL"
	") STRICT;";

static bool is_new(struct database *database)
{
	return !database_has(database, "SELECT 1 FROM main.sqlite_schema", NO_VALUES);
}

/* A version that we know, of a database that is ours or still empty. */
static enum fault judge_version(struct database *database, int64_t version)
{
	char why[DATABASE_ERROR_MAX + 1];

	if (database->fault != FAULT_NONE)
		return database->fault;
	if (version > SCHEMA_VERSION) {
		(void)snprintf(why, sizeof(why),
			"the database has schema version %lld, of a later genuine-ca; "
			"this one knows versions up to %d", (long long)version, SCHEMA_VERSION);
		database_fail(database, FAULT_UNSUPPORTED, why);
	} else if (version < 1 ? !is_new(database) :
		database_number(database, "PRAGMA application_id",
			NO_VALUES, 0) != APPLICATION_ID) {
		database_fail(database, FAULT_UNSUPPORTED, "the file is not a genuine-ca database");
	}
	return database->fault;
}

static void migrate(struct database *database, const char *const parts[MIGRATION_PARTS])
{
	for (size_t i = 0; i < MIGRATION_PARTS && parts[i] != NULL; i++)
		database_run_text(database, parts[i]);
}

enum fault schema_apply(struct database *database)
{
	int64_t version = database_number(database, "PRAGMA user_version", NO_VALUES, 0);
	enum fault fault = judge_version(database, version);

	if (fault != FAULT_NONE)
		return fault;
	if (version < SCHEMA_VERSION) {
		database_group_begin(database);
		for (int64_t next = version; next < SCHEMA_VERSION; next++)
			migrate(database, migrations[next]);
		if (database->fault != FAULT_NONE)
			database->is_group_failed = true;
		fault = database_group_commit(database);
	}
	if (fault == FAULT_NONE)
		database_run_text(database, staging);
	return database->fault;
}
