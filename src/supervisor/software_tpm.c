#include "software_tpm.h"

#include "owned.h"

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <string.h>

OWNED_TYPE(BIO, BIO_free_all)

enum { NAME_OCTETS_MAX = 1024 };

/* Looked for in subject and issuer, in any case of letters. */
static const char *const words[] = {
	"swtpm",
	"simulator",
	"software tpm",
	"virtual tpm",
	"vtpm",
	"emulat",
	"google cloud",
	"ou=cloud",
	"ek/ak ca",
	"amazon web services",
	"nitrotpm",
	"azure virtual",
	"globalvirtualtpm",
	"vmware",
	"qemu",
	"libtpms",
	"aliyun",
	"alibaba cloud",
	"nutanix",
};

static const char *word_in(const X509_NAME *name)
{
	owned(BIO) *memory = BIO_new(BIO_s_mem());
	char text[NAME_OCTETS_MAX + 1];

	/* As UTF-8, whatever kind of string it is; X509_NAME_oneline would escape half of it. */
	if (memory == NULL ||
		X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
		return NULL;
	int len = BIO_read(memory, text, NAME_OCTETS_MAX);
	text[len > 0 ? len : 0] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasestr(text, words[i]) != NULL)
			return words[i];
	}
	return NULL;
}

const char *software_tpm_vendor(const X509 *certificate)
{
	const char *word = word_in(X509_get_subject_name(certificate));

	return word != NULL ? word : word_in(X509_get_issuer_name(certificate));
}
