#include "areas.h"

#include "public_key.h"
#include "writer.h"

enum fault areas_write(const struct facts *facts, struct areas *out)
{
	struct writer ik = WRITER_OF_ARRAY(out->ik_buffer), ek = WRITER_OF_ARRAY(out->ek_buffer);
	struct writer spki = WRITER_OF_ARRAY(out->spki_buffer);

	tpm2b_public_write(&ik, &facts->ik);
	tpm2b_public_write(&ek, &facts->ek);
	spki_write(&spki, &facts->ik);
	enum fault fault = writer_end(&ik, &out->ik_public);
	if (fault == FAULT_NONE)
		fault = writer_end(&ek, &out->ek_public);
	if (fault == FAULT_NONE)
		fault = writer_end(&spki, &out->ik_spki);
	if (fault == FAULT_NONE)
		fault = name_of_key(&facts->ik, &out->ik_name);
	if (fault == FAULT_NONE)
		fault = key_id(&facts->ik, out->ik_id);
	return fault != FAULT_NONE ? fault : key_id(&facts->ek, out->ek_id);
}
