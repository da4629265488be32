/*
 * Target: key_file_recognise (src/device/key_file.h): key.pub, and what the TPM says that it made.
 * Holds: what is recognised is the area that we would write for its numbers.
 */
#include "fuzz.h"

#include "key_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct key_file file;
	uint8_t again[TPM2B_PUBLIC_MAX];
	struct writer w = WRITER_OF_ARRAY(again);

	if (len > sizeof(file.area.data))
		return 0;
	memset(&file, 0, sizeof(file));
	if (len > 0)
		memcpy(file.area.data, data, len);
	file.area.len = len;
	if (key_file_recognise(&file) != FAULT_NONE)
		return 0;
	tpm2b_public_write(&w, &file.key);
	must_hold(bytes_equal(writer_written(&w), bytes_of(data, len)));
	return 0;
}
