#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * bytes: a view of octets that somebody else owns. Passed by value, never freed, valid as long as
 * what it was made from. An empty view may have a null pointer.
 */
struct bytes {
	const uint8_t *data;
	size_t len;
};

/* A view of a string literal or an array, of all its octets but a literal's terminating NUL. */
#define BYTES_OF_ARRAY(array) ((struct bytes){ (array), sizeof(array) })
#define BYTES_OF_LITERAL(text) ((struct bytes){ (const uint8_t *)(text), sizeof(text) - 1 })

static inline struct bytes bytes_of(const void *data, size_t len)
{
	return (struct bytes){ data, len };
}

/* The octets of a C string, without its NUL. */
static inline struct bytes bytes_of_string(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

/* Not in constant time: for what is public only. Secrets are compared by secret_equal. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* The view without its leading octets of 0: numbers are compared in this form. */
static inline struct bytes bytes_without_leading_zeros(struct bytes number)
{
	while (number.len > 0 && number.data[0] == 0) {
		number.data++;
		number.len--;
	}
	return number;
}

#endif
