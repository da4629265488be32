#include "surroundings.h"

#include <openssl/crypto.h>

void surroundings_shut_out(void)
{
	/* What is asked for first holds: libcurl asks for the configuration. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}
