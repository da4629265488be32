#ifndef SUPERVISOR_COMMANDS_H
#define SUPERVISOR_COMMANDS_H

#include "invocation.h"

/*
 * commands: what genuine-ca can be told, one function a command. Each reads its options, does it,
 * prints, and returns the exit status (invocation.h).
 */

/* command_init.c, serve.c */
int command_init(struct invocation *);
int command_serve(struct invocation *);

/* command_server.c: to the supervisor of a running server */
int command_reload(struct invocation *);
int command_rotate(struct invocation *);
int command_status(struct invocation *);

/* command_store.c: acts of the store */
int command_device_list(struct invocation *);
int command_device_show(struct invocation *);
int command_device_suspend(struct invocation *);
int command_device_restore(struct invocation *);
int command_device_release(struct invocation *);
int command_device_rekey(struct invocation *);
int command_ban_add(struct invocation *);
int command_ban_remove(struct invocation *);
int command_ban_list(struct invocation *);
int command_certificate_list(struct invocation *);
int command_certificate_show(struct invocation *);
int command_certificate_revoke(struct invocation *);
int command_audit_list(struct invocation *);
int command_audit_verify(struct invocation *);

/* command_factors.c */
int command_certificate_factors(struct invocation *);

/* command_import.c, command_crl.c, command_explain.c */
int command_device_import(struct invocation *);
int command_crl(struct invocation *);
int command_explain(struct invocation *);

/* command_trust.c */
int command_trust_import(struct invocation *);
int command_trust_list(struct invocation *);
int command_trust_remove(struct invocation *);

#endif
