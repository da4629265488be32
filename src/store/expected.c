#include "expected.h"

#include "descriptor.h"
#include "message.h"

#include <stdlib.h>
#include <sys/stat.h>

struct expected {
	uint8_t *text;
	struct bytes *serials; /* sorted; views into text */
	size_t count;
};

void expected_close(struct expected *expected)
{
	if (expected == NULL)
		return;
	free(expected->text);
	free(expected->serials);
	free(expected);
}

static void release(struct expected **expected)
{
	expected_close(*expected);
}

#define owned_expected __attribute__((cleanup(release))) struct expected

/* Takes one line off the front, without its LF or CR LF. */
static struct bytes take_line(struct bytes *rest)
{
	const uint8_t *end = memchr(rest->data, '\n', rest->len);
	size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
	struct bytes line = { rest->data, len };
	size_t taken = end == NULL ? len : len + 1;

	*rest = (struct bytes){ rest->data + taken, rest->len - taken };
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static size_t count_lines(struct bytes text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == '\n';
	return count;
}

static enum fault read_serials(struct expected *expected, struct bytes text, size_t *line_number)
{
	for (size_t number = 1; text.len > 0; number++) {
		struct bytes line = take_line(&text);

		if (line.len == 0 || line.data[0] == '#')
			continue;
		if (!serial_is_well_formed(line)) {
			*line_number = number;
			return FAULT_INVALID;
		}
		expected->serials[expected->count++] = line;
	}
	return FAULT_NONE;
}

static int compare(const void *a, const void *b)
{
	const struct bytes *left = a, *right = b;
	size_t shorter = left->len < right->len ? left->len : right->len;
	int order = memcmp(left->data, right->data, shorter);

	if (order != 0)
		return order;
	return left->len < right->len ? -1 : left->len > right->len;
}

enum fault expected_read(int descriptor, struct expected **out, size_t *line)
{
	owned_expected *expected = calloc(1, sizeof(*expected));
	struct stat status;

	if (expected == NULL)
		return FAULT_NO_MEMORY;
	if (fstat(descriptor, &status) != 0 || status.st_size < 0)
		return FAULT_SYSTEM;
	if (status.st_size > EXPECTED_MAX)
		return FAULT_TOO_LONG;
	size_t len = (size_t)status.st_size;
	expected->text = malloc(len + 1);
	if (expected->text == NULL)
		return FAULT_NO_MEMORY;
	enum fault fault = descriptor_read(descriptor, expected->text, len, &len);
	if (fault != FAULT_NONE)
		return fault;
	expected->serials = calloc(count_lines(bytes_of(expected->text, len)),
		sizeof(struct bytes));
	if (expected->serials == NULL)
		return FAULT_NO_MEMORY;
	fault = read_serials(expected, bytes_of(expected->text, len), line);
	if (fault != FAULT_NONE)
		return fault;
	qsort(expected->serials, expected->count, sizeof(struct bytes), compare);
	*out = expected;
	expected = NULL;
	return FAULT_NONE;
}

bool expected_has(const struct expected *expected, struct bytes serial)
{
	if (expected == NULL || serial.len == 0)
		return false;
	return bsearch(&serial, expected->serials, expected->count, sizeof(serial),
		compare) != NULL;
}
