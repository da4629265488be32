#ifndef PROCESS_VALUE_FORM_H
#define PROCESS_VALUE_FORM_H

#include "configuration_key.h"

/*
 * value_form: the forms that values of genuine.conf have. Each reads strictly, FAULT_INVALID for
 * everything else, and writes one and the same text for one and the same value. Lists are in
 * value_list.c.
 */
extern const struct value_form value_number;     /* decimal, uint32_t */
extern const struct value_form value_duration;   /* decimal and s, m, h or d; seconds, uint32_t */
extern const struct value_form value_truth;      /* yes or no */
extern const struct value_form value_word_form;  /* one of the row's words; an enumeration */
extern const struct value_form value_tls;        /* 1.2 or 1.3; truth: whether 1.2 is permitted */
extern const struct value_form value_text;       /* UTF-8, at most row.max octets */
extern const struct value_form value_oid;        /* dotted decimal */
extern const struct value_form value_url;        /* http:// or https://, printable ASCII */
extern const struct value_form value_uri;        /* printable ASCII with one {serial} */
extern const struct value_form value_dns;        /* a DNS name with one {serial} */
extern const struct value_form value_pattern;    /* POSIX extended regular expression */
extern const struct value_form value_listen;     /* ADDRESS:PORT */
extern const struct value_form value_hosts;      /* names and addresses, by comma */
extern const struct value_form value_ek_templates; /* L-1, L-2, …; uint16_t, bit n: template n */
extern const struct value_form value_ik_templates; /* rsa2048, p256, …; uint64_t */

/* Letters, digits, - and dots that are neither first, last nor doubled; at most 253 octets. */
bool host_name_is_valid(const char *text, size_t len);

/* Whether text is an object identifier in dotted form (X.660): at least two arcs. */
bool oid_is_valid(const char *text);

#endif
