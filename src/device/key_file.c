#include "key_file.h"

enum fault key_file_recognise(struct key_file *file)
{
	struct tpmt_public public;
	enum fault fault = tpm2b_public_read(tpm_area_bytes(&file->area), &public);

	if (fault != FAULT_NONE)
		return fault;
	file->template = template_of(&public, false);
	if (file->template == NULL || !template_area_fits(file->template, &public))
		return FAULT_INVALID;
	file->key = tpm_key_of(file->template, &public);
	return FAULT_NONE;
}

enum fault key_file_read(const struct directory *directory, struct key_file *out)
{
	struct key_file file = { 0 };
	struct bytes public_half, private_half;

	enum fault fault = directory_read(
		directory, "key.pub", file.area.data, sizeof(file.area.data), &public_half);
	if (fault == FAULT_NONE)
		fault = directory_read(directory, "key.priv", file.private_half,
			sizeof(file.private_half), &private_half);
	if (fault == FAULT_NOT_FOUND || fault == FAULT_DENIED)
		return fault;
	if (fault == FAULT_NONE) {
		file.area.len = public_half.len;
		file.private_half_len = private_half.len;
		fault = key_file_recognise(&file);
	}
	if (fault != FAULT_NONE)
		return failure_set(directory->failure, EXIT_LOCAL_FILES,
			"remove key.pub and key.priv there to have a new key made, and run it "
			"again",
			"%s/key.pub is not an identity key's (%s)", directory->path,
			fault_text(fault));
	*out = file;
	return FAULT_NONE;
}

enum fault key_file_write(const struct directory *directory, const struct key_file *file)
{
	enum fault fault = directory_write(directory, "key.priv",
		bytes_of(file->private_half, file->private_half_len), 0600);

	if (fault != FAULT_NONE)
		return fault;
	return directory_write(directory, "key.pub", tpm_area_bytes(&file->area), 0644);
}
