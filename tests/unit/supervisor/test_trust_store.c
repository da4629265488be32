#include "load_set.h"
#include "made_certificate.h"
#include "scratch.h"
#include "software_tpm.h"
#include "trust_store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Imports one path; what became of it. */
static enum fault import(const char *path, const char *marks, bool is_laboratory, size_t *added,
	struct trouble *trouble)
{
	struct trust_batch batch = { .is_laboratory = is_laboratory };
	enum fault fault = trust_marks_normalise(marks, batch.marks, trouble);

	if (fault == FAULT_NONE)
		fault = trust_batch_add(&batch, path, trouble);
	if (fault == FAULT_NONE)
		fault = trust_batch_import(&batch, &folder, added, trouble);
	trust_batch_close(&batch);
	return fault;
}

static size_t import_good(const char *path, const char *marks)
{
	struct trouble trouble = { "" };
	size_t added = 0;

	if (import(path, marks, false, &added, &trouble) != FAULT_NONE)
		fail_msg("%s", trouble.text);
	return added;
}

static size_t count_anchors(void)
{
	struct anchors anchors;
	struct trouble trouble = { "" };

	if (anchors_read(&folder, &anchors, &trouble) != FAULT_NONE)
		fail_msg("%s", trouble.text);
	size_t count = anchors.count + anchors.crl_count;
	anchors_close(&anchors);
	return count;
}

static const char *write_pem(const char *name, const struct made_certificate *made)
{
	const char *pem = made_pem(made);

	return scratch_write(name, pem, strlen(pem));
}

static void test_import_pem_and_der(void **state)
{
	struct made_certificate ca = made_certificate("Vendor Root", true, NULL);
	struct anchors anchors;
	struct trouble trouble = { "" };
	size_t len;

	(void)state;
	assert_int_equal(import_good(write_pem("ca.pem", &ca), "sha1,ek-only,sha1"), 1);
	const unsigned char *der = made_der(&ca, &len);
	assert_int_equal(anchors_read(&folder, &anchors, &trouble), FAULT_NONE);
	assert_int_equal(anchors.count, 1);
	assert_string_equal(anchors.list[0].marks, "ek-only,sha1");
	assert_int_equal(anchors.list[0].len, len);
	assert_memory_equal(anchors.list[0].der, der, len);
	anchors_close(&anchors);
	/* The same again, as DER and with other marks, is one anchor, marked anew. */
	assert_int_equal(import_good(scratch_write("ca.der", der, len), ""), 0);
	assert_int_equal(anchors_read(&folder, &anchors, &trouble), FAULT_NONE);
	assert_int_equal(anchors.count, 1);
	assert_string_equal(anchors.list[0].marks, "");
	anchors_close(&anchors);
	made_certificate_free(&ca);
}

static void test_file_is_readable(void **state)
{
	struct made_certificate ca = made_certificate("Vendor Root", true, NULL);
	struct anchors anchors;
	struct trouble trouble = { "" };
	char name[128];

	(void)state;
	(void)import_good(write_pem("ca.pem", &ca), "hints");
	assert_int_equal(anchors_read(&folder, &anchors, &trouble), FAULT_NONE);
	(void)snprintf(name, sizeof(name), "ca/trust/%s.pem", anchors.list[0].name);
	anchors_close(&anchors);
	const char *text = scratch_read(name);
	assert_non_null(strstr(text, "subject: CN=Vendor Root\nissuer: CN=Vendor Root\nsha256: "));
	assert_non_null(strstr(text, "\nmarks: hints\n-----BEGIN CERTIFICATE-----\n"));
	made_certificate_free(&ca);
}

static void test_import_folder(void **state)
{
	struct made_certificate a = made_certificate("A", true, NULL), b = made_certificate("B", true, NULL);
	char path[256];
	size_t len;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/../vendors", folder.path);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)write_pem("vendors/a.pem", &a);
	const unsigned char *der = made_der(&b, &len);
	(void)scratch_write("vendors/b.cer", der, len);
	(void)scratch_write("vendors/README", "not a certificate", 17);
	assert_int_equal(import_good(path, ""), 2);
	assert_int_equal(count_anchors(), 2);
	made_certificate_free(&a);
	made_certificate_free(&b);
}

static void assert_refused(const char *path, const char *marks, enum fault expected, const char *word)
{
	struct trouble trouble = { "" };
	size_t added;

	if (import(path, marks, false, &added, &trouble) != expected)
		fail_msg("%s with %s: \"%s\"", path, marks, trouble.text);
	if (strstr(trouble.text, word) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", trouble.text, word);
	assert_int_equal(count_anchors(), 0);
}

static void test_refused(void **state)
{
	struct made_certificate ca = made_certificate("Vendor", true, NULL);
	struct made_certificate leaf = made_certificate("TPM", false, &ca);
	char both[16384];

	(void)state;
	assert_refused(write_pem("leaf.pem", &leaf), "", FAULT_DENIED, "not a CA's certificate");
	assert_refused(scratch_write("x.der", "\x30\x03\x02\x01\x01", 5), "", FAULT_INVALID, "neither");
	assert_refused(scratch_write("x.pem", "-----BEGIN NOTHING-----\n", 24), "", FAULT_INVALID, "no PEM");
	assert_refused(scratch_write("empty", "", 0), "", FAULT_INVALID, "empty");
	assert_refused("/nowhere/at/all", "", FAULT_NOT_FOUND, "No such file");
	assert_refused(write_pem("ca.pem", &ca), "ek-onyl", FAULT_INVALID, "marks are");
	/* A bundle with one bad certificate brings nothing at all. */
	size_t len = (size_t)snprintf(both, sizeof(both), "%s", made_pem(&ca));
	(void)snprintf(both + len, sizeof(both) - len, "%s", made_pem(&leaf));
	assert_refused(scratch_write("both.pem", both, strlen(both)), "", FAULT_DENIED, "not a CA's");
	/* Nor does one that is cut off, or damaged behind the first. */
	(void)snprintf(both + len, sizeof(both) - len, "%.100s", made_pem(&ca));
	assert_refused(scratch_write("cut.pem", both, strlen(both)), "", FAULT_INVALID, "behind 1 that can");
	(void)snprintf(both + len, sizeof(both) - len, "%s", made_pem(&ca));
	both[len + 60] = '!';
	assert_refused(scratch_write("damaged.pem", both, strlen(both)), "", FAULT_INVALID, "behind 1 that can");
	made_certificate_free(&leaf);
	made_certificate_free(&ca);
}

/* Names of their makers, each known by one word alone, in one of the parts that a name has. */
static const struct {
	const char *part, *value, *word;
} software_tpms[] = {
	{ "CN", "swtpm-localca-rootca", "swtpm" },
	{ "CN", "TPM Simulator CA", "simulator" },
	{ "CN", "Software TPM Root", "software tpm" },
	{ "CN", "Virtual TPM Root", "virtual tpm" },
	{ "CN", "vTPM EK CA", "vtpm" },
	{ "CN", "TPM Emulator", "emulat" },
	{ "OU", "Google Cloud", "google cloud" },
	{ "OU", "Cloud", "ou=cloud" },
	{ "CN", "EK/AK CA Root", "ek/ak ca" },
	{ "O", "Amazon Web Services, Inc.", "amazon web services" },
	{ "CN", "NitroTPM EK Root", "nitrotpm" },
	{ "CN", "Azure Virtual Machines", "azure virtual" },
	{ "CN", "GlobalVirtualTPMCA - 03", "globalvirtualtpm" },
	{ "O", "VMware Engineering", "vmware" },
	{ "CN", "QEMU TPM", "qemu" },
	{ "CN", "libtpms", "libtpms" },
	{ "O", "Aliyun", "aliyun" },
	{ "O", "Alibaba Cloud", "alibaba cloud" },
	{ "O", "Nutanix", "nutanix" },
};

static void add_part(X509_NAME *name, const char *part, const char *value)
{
	assert_int_equal(X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
		(const unsigned char *)value, -1, -1, 0), 1);
}

static void test_words_of_software_tpms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(software_tpms) / sizeof(software_tpms[0]); i++) {
		X509 *own = X509_new(), *issued = X509_new();

		add_part(X509_get_subject_name(own), software_tpms[i].part, software_tpms[i].value);
		add_part(X509_get_issuer_name(own), "CN", "Root");
		assert_string_equal(software_tpm_vendor(own), software_tpms[i].word);
		add_part(X509_get_subject_name(issued), "CN", "Intermediate");
		add_part(X509_get_issuer_name(issued), software_tpms[i].part, software_tpms[i].value);
		assert_string_equal(software_tpm_vendor(issued), software_tpms[i].word);
		X509_free(issued);
		X509_free(own);
	}
}

/* Threat row 50. */
static void test_software_tpms(void **state)
{
	struct made_certificate real = made_certificate("Microsoft TPM Root Certificate Authority", true, NULL);
	struct made_certificate root = made_certificate("swtpm-localca-rootca", true, NULL);
	struct made_certificate below = made_certificate("Intermediate", true, &root);

	(void)state;
	assert_refused(write_pem("root.pem", &root), "", FAULT_DENIED, "laboratory");
	assert_refused(write_pem("below.pem", &below), "", FAULT_DENIED, "laboratory");
	assert_null(software_tpm_vendor(real.certificate));
	made_certificate_free(&below);
	made_certificate_free(&root);
	made_certificate_free(&real);
}

static void test_laboratory_takes_software_tpms(void **state)
{
	struct made_certificate root = made_certificate("swtpm-localca-rootca", true, NULL);
	struct trouble trouble = { "" };
	size_t added = 0;

	(void)state;
	assert_int_equal(import(write_pem("root.pem", &root), "", true, &added, &trouble), FAULT_NONE);
	assert_int_equal(added, 1);
	made_certificate_free(&root);
}

static void test_crl(void **state)
{
	struct made_certificate ca = made_certificate("Vendor", true, NULL);
	struct trouble trouble = { "" };
	char removed[DIGEST_HEX_CAPACITY];
	struct anchors anchors;
	const char *pem;

	(void)state;
	pem = made_crl_pem(&ca);
	assert_refused(scratch_write("list.pem", pem, strlen(pem)), "", FAULT_NOT_FOUND,
		"no imported CA has signed");
	(void)import_good(write_pem("ca.pem", &ca), "");
	pem = made_crl_pem(&ca);
	assert_int_equal(import_good(scratch_write("list.pem", pem, strlen(pem)), ""), 1);
	assert_int_equal(count_anchors(), 2);
	/* The CA may not go before its list. */
	assert_int_equal(anchors_read(&folder, &anchors, &trouble), FAULT_NONE);
	assert_int_equal(trust_remove(&folder, anchors.list[0].name, removed, &trouble), FAULT_NOT_FOUND);
	assert_int_equal(trust_remove(&folder, anchors.crls[0].name, removed, &trouble), FAULT_NONE);
	assert_int_equal(trust_remove(&folder, anchors.list[0].name, removed, &trouble), FAULT_NONE);
	anchors_close(&anchors);
	assert_int_equal(count_anchors(), 0);
	made_certificate_free(&ca);
}

/*
 * A list is written after whoever signed it, wherever it stands in the file: cut short in between,
 * the other order would leave a list that nobody has signed, and with it no server starts.
 */
static void test_list_after_its_signer(void **state)
{
	struct made_certificate ca = made_certificate("Vendor", true, NULL);
	struct trouble trouble = { "" };
	char pem[8192], stands_in_the_way[256];
	struct anchors anchors;
	size_t added = 0;

	(void)state;
	(void)import_good(write_pem("ca.pem", &ca), "");
	assert_int_equal(anchors_read(&folder, &anchors, &trouble), FAULT_NONE);
	(void)snprintf(stands_in_the_way, sizeof(stands_in_the_way), "%s/trust/%s.pem", folder.path,
		anchors.list[0].name);
	anchors_close(&anchors);
	assert_int_equal(unlink(stands_in_the_way), 0);
	(void)strcat(stands_in_the_way, ".new");
	assert_int_equal(mkdir(stands_in_the_way, 0700), 0);
	int len = snprintf(pem, sizeof(pem), "%s", made_crl_pem(&ca));
	(void)snprintf(pem + len, sizeof(pem) - (size_t)len, "%s", made_pem(&ca));
	const char *path = scratch_write("both.pem", pem, strlen(pem));
	assert_int_equal(import(path, "", false, &added, &trouble), FAULT_EXISTS);
	assert_int_equal(rmdir(stands_in_the_way), 0);
	assert_int_equal(count_anchors(), 0);
	assert_int_equal(import_good(path, ""), 2);
	made_certificate_free(&ca);
}

static void test_remove(void **state)
{
	struct made_certificate ca = made_certificate("Vendor", true, NULL);
	struct trouble trouble = { "" };
	char removed[DIGEST_HEX_CAPACITY] = "";
	json_t *list = json_array();

	(void)state;
	(void)import_good(write_pem("ca.pem", &ca), "");
	assert_int_equal(trust_describe(&folder, list, &trouble), FAULT_NONE);
	const char *id = json_string_value(json_object_get(json_array_get(list, 0), "id"));
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "subject")), "CN=Vendor");
	char prefix[9] = "";
	memcpy(prefix, id, 8);
	assert_int_equal(trust_remove(&folder, "xyzw", removed, &trouble), FAULT_NOT_FOUND);
	assert_int_equal(trust_remove(&folder, prefix, removed, &trouble), FAULT_NONE);
	assert_string_equal(removed, id);
	assert_int_equal(count_anchors(), 0);
	assert_int_equal(trust_remove(&folder, prefix, removed, &trouble), FAULT_NOT_FOUND);
	json_decref(list);
	made_certificate_free(&ca);
}

/* The first two octets of its id. */
static uint16_t beginning_of(const struct made_certificate *made)
{
	unsigned char digest[32];

	assert_int_equal(X509_digest(made->certificate, EVP_sha256(), digest, NULL), 1);
	return (uint16_t)(digest[0] << 8 | digest[1]);
}

static void test_ambiguous_prefix(void **state)
{
	/* Two of some 300 begin alike; that none of 2000 do is not to be expected. */
	enum { MADE_MAX = 2000 };
	static struct made_certificate made[MADE_MAX];
	static size_t by_beginning[UINT16_MAX + 1]; /* its place in made, and one; 0: none yet */
	struct trouble trouble = { "" };
	char removed[DIGEST_HEX_CAPACITY], prefix[5];
	size_t count = 0, other = 0;

	(void)state;
	while (other == 0) {
		assert_true(count < MADE_MAX);
		made[count] = made_certificate("Vendor", true, NULL);
		size_t *place = &by_beginning[beginning_of(&made[count])];
		other = *place;
		*place = ++count;
	}
	(void)import_good(write_pem("a.pem", &made[other - 1]), "");
	(void)import_good(write_pem("b.pem", &made[count - 1]), "");
	(void)snprintf(prefix, sizeof(prefix), "%04x", beginning_of(&made[count - 1]));
	assert_int_equal(trust_remove(&folder, prefix, removed, &trouble), FAULT_INVALID);
	assert_non_null(strstr(trouble.text, "more than one id begins with"));
	assert_int_equal(count_anchors(), 2);
	while (count > 0)
		made_certificate_free(&made[--count]);
}

/* What every id begins with names none. */
static void test_short_prefix(void **state)
{
	struct made_certificate ca = made_certificate("Vendor", true, NULL);
	struct trouble trouble = { "" };
	char removed[DIGEST_HEX_CAPACITY], prefix[5];

	(void)state;
	(void)import_good(write_pem("ca.pem", &ca), "");
	(void)snprintf(prefix, sizeof(prefix), "%04x", beginning_of(&ca));
	for (size_t len = 0; len < 4; len++) {
		char shorter[5] = "";

		memcpy(shorter, prefix, len);
		assert_int_equal(trust_remove(&folder, shorter, removed, &trouble), FAULT_INVALID);
		assert_non_null(strstr(trouble.text, "the first 4 digits of the id"));
		assert_int_equal(count_anchors(), 1);
	}
	assert_int_equal(trust_remove(&folder, prefix, removed, &trouble), FAULT_NONE);
	made_certificate_free(&ca);
}

/* What lies in trust/ but was not imported, or was changed, is refused, and all of it with it. */
static void test_foreign_files(void **state)
{
	static const char *const names[] = { "ca/trust/ca.pem", "ca/trust/notes.txt", "ca/trust/x.crl" };
	struct made_certificate ca = made_certificate("Vendor", true, NULL);
	struct load_set *set = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct trouble trouble = { "" };
		const char *path = write_pem(names[i], &ca);

		assert_int_equal(load_set_read(&folder, &set, &trouble), FAULT_INVALID);
		assert_int_equal(unlink(path), 0);
	}
	made_certificate_free(&ca);
}

static void assert_fingerprints(bool is_same, uint8_t before[32])
{
	struct load_set *set = NULL;
	struct trouble trouble = { "" };

	if (load_set_read(&folder, &set, &trouble) != FAULT_NONE)
		fail_msg("%s", trouble.text);
	assert_true((memcmp(set->fingerprint, before, 32) == 0) == is_same);
	memcpy(before, set->fingerprint, 32);
	load_set_close(set);
}

static void test_fingerprint_follows_trust(void **state)
{
	struct made_certificate ca = made_certificate("Vendor", true, NULL);
	uint8_t fingerprint[32] = { 0 };
	const char *pem;

	(void)state;
	assert_fingerprints(false, fingerprint);
	assert_fingerprints(true, fingerprint);
	(void)import_good(write_pem("ca.pem", &ca), "");
	assert_fingerprints(false, fingerprint);
	(void)import_good(write_pem("ca.pem", &ca), "sha1");
	assert_fingerprints(false, fingerprint);
	(void)import_good(write_pem("ca.pem", &ca), "sha1,sha1");
	assert_fingerprints(true, fingerprint);
	pem = made_crl_pem(&ca);
	(void)import_good(scratch_write("list.pem", pem, strlen(pem)), "");
	assert_fingerprints(false, fingerprint);
	made_certificate_free(&ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_import_pem_and_der, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_is_readable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_import_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test(test_words_of_software_tpms),
		cmocka_unit_test_setup_teardown(test_software_tpms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_laboratory_takes_software_tpms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crl, setup, teardown),
		cmocka_unit_test_setup_teardown(test_list_after_its_signer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_remove, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ambiguous_prefix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_short_prefix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fingerprint_follows_trust, setup, teardown),
	};

	return cmocka_run_group_tests_name("trust_store", tests, NULL, NULL);
}
