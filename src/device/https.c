#include "https.h"

#include "certificate_file.h"
#include "interruption.h"
#include "owned.h"
#include "pem_password.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <time.h>

enum { CONNECT_TIMEOUT_S = 10, TIMEOUT_S = 30, URL_MAX = 320 };

OWNED_TYPE(X509, X509_free)
OWNED_TYPE(BIO, BIO_free_all)

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t https_left_s(const struct https *https)
{
	uint64_t now = now_ms();

	return now < https->deadline_ms ? (uint32_t)((https->deadline_ms - now) / 1000) : 0;
}

void https_close(struct https *https)
{
	if (https->curl != NULL)
		curl_easy_cleanup(https->curl);
	https->curl = NULL;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct https_answer *answer = context;
	size_t len = size * count;

	if (len > sizeof(answer->body) - answer->body_len) {
		answer->is_too_long = true;
		return 0;
	}
	memcpy(answer->body + answer->body_len, data, len);
	answer->body_len += len;
	return len;
}

/* One field at a time; those after the body of a chunked answer as well. */
static size_t count_head(char *data, size_t size, size_t count, void *context)
{
	struct https_answer *answer = context;
	size_t len = size * count;

	(void)data;
	if (len > BODY_MAX - answer->head_len) {
		answer->is_too_long = true;
		return 0;
	}
	answer->head_len += len;
	return len;
}

static int stop_when_told(void *context, curl_off_t dl_total, curl_off_t dl_now,
	curl_off_t ul_total, curl_off_t ul_now)
{
	(void)context, (void)dl_total, (void)dl_now, (void)ul_total, (void)ul_now;
	return interruption_is_pending();
}

/* Certificates are judged at our idea of the time; with a wrong clock, not by time at all. */
static CURLcode set_verify_time(CURL *curl, void *ssl_context, void *context)
{
	const struct https *https = context;
	X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(ssl_context);

	(void)curl;
	if (https->clock->is_wrong)
		(void)X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME);
	else if (https->clock->offset_s != 0)
		X509_VERIFY_PARAM_set_time(parameters, wall_clock_now(https->clock));
	return CURLE_OK;
}

/* Every setting that is a promise of the header. */
static bool set_trust(struct https *https)
{
	CURL *curl = https->curl;
	struct curl_blob anchors = { .data = (void *)(uintptr_t)https->anchors.data,
		.len = https->anchors.len, .flags = CURL_BLOB_NOCOPY };

	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
		       CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) ==
		       CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &anchors) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, set_verify_time) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, https) == CURLE_OK;
}

/* To libcurl, 0 is for ever. */
static long timeout_s(const struct https *https)
{
	uint32_t left_s = https_left_s(https);

	if (left_s > TIMEOUT_S)
		return TIMEOUT_S;
	return left_s > 0 ? (long)left_s : 1;
}

static bool set_limits(struct https *https, struct https_answer *answer)
{
	CURL *curl = https->curl;

	return curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S) ==
		       CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_s(https)) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stop_when_told) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)BODY_MAX) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, count_head) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USERAGENT, "genuine-device/" GENUINE_VERSION) ==
		       CURLE_OK;
}

static bool set_url(struct https *https, const char *path)
{
	char url[URL_MAX];
	size_t origin_len = strlen(https->origin);

	if (origin_len > 0 && https->origin[origin_len - 1] == '/')
		origin_len--;
	int len = snprintf(url, sizeof(url), "%.*s%s", (int)origin_len, https->origin, path);
	return len > 0 && len < URL_MAX &&
		curl_easy_setopt(https->curl, CURLOPT_URL, url) == CURLE_OK;
}

/* The options' form lets ports and hosts pass that are none. */
static enum fault check_origin(struct https *https)
{
	CURLU *url = curl_url();
	CURLUcode code = url == NULL ? CURLUE_OUT_OF_MEMORY :
		curl_url_set(url, CURLUPART_URL, https->origin, 0);

	curl_url_cleanup(url);
	if (code == CURLUE_OK)
		return FAULT_NONE;
	if (code == CURLUE_OUT_OF_MEMORY)
		return failure_set(https->failure, EXIT_OTHER, "free some memory and run it again",
			"this program had no memory left to look at %s", https->origin);
	return failure_set(https->failure, EXIT_USAGE, "give the right one by --ca",
		"%s is no URL: %s", https->origin, curl_url_strerror(code));
}

void https_begin(struct https *https)
{
	https->deadline_ms = now_ms() + RUN_WITH_CA_S * 1000;
}

enum fault https_open(struct https *https, const char *origin, struct bytes anchors,
	struct wall_clock *clock, struct failure *failure)
{
	*https = (struct https){
		.origin = origin, .anchors = anchors, .clock = clock, .failure = failure
	};
	https_begin(https);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		https->curl = curl_easy_init();
	if (https->curl == NULL)
		return failure_set(failure, EXIT_OTHER, "free some memory and run it again",
			"the HTTPS library does not start");
	return check_origin(https);
}

static enum fault unreachable(struct https *https, CURLcode code)
{
	(void)failure_set(https->failure, EXIT_CA_NOT_REACHED,
		"see that network, name and port are right and that the CA runs, and run it again",
		"the CA at %s was not reached: %s", https->origin,
		code == CURLE_SSL_CONNECT_ERROR ? "no TLS 1.3 connection came about"
						: curl_easy_strerror(code));
	return FAULT_TIMEOUT;
}

/* libcurl compares the name itself, and then leaves the result as it was before the handshake. */
static const char *reason_of_distrust(const struct https *https)
{
	long verify = X509_V_OK;

	(void)curl_easy_getinfo(https->curl, CURLINFO_SSL_VERIFYRESULT, &verify);
	if (verify == X509_V_OK || verify == X509_V_ERR_UNSPECIFIED)
		return "its certificate is for another name";
	return X509_verify_cert_error_string(verify);
}

/* What curl could not do, sorted by whether trying again may help. */
static enum fault not_done(
	struct https *https, CURLcode code, const struct https_answer *answer)
{
	if (answer->is_too_long || code == CURLE_FILESIZE_EXCEEDED)
		return failure_set(https->failure, EXIT_CA_REFUSED, "see that --ca names the CA",
			"the answer of %s is larger than 64 KiB", https->origin);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return failure_set(https->failure, EXIT_OTHER, "run it again to go on",
			"it was told to stop while it waited for the CA");
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return failure_set(https->failure, EXIT_CA_NOT_REACHED,
			"give the right --ca and --ca-cert, and see that the device's clock is "
			"right",
			"the server at %s is not the CA that is trusted: %s", https->origin,
			reason_of_distrust(https));
	if (code == CURLE_SSL_CACERT_BADFILE)
		return failure_set(https->failure, EXIT_LOCAL_FILES,
			"give the CA's certificate in PEM", "--ca-cert holds no certificate");
	return unreachable(https, code);
}

/* RFC 9110, 8.3: a media type, in any case, perhaps with parameters. */
static bool is_json(const struct https *https)
{
	static const char media_type[] = "application/json";
	const size_t len = sizeof(media_type) - 1;
	const char *type = NULL;

	if (curl_easy_getinfo(https->curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || type == NULL ||
		strncasecmp(type, media_type, len) != 0)
		return false;
	return type[len] == '\0' || type[len] == ';' || type[len] == ' ';
}

static enum fault perform(struct https *https, struct https_answer *answer)
{
	curl_off_t retry_after = 0;
	CURLcode code = curl_easy_perform(https->curl);

	if (code != CURLE_OK)
		return not_done(https, code, answer);
	(void)curl_easy_getinfo(https->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	(void)curl_easy_getinfo(https->curl, CURLINFO_RETRY_AFTER, &retry_after);
	answer->is_json = is_json(https);
	answer->retry_after_s =
		retry_after > 0 && retry_after < UINT32_MAX ? (uint32_t)retry_after : 0;
	return FAULT_NONE;
}

static enum fault not_set(struct https *https)
{
	return failure_set(https->failure, EXIT_OTHER, "install libcurl 7.85 or later with OpenSSL",
		"the HTTPS library lacks a setting that this program needs");
}

static bool begin(struct https *https, const char *path, struct https_answer *answer)
{
	answer->status = 0;
	answer->body_len = 0;
	answer->head_len = 0;
	answer->is_json = false;
	answer->is_too_long = false;
	curl_easy_reset(https->curl);
	return set_trust(https) && set_limits(https, answer) && set_url(https, path);
}

enum fault https_post(struct https *https, const char *path, const char *body, size_t body_len,
	struct https_answer *out)
{
	struct curl_slist *head = curl_slist_append(NULL, "Content-Type: application/json");
	enum fault fault;

	if (head != NULL && begin(https, path, out) &&
		curl_easy_setopt(https->curl, CURLOPT_HTTPHEADER, head) == CURLE_OK &&
		curl_easy_setopt(https->curl, CURLOPT_POSTFIELDS, body) == CURLE_OK &&
		curl_easy_setopt(https->curl, CURLOPT_POSTFIELDSIZE, (long)body_len) == CURLE_OK)
		fault = perform(https, out);
	else
		fault = not_set(https);
	curl_slist_free_all(head);
	return fault;
}

enum fault https_get(struct https *https, const char *path, struct https_answer *out)
{
	return begin(https, path, out) ? perform(https, out) : not_set(https);
}

/* Narrows first and last to the validity of one certificate of the server's, PEM. */
static void narrow(const char *pem, time_t *first, time_t *last)
{
	owned(BIO) *bio = BIO_new_mem_buf(pem, -1);
	owned(X509) *certificate = bio == NULL ? NULL
		: PEM_read_bio_X509(bio, NULL, pem_no_password, NULL);

	if (certificate == NULL) {
		*last = -1;
		return;
	}
	time_t from = certificate_time(X509_get0_notBefore(certificate));
	time_t to = certificate_time(X509_get0_notAfter(certificate));
	*first = from > *first ? from : *first;
	*last = to < *last ? to : *last;
}

/* The span in which every certificate that the server showed is valid. */
static void chain_validity(const struct https *https, time_t *first, time_t *last)
{
	struct curl_certinfo *info = NULL;

	*first = 0;
	*last = INT64_MAX;
	if (curl_easy_getinfo(https->curl, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL ||
		info->num_of_certs == 0) {
		*last = -1;
		return;
	}
	for (int i = 0; i < info->num_of_certs; i++)
		for (struct curl_slist *line = info->certinfo[i]; line != NULL; line = line->next)
			if (strncmp(line->data, "Cert:", 5) == 0)
				narrow(line->data + 5, first, last);
}

/* The time that the answer's Date names; -1 where it has none. */
static time_t date_of_answer(const struct https *https)
{
	struct curl_header *date = NULL;

	if (curl_easy_header(https->curl, "Date", 0, CURLH_HEADER, -1, &date) != CURLHE_OK)
		return -1;
	return curl_getdate(date->value, NULL);
}

enum fault https_set_clock(struct https *https)
{
	struct https_answer answer;
	time_t first, last;

	/* What follows makes a handshake of its own, with the test of validity times. */
	if (!begin(https, "/healthz", &answer) ||
		curl_easy_setopt(https->curl, CURLOPT_FORBID_REUSE, 1L) != CURLE_OK ||
		curl_easy_setopt(https->curl, CURLOPT_CERTINFO, 1L) != CURLE_OK)
		return not_set(https);
	enum fault fault = perform(https, &answer);
	if (fault != FAULT_NONE)
		return fault;
	chain_validity(https, &first, &last);
	if (wall_clock_correct(https->clock, date_of_answer(https), first, last) == FAULT_NONE)
		return FAULT_NONE;
	return failure_set(https->failure, EXIT_OTHER, "set the device's clock and run it again",
		"the device's clock is before this program was made, and the CA's Date does not "
		"help");
}
