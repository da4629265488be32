#include "role.h"

#include "log.h"
#include "own_memory.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

/* Decimal digits and no more: an argument of the supervisor's is never anything else. */
static unsigned number_read(const char *text, const char *what)
{
	uint64_t number = 0;
	size_t len = strlen(text);

	for (size_t i = 0; i < len && number <= UINT32_MAX; i++) {
		if (text[i] < '0' || text[i] > '9')
			number = UINT64_MAX;
		else
			number = number * 10 + (uint64_t)(text[i] - '0');
	}
	if (len == 0 || number >= UINT32_MAX) {
		log_error("%s is not a number; this program is started by genuine-ca serve", what);
		exit(EXIT_USAGE);
	}
	return (unsigned)number;
}

/* No core file, no ptrace by the same user, no privilege by a file's mode. */
static void refuse_to_be_read(void)
{
	if (own_memory_hide() != FAULT_NONE || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		log_error("cannot make the process undumpable: %s", strerror(errno));
		exit(EXIT_FAILURE);
	}
}

/*
 * One fetch of each kind of algorithm. Where the first one fails for want of memory, OpenSSL 3.0
 * takes that kind for empty ever after, and a role would serve nobody until it is started again: so
 * it is made here, where failing ends the process and the supervisor does start it again.
 */
#define FETCHES(kind, name) \
	static bool fetches_##kind(void) \
	{ \
		kind *algorithm = kind##_fetch(NULL, name, NULL); \
\
		kind##_free(algorithm); \
		return algorithm != NULL; \
	}

FETCHES(EVP_MD, "SHA256")
FETCHES(EVP_CIPHER, "AES-128-CFB")
FETCHES(EVP_MAC, "HMAC")
FETCHES(EVP_KDF, "HKDF")
FETCHES(EVP_KEYMGMT, "EC")
FETCHES(EVP_KEYEXCH, "ECDH")
FETCHES(EVP_SIGNATURE, "ECDSA")
FETCHES(EVP_ASYM_CIPHER, "RSA")
FETCHES(OSSL_DECODER, "EC")
FETCHES(OSSL_ENCODER, "EC")

static bool fetches_all(void)
{
	return fetches_EVP_MD() && fetches_EVP_CIPHER() && fetches_EVP_MAC() && fetches_EVP_KDF() &&
		fetches_EVP_KEYMGMT() && fetches_EVP_KEYEXCH() && fetches_EVP_SIGNATURE() &&
		fetches_EVP_ASYM_CIPHER() && fetches_OSSL_DECODER() && fetches_OSSL_ENCODER();
}

/*
 * What libraries would open files for when first used, and what the sandbox then would kill: the
 * time zone, the cryptographic library's configuration (which is not ours to obey) and its seed.
 */
static void prepare_libraries(void)
{
	tzset();
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 || RAND_status() != 1 ||
			!fetches_all()) {
		log_error("the cryptographic library does not start");
		exit(EXIT_FAILURE);
	}
}

struct role role_open(int argc, char **argv, const char *name, int first_closed, bool has_secrets)
{
	log_open(name);
	(void)umask(S_IRWXG | S_IRWXO);
	(void)signal(SIGPIPE, SIG_IGN);
	refuse_to_be_read();
	if (argc != 3) {
		log_error("usage: genuine-ca-%s UID NUMBER, as genuine-ca serve starts it", name);
		exit(EXIT_USAGE);
	}
	if (close_range((unsigned)first_closed, ~0U, 0) != 0) {
		log_error("close_range: %s", strerror(errno));
		exit(EXIT_FAILURE);
	}
	struct role role = { number_read(argv[1], "UID"), number_read(argv[2], "NUMBER") };
	prepare_libraries();
	if (has_secrets && own_memory_lock() != FAULT_NONE)
		log_notice("memory is not locked, secrets may reach the swap: %s", strerror(errno));
	return role;
}

void role_peer_is_taken(const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_error("a peer is taken: %s", text);
	exit(EXIT_FAILURE);
}
