#include "software_tpm.h"

#include <openssl/x509.h>
#include <stddef.h>
#include <string.h>

enum { NAME_OCTETS_MAX = 1024 };

/* Looked for in subject and issuer, in any case of letters. */
static const char *const words[] = {
	"swtpm", "simulator", "software tpm", "virtual tpm", "vtpm", "emulat", "google cloud",
	"ou=cloud", "ek/ak ca", "amazon web services", "nitrotpm", "azure virtual", "globalvirtualtpm",
	"vmware", "qemu", "libtpms", "aliyun", "alibaba cloud", "nutanix",
};

static const char *word_in(const X509_NAME *name)
{
	char text[NAME_OCTETS_MAX] = "";

	if (X509_NAME_oneline(name, text, sizeof(text)) == NULL)
		return NULL;
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
