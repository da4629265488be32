#include "pem_end.h"

#include <openssl/err.h>
#include <openssl/pem.h>

bool pem_has_ended(void)
{
	return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}
