#ifndef SUPERVISOR_ROWS_H
#define SUPERVISOR_ROWS_H

#include "fault.h"
#include "message.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * rows: what a command answers, for people as aligned text and for programs as JSON: a listing is
 * one array, everything else one object.
 */
enum rows_form {
	ROWS_LIST,    /* each row an object in an array; a table */
	ROWS_OBJECT,  /* the one row; lines "name: value" */
	/* The row of kind = device is the object; the others are arrays in it, by kind: eks, iks
	 * and certificates, also where they are empty. */
	ROWS_GROUPED,
};

struct rows {
	json_t *list; /* array of objects */
	bool is_lost; /* out of memory, octets that are not UTF-8, or a field without a name */
};

enum fault rows_open(struct rows *out);
void rows_close(struct rows *);

#define owned_rows __attribute__((cleanup(rows_close))) struct rows

/* Takes a row; context is a struct rows. Of the type of row_sink.take. */
void rows_take(void *context, const struct operator_row *);

/* Appends an object that the caller made; takes it over. */
void rows_add(struct rows *, json_t *object);

/* FAULT_INVALID where there is no row and the form wants one; FAULT_NO_MEMORY; FAULT_SYSTEM. */
enum fault rows_print(const struct rows *, enum rows_form, bool is_json, FILE *);

#endif
