#include "surroundings.h"

#include "own_memory.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <unistd.h>

void surroundings_shut_out(void)
{
	(void)!own_memory_hide();
	(void)unsetenv("SSLKEYLOGFILE");
	/* What is asked for first holds: libcurl asks for the configuration. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

/* To be read only: what is printed fails as it does on a closed descriptor, and is told as such. */
void surroundings_fill_in(void)
{
	int descriptor = open("/dev/null", O_RDONLY);

	while (descriptor >= 0 && descriptor <= STDERR_FILENO)
		descriptor = open("/dev/null", O_RDONLY);
	if (descriptor >= 0)
		(void)close(descriptor);
}
