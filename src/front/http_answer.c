#include "http_answer.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

static const struct phrase {
	uint16_t status;
	const char *phrase;
} phrases[] = {
	{ 200, "OK" }, { 400, "Bad Request" }, { 403, "Forbidden" }, { 404, "Not Found" },
	{ 405, "Method Not Allowed" }, { 409, "Conflict" }, { 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" }, { 429, "Too Many Requests" }, { 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
};

const char *http_phrase(uint16_t status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "Error";
}

/* IMF-fixdate (RFC 9110, 5.6.7), by hand: strftime would speak the locale's language. */
static void write_date(int64_t now_s, char *out, size_t capacity)
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	time_t now = (time_t)now_s;
	struct tm utc = { 0 };

	(void)gmtime_r(&now, &utc);
	(void)snprintf(out, capacity, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[utc.tm_wday],
		utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
		utc.tm_sec);
}

size_t http_answer_head(const struct http_answer *answer, char out[ANSWER_HEAD_MAX])
{
	char date[64], retry_after[40] = "", allow[40] = "";

	write_date(answer->now_s, date, sizeof(date));
	if (answer->retry_after_s > 0)
		(void)snprintf(retry_after, sizeof(retry_after), "Retry-After: %u\r\n",
			answer->retry_after_s);
	if (answer->allow != NULL)
		(void)snprintf(allow, sizeof(allow), "Allow: %s\r\n", answer->allow);
	int len = snprintf(out, ANSWER_HEAD_MAX,
		"HTTP/1.1 %u %s\r\n"
		"Date: %s\r\n"
		"Content-Type: %s\r\n"
		"Content-Length: %zu\r\n"
		"Cache-Control: no-store\r\n"
		"%s%s"
		"Connection: %s\r\n"
		"\r\n",
		answer->status, http_phrase(answer->status), date, answer->content_type,
		answer->content_length, retry_after, allow,
		answer->is_last ? "close" : "keep-alive");
	/* All parts are our own constants and numbers. */
	assert(len > 0 && len < ANSWER_HEAD_MAX);
	return (size_t)len;
}
