#include "tls.h"

#include "owned.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)
OWNED_TYPE(SSL, SSL_free)
OWNED_TYPE(SSL_CTX, SSL_CTX_free)
OWNED_TYPE(X509, X509_free)

static struct bytes contents(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	return bytes_of(data, (size_t)len);
}

/* A server's context with a key and a certificate made for the occasion. */
static SSL_CTX *server_context(void)
{
	owned(EVP_PKEY) *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	owned(X509) *certificate = X509_new();
	owned(BIO) *certificate_pem = BIO_new(BIO_s_mem());
	owned(BIO) *key_pem = BIO_new(BIO_s_mem());
	SSL_CTX *context = NULL;
	const char *reason;

	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(certificate_pem, certificate), 1);
	assert_int_equal(
		PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(tls_context_make(contents(certificate_pem), contents(key_pem), false,
				 &context, &reason), FAULT_NONE);
	return context;
}

/* Joins two ends in memory; what one writes the other reads. */
static void join(SSL *server, SSL *client)
{
	BIO *near = NULL, *far = NULL;

	assert_int_equal(BIO_new_bio_pair(&near, 65536, &far, 65536), 1);
	SSL_set_bio(server, near, near);
	SSL_set_bio(client, far, far);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int i = 0; i < 4; i++) {
		(void)SSL_do_handshake(client);
		(void)SSL_do_handshake(server);
	}
	assert_int_equal(SSL_is_init_finished(server), 1);
	assert_int_equal(SSL_is_init_finished(client), 1);
}

/*
 * Key updates without end must not hold the loop: one read takes one of them and comes back, and
 * the rest waits in the socket, where the loop finds it when others have had their turn.
 */
static void test_key_updates(void **state)
{
	enum { KEY_UPDATES = 100 };
	owned(SSL_CTX) *context = server_context();
	owned(SSL_CTX) *client_context = SSL_CTX_new(TLS_client_method());
	owned(SSL) *server = SSL_new(context);
	owned(SSL) *client = SSL_new(client_context);
	uint8_t octet;
	size_t len;

	(void)state;
	join(server, client);
	for (int i = 0; i < KEY_UPDATES; i++) {
		assert_int_equal(SSL_key_update(client, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(client), 1);
	}
	size_t waiting = BIO_ctrl_pending(SSL_get_rbio(server));
	int result = SSL_read_ex(server, &octet, 1, &len);
	assert_int_equal(result, 0);
	assert_int_equal(SSL_get_error(server, result), SSL_ERROR_WANT_READ);
	assert_int_equal(BIO_ctrl_pending(SSL_get_rbio(server)), waiting - waiting / KEY_UPDATES);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_key_updates) };

	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
