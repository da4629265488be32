#include "key_file.h"

#include "installed_set.h"
#include "reader.h"

enum { KEY_MADE_MAX = 4 + TPM2B_PUBLIC_MAX + TPM2B_PRIVATE_MAX };

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

	enum fault fault = installed_set_read(
		directory, "key.pub", file.area.data, sizeof(file.area.data), &public_half);
	if (fault == FAULT_NONE)
		fault = installed_set_read(directory, "key.priv", file.private_half,
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

/* parent u32 ‖ TPM2B_PUBLIC ‖ TPM2B_PRIVATE */
enum fault key_made_write(
	const struct directory *directory, const struct key_file *file, uint32_t parent)
{
	uint8_t buffer[KEY_MADE_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes content;

	writer_u32(&w, parent);
	writer_bytes(&w, tpm_area_bytes(&file->area));
	writer_bytes(&w, bytes_of(file->private_half, file->private_half_len));
	enum fault fault = writer_end(&w, &content);
	return fault == FAULT_NONE ? directory_write(directory, "key.made", content, 0600) : fault;
}

enum fault key_made_remove(const struct directory *directory)
{
	return directory_remove(directory, "key.made");
}

static enum fault take_made(struct bytes content, struct key_file *file, uint32_t *parent)
{
	struct reader r = reader_of(content);

	*parent = reader_u32(&r);
	struct bytes sized = r.rest; /* the area with its size before it */
	struct bytes area = reader_tpm2b(&r, sizeof(file->area.data) - 2);
	if (r.fault != FAULT_NONE || r.rest.len > sizeof(file->private_half))
		return FAULT_INVALID;
	file->area.len = area.len + 2;
	memcpy(file->area.data, sized.data, file->area.len);
	file->private_half_len = r.rest.len;
	if (r.rest.len > 0)
		memcpy(file->private_half, r.rest.data, r.rest.len);
	return key_file_recognise(file);
}

enum fault key_made_read(const struct directory *directory, struct key_file *out, uint32_t *parent)
{
	uint8_t buffer[KEY_MADE_MAX];
	struct bytes content;
	struct key_file file = { 0 };

	enum fault fault =
		directory_read(directory, "key.made", buffer, sizeof(buffer), &content);
	if (fault == FAULT_NOT_FOUND || fault == FAULT_DENIED)
		return fault;
	if (fault == FAULT_NONE)
		fault = take_made(content, &file, parent);
	if (fault != FAULT_NONE)
		return failure_set(directory->failure, EXIT_LOCAL_FILES,
			"remove that file and run it again", "%s/key.made is not an identity key's (%s)",
			directory->path, fault_text(fault));
	*out = file;
	return FAULT_NONE;
}
