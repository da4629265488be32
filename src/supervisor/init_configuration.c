#include "init.h"

#include "bytes.h"
#include "writer.h"

static void write_text(struct writer *w, const char *text)
{
	writer_bytes(w, bytes_of_string(text));
}

static void write_hosts(struct writer *w, const struct init *init)
{
	write_text(w, "hosts = ");
	for (size_t i = 0; i < init->host_count; i++) {
		write_text(w, i == 0 ? "" : ", ");
		write_text(w, init->hosts[i]);
	}
	write_text(w, "\n");
}

static const char head[] = "# genuine.conf: how this CA works. Lines that begin with # are "
			   "comments; those of the form\n"
			   "# \"# key = value\" show the default. After a change: genuine-ca "
			   "reload. All keys are explained\n"
			   "# in genuine-ca(1).\n"
			   "\n"
			   "[ca]\n"
			   "# The organization in the CA's name and, unless a profile says "
			   "otherwise, in its devices'.\n"
			   "name = ";

static const char rest_of_ca[] =
	"# Where devices' certificates say that the revocation list and the CA's certificate are "
	"found.\n"
	"# crl_url = http://ca.example/v1/crl\n"
	"# issuer_url = http://ca.example/ca.cer\n"
	"# How many days a revocation list lives; it is renewed at half of that.\n"
	"# crl_days = 7\n"
	"# policy_arc = 2.25.303619253884221164867571385486340110917\n"
	"\n"
	"[front]\n"
	"# listen = 0.0.0.0:8443\n"
	"# How many fronts and verifiers; 0 is one for each core.\n"
	"# workers = 0\n"
	"# tls = 1.2 permits TLS 1.2 besides 1.3.\n"
	"# tls = 1.3\n"
	"# Requests a minute: from one network (/24 or /56), and in all.\n"
	"# rate_per_prefix = 600\n"
	"# rate_all = 60000\n"
	"# yes tells a refused device the reason: for bringing up a line in a laboratory.\n"
	"# explain = no\n"
	"\n"
	"[endorsement]\n"
	"# What makes an endorsement key believed: vendor (its certificate chains to an imported "
	"CA of a\n"
	"# TPM maker: genuine-ca trust import), manifest (it is listed: genuine-ca device import), "
	"or both.\n"
	"trust = both\n"
	"# An endorsement certificate that has run out: ignore, warn or enforce.\n"
	"# expiry = ignore\n"
	"# accept = L-1, L-2, H-1, H-2, H-3, H-4, H-6, H-7\n"
	"\n"
	"[identity]\n"
	"# What gives a device its serial: manifest (the list says so), endorsement (it is the "
	"first 40\n"
	"# digits of the EK id), or first (who comes first keeps it; demands expected = FILE).\n"
	"binding = manifest\n"
	"# serial_pattern = SN-[0-9]{4}\n"
	"# A device that comes with a new identity key: supersede (at most once a day and five "
	"times a\n"
	"# year) or operator (only after genuine-ca device rekey).\n"
	"# rekey = supersede\n"
	"# How long the certificate of the former key stays good.\n"
	"# overlap = 24h\n"
	"\n"
	"[identity-key]\n"
	"# accept = rsa2048, rsa3072, rsa4096, p256, p384, p521\n"
	"\n"
	"[profile device]\n"
	"# organization = the CA's name\n"
	"# organizational_unit = Line 1\n"
	"# validity_days = 365\n"
	"# Names beside the subject: HardwareModuleName with this type, a URI, a DNS name.\n"
	"# hardware_module_type = 1.3.6.1.4.1.99999.1\n"
	"# uri = urn:example:device:{serial}\n"
	"# dns = {serial}.devices.example\n"
	"\n"
	"[process]\n"
	"# Started as root, the roles become these users: front, verifier, authority, store are\n"
	"# uid_base and the three numbers after it. Nobody else may have them.\n"
	"# uid_base = 61150\n";

enum fault init_configuration(const struct init *init, char *text, size_t capacity)
{
	struct writer w = writer_of((uint8_t *)text, capacity);
	struct bytes written;

	write_text(&w, head);
	write_text(&w, init->name);
	write_text(&w, "\n");
	if (init->is_laboratory)
		write_text(&w, "# Permits makers of software TPMs, whose keys can be copied. Never "
			       "for products.\n"
			       "laboratory = yes\n");
	write_text(&w, "# Names in the TLS certificate, besides localhost.\n");
	write_hosts(&w, init);
	write_text(&w, rest_of_ca);
	writer_u8(&w, 0);
	return writer_end(&w, &written);
}
