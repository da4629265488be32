#include "https.h"

#include "software_ca.h"
#include "software_key.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { HOUR_S = 3600, REQUESTS_MAX = 8 };

/* A server that keeps each connection open and answers with how many it has accepted. */
struct server {
	struct software_key key;
	X509 *anchor, *certificate;
	char anchor_pem[4096];
	int listener;
	pid_t pid;
	char origin[64];
	bool is_silent; /* says nothing after the handshake */
};

static void serve_connection(SSL_CTX *tls, int connection, int number, bool is_silent)
{
	SSL *ssl = SSL_new(tls);
	char request[4096], answer[256], date[64];
	time_t now = time(NULL);
	struct tm fields;

	(void)SSL_set_fd(ssl, connection);
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &fields));
	if (SSL_accept(ssl) == 1)
		while (SSL_read(ssl, request, sizeof(request)) > 0) {
			int len = snprintf(answer, sizeof(answer),
				"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: 1\r\n\r\n%d", date, number);
			if (!is_silent)
				(void)SSL_write(ssl, answer, len);
		}
	SSL_free(ssl);
	(void)close(connection);
}

static void serve(const struct server *server)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	(void)SSL_CTX_use_certificate(tls, server->certificate);
	(void)SSL_CTX_use_PrivateKey(tls, server->key.pkey);
	for (int number = 1; number <= REQUESTS_MAX; number++)
		serve_connection(tls, accept(server->listener, NULL, NULL), number, server->is_silent);
	_exit(0);
}

static void make_certificates(struct server *server, time_t anchor_not_after)
{
	time_t now = time(NULL);
	struct certificate_wish wish = { .basic_constraints = "critical,CA:TRUE",
		.key_usage = "critical,keyCertSign",
		.not_before = now - 2 * HOUR_S, .not_after = anchor_not_after };
	BIO *bio = BIO_new(BIO_s_mem());

	server->key = software_key_make(TEMPLATE_IK_P256_NODA);
	server->anchor = software_ca_issue(&wish, server->key.pkey, NULL, server->key.pkey);
	wish = (struct certificate_wish){ .subject_alt_name = "IP:127.0.0.1",
		.not_before = now - HOUR_S, .not_after = now + HOUR_S };
	server->certificate = software_ca_issue(
		&wish, server->key.pkey, server->anchor, server->key.pkey);
	assert_int_equal(PEM_write_bio_X509(bio, server->anchor), 1);
	int len = BIO_read(bio, server->anchor_pem, sizeof(server->anchor_pem) - 1);
	assert_true(len > 0);
	server->anchor_pem[len] = '\0';
	BIO_free(bio);
}

static void server_start(struct server *server, time_t anchor_not_after)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	make_certificates(server, anchor_not_after);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(server->listener, REQUESTS_MAX), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(server->origin, sizeof(server->origin), "https://127.0.0.1:%u",
		ntohs(address.sin_port));
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (server->pid == 0)
		serve(server);
}

static void server_stop(struct server *server)
{
	(void)kill(server->pid, SIGKILL);
	(void)waitpid(server->pid, NULL, 0);
	(void)close(server->listener);
	X509_free(server->anchor);
	X509_free(server->certificate);
	software_key_free(&server->key);
}

static void gets(struct https *https, const char *body)
{
	static struct https_answer answer;

	assert_int_equal(https_get(https, "/v1/ca", &answer), FAULT_NONE);
	assert_int_equal(answer.body_len, 1);
	assert_int_equal(answer.body[0], body[0]);
}

/* With a right clock a connection is used again. */
static void test_reuse(void **state)
{
	struct server server = { 0 };
	struct https https;
	struct failure failure;
	struct wall_clock clock = { 0 };

	(void)state;
	server_start(&server, time(NULL) + HOUR_S);
	assert_int_equal(https_open(&https, server.origin, bytes_of_string(server.anchor_pem), &clock,
				 &failure), FAULT_NONE);
	gets(&https, "1");
	gets(&https, "1");
	https_close(&https);
	server_stop(&server);
}

/* The handshake without times is for GET /healthz alone (PROTOCOL, What the device checks). */
static void test_wrong_clock(void **state)
{
	struct server server = { 0 };
	struct https https;
	struct failure failure;
	struct wall_clock clock = { .is_wrong = true };

	(void)state;
	server_start(&server, time(NULL) + HOUR_S);
	assert_int_equal(https_open(&https, server.origin, bytes_of_string(server.anchor_pem), &clock,
				 &failure), FAULT_NONE);
	assert_int_equal(https_set_clock(&https), FAULT_NONE);
	assert_false(clock.is_wrong);
	gets(&https, "2");
	https_close(&https);
	server_stop(&server);
}

/* An anchor that has ended by the CA's own Date is refused as it is with a right clock. */
static void test_ended_anchor(void **state)
{
	static struct https_answer answer;
	struct server server = { 0 };
	struct https https;
	struct failure failure;
	struct wall_clock clock = { .is_wrong = true };

	(void)state;
	server_start(&server, time(NULL) - HOUR_S / 2);
	assert_int_equal(https_open(&https, server.origin, bytes_of_string(server.anchor_pem), &clock,
				 &failure), FAULT_NONE);
	assert_int_equal(https_set_clock(&https), FAULT_NONE);
	assert_int_equal(https_get(&https, "/v1/ca", &answer), FAULT_DENIED);
	assert_non_null(strstr(failure.what, "expired"));
	https_close(&https);
	server_stop(&server);
}

/* The run's time with the CA ends a request that would else have half a minute. */
static void test_deadline(void **state)
{
	static struct https_answer answer;
	struct server server = { .is_silent = true };
	struct https https;
	struct failure failure;
	struct wall_clock clock = { 0 };

	(void)state;
	server_start(&server, time(NULL) + HOUR_S);
	assert_int_equal(https_open(&https, server.origin, bytes_of_string(server.anchor_pem), &clock,
				 &failure), FAULT_NONE);
	assert_in_range(https_left_s(&https), RUN_WITH_CA_S - 60, RUN_WITH_CA_S);
	https.deadline_ms -= (RUN_WITH_CA_S - 2) * 1000;
	assert_in_range(https_left_s(&https), 0, 2);
	time_t begin = time(NULL);
	assert_int_equal(https_get(&https, "/v1/ca", &answer), FAULT_TIMEOUT);
	assert_in_range(time(NULL) - begin, 0, 20);
	https.deadline_ms = 0;
	assert_int_equal(https_left_s(&https), 0);
	https_close(&https);
	server_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_wrong_clock),
		cmocka_unit_test(test_ended_anchor),
		cmocka_unit_test(test_deadline),
	};
	return cmocka_run_group_tests_name("https", tests, NULL, NULL);
}
