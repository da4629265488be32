#ifndef SUPERVISOR_TABLE_H
#define SUPERVISOR_TABLE_H

#include <jansson.h>
#include <stdio.h>

/*
 * table: JSON values for people. What a terminal would obey (control characters) is printed as a
 * question mark; only PEM keeps its lines.
 */

/* An array of objects of the same members: a line of names, then a line for each, in columns. */
void table_print(const json_t *array, FILE *);

/* One object: "name  value" lines; after them, an array in it as a table under its name. */
void table_print_object(const json_t *object, FILE *);

#endif
