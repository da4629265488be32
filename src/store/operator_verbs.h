#ifndef STORE_OPERATOR_VERBS_H
#define STORE_OPERATOR_VERBS_H

#include "operation.h"

/* The functions behind the verbs of operator.h. */

void device_import_begin(struct operation *);
void device_import_row(struct operation *);
void device_import_end(struct operation *);
void device_list(struct operation *);
void device_show(struct operation *);
void device_suspend(struct operation *);
void device_restore(struct operation *);
void device_release(struct operation *);
void device_rekey(struct operation *);
void ban_add_verb(struct operation *);
void ban_remove_verb(struct operation *);
void ban_list(struct operation *);
/* The certificates of one serial, as rows of kind = certificate: for device_show. */
void certificate_rows_of_serial(struct operation *, const char *serial);

void certificate_list(struct operation *);
void certificate_show(struct operation *);
void certificate_revoke(struct operation *);
void audit_list(struct operation *);
void audit_add(struct operation *);
void audit_verify_verb(struct operation *);
void crl_show(struct operation *);
void store_status(struct operation *);

#endif
