/*
 * Target: key_made_read, key_made_write (src/device/key_file.h): key.made.
 * Holds: what is read is written as it came, and a refusal says why.
 */
#include "fuzz.h"

#include "folder.h"
#include "key_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct key_file file;
	static struct failure failure;
	static uint8_t again[2 * (TPM2B_PUBLIC_MAX + TPM2B_PRIVATE_MAX)];
	struct directory *folder = folder_empty(&failure);
	struct bytes content = bytes_of(data, len), written;
	uint32_t parent;

	must_hold(directory_write(folder, "key.made", content, 0600) == FAULT_NONE);
	failure.what[0] = '\0';
	if (key_made_read(folder, &file, &parent) != FAULT_NONE) {
		must_hold(failure.what[0] != '\0');
		return 0;
	}
	must_hold(key_made_write(folder, &file, parent) == FAULT_NONE);
	must_hold(directory_read(folder, "key.made", again, sizeof(again), &written) == FAULT_NONE);
	must_hold(bytes_equal(written, content));
	return 0;
}
