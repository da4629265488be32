#include "configuration.h"
#include "init.h"
#include "load_set.h"
#include "scratch.h"
#include "tls_renewal.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct folder folder;

static int setup(void **state)
{
	(void)state;
	(void)scratch_open();
	folder = scratch_ca();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	folder_close(&folder);
	scratch_close();
	return 0;
}

static X509 *read_certificate(const char *name)
{
	const char *pem = scratch_read(name);
	BIO *memory = BIO_new_mem_buf(pem, -1);
	X509 *certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL);

	assert_non_null(certificate);
	(void)BIO_free(memory);
	return certificate;
}

static int days_of(const X509 *certificate)
{
	int days, seconds;

	assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate),
		X509_get0_notAfter(certificate)), 1);
	return days;
}

/* OpenSSL judges the path strictly: another hand than the one that wrote it. */
static void assert_chains(X509 *certificate, X509 *ca, int purpose)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	assert_int_equal(X509_STORE_add_cert(store, ca), 1);
	assert_int_equal(X509_STORE_CTX_init(context, store, certificate, NULL), 1);
	X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
	assert_int_equal(X509_STORE_CTX_set_purpose(context, purpose), 1);
	if (X509_verify_cert(context) != 1)
		fail_msg("%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
}

static void test_ca_certificate(void **state)
{
	X509 *ca = read_certificate("ca/ca.pem");
	char name[128];

	(void)state;
	assert_int_equal(X509_check_ca(ca), 1);
	assert_int_equal(X509_get_pathlen(ca), 0);
	assert_int_equal(X509_get_key_usage(ca), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_true((X509_get_extension_flags(ca) & EXFLAG_SS) != 0);
	assert_true(days_of(ca) >= 10957);
	(void)X509_NAME_oneline(X509_get_subject_name(ca), name, sizeof(name));
	assert_string_equal(name, "/O=Test/CN=Test device identity CA");
	assert_chains(ca, ca, X509_PURPOSE_ANY);
	X509_free(ca);
}

static void test_tls_certificate(void **state)
{
	X509 *ca = read_certificate("ca/ca.pem"), *tls = read_certificate("ca/tls.pem");

	(void)state;
	assert_chains(tls, ca, X509_PURPOSE_SSL_SERVER);
	assert_int_equal(X509_check_host(tls, "ca.example", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(tls, "localhost", 0, 0, NULL), 1);
	assert_int_equal(X509_check_ip_asc(tls, "127.0.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(tls, "::1", 0), 1);
	assert_int_equal(X509_check_host(tls, "other.example", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ca(tls), 0);
	assert_int_equal(X509_get_extended_key_usage(tls), XKU_SSL_SERVER);
	assert_true(days_of(tls) < 397);
	X509_free(ca);
	X509_free(tls);
}

static void test_other_keys(void **state)
{
	static const char *const kinds[] = { "p384", "rsa3072" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char path[512], name[64];
		struct trouble trouble = { "" };

		(void)snprintf(name, sizeof(name), "%s/ca.pem", kinds[i]);
		(void)snprintf(path, sizeof(path), "%s/../%s", folder.path, kinds[i]);
		const struct init init = { .directory = path, .name = "Other", .ca_key = kinds[i],
			.host_count = 1, .hosts = { "localhost" } };
		if (init_folder(&init, &trouble) != FAULT_NONE)
			fail_msg("%s", trouble.text);
		X509 *ca = read_certificate(name);
		assert_chains(ca, ca, X509_PURPOSE_ANY);
		X509_free(ca);
	}
}

static void test_configuration(void **state)
{
	char text[CONFIGURATION_MAX];
	const struct init init = { .name = "N\xc3\xa4me", .is_laboratory = true, .host_count = 2,
		.hosts = { "a.example", "10.0.0.1" } };
	struct configuration configuration;
	struct configuration_error error = { "" };

	(void)state;
	assert_int_equal(init_configuration(&init, text, sizeof(text)), FAULT_NONE);
	assert_int_equal(configuration_read(bytes_of_string(text), &configuration, &error), FAULT_NONE);
	assert_string_equal(configuration.name, "N\xc3\xa4me");
	assert_true(configuration.is_laboratory);
	assert_int_equal(configuration.host_count, 2);
	assert_int_equal(configuration.trust, TRUST_BOTH);
	assert_int_equal(configuration.binding, BINDING_MANIFEST);
}

/* The comments show keys with their defaults: each "# key = value" must be taken, and change nothing. */
static void test_commented_defaults_are_the_defaults(void **state)
{
	static const char *const examples[] = { "crl_url", "issuer_url", "serial_pattern", "organization",
		"organizational_unit", "hardware_module_type", "uri", "dns" };
	char text[CONFIGURATION_MAX], all[CONFIGURATION_MAX] = "";
	const struct init init = { .name = "A", .host_count = 1, .hosts = { "a" } };
	struct configuration plain, uncommented;
	struct configuration_error error = { "" };

	(void)state;
	assert_int_equal(init_configuration(&init, text, sizeof(text)), FAULT_NONE);
	assert_int_equal(configuration_read(bytes_of_string(text), &plain, &error), FAULT_NONE);
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;) {
		char key[64];
		int end = 0;
		bool is_default = sscanf(line, "# %63[a-z_] =%n", key, &end) == 1 && end > 0 &&
			strstr(line, " permits ") == NULL;

		for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]) && is_default; i++)
			is_default = strcmp(examples[i], key) != 0;
		(void)strcat(strcat(all, is_default ? line + 2 : line), "\n");
	}
	if (configuration_read(bytes_of_string(all), &uncommented, &error) != FAULT_NONE)
		fail_msg("%s", error.text);
	assert_memory_equal(&plain, &uncommented, sizeof(plain));
}

static void test_tls_is_due(void **state)
{
	struct configuration configuration;
	struct trouble trouble = { "" };

	(void)state;
	assert_int_equal(load_set_configuration(&folder, &configuration, &trouble), FAULT_NONE);
	assert_false(tls_is_due(&folder, &configuration));

	/* A host that it does not name. */
	(void)snprintf(configuration.hosts[configuration.host_count++], sizeof(configuration.hosts[0]),
		"new.example");
	assert_true(tls_is_due(&folder, &configuration));
	configuration.host_count--;
	assert_false(tls_is_due(&folder, &configuration));

	/* A key that is not its own: here the CA's. */
	const char *key = scratch_read("ca/secret/ca.key");
	assert_int_equal(folder_replace(&folder, "secret/tls.key", 0600, bytes_of_string(key), &trouble), FAULT_NONE);
	assert_true(tls_is_due(&folder, &configuration));
}

static void test_unreadable_tls_is_due(void **state)
{
	struct configuration configuration;
	struct trouble trouble = { "" };

	(void)state;
	assert_int_equal(load_set_configuration(&folder, &configuration, &trouble), FAULT_NONE);
	assert_int_equal(folder_replace(&folder, "tls.pem", 0644, BYTES_OF_LITERAL("x"), &trouble), FAULT_NONE);
	assert_true(tls_is_due(&folder, &configuration));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ca_certificate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls_certificate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_keys, setup, teardown),
		cmocka_unit_test(test_configuration),
		cmocka_unit_test(test_commented_defaults_are_the_defaults),
		cmocka_unit_test_setup_teardown(test_tls_is_due, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreadable_tls_is_due, setup, teardown),
	};

	return cmocka_run_group_tests_name("init", tests, NULL, NULL);
}
