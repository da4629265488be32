#include "report.h"

#include "log.h"
#include "owned.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { LINE_MAX = 512, COLUMN_MAX = 80, ESCAPED_MAX = 4096 };

OWNED_TYPE(json_t, json_decref)

static struct {
	bool json;
	struct timespec step_start;
	char state[LINE_MAX];
	json_t *steps;
} report;

static double ms_between(struct timespec from, struct timespec to)
{
	return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

/* Milliseconds of our own CPU, user and system. */
static double cpu_ms(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 0;
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

void report_open(bool json)
{
	report.json = json;
	report.steps = json_array();
	report_state("nothing was changed");
	(void)clock_gettime(CLOCK_MONOTONIC, &report.step_start);
}

void report_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)fputs("    ", stderr);
	(void)vfprintf(stderr, format, arguments);
	(void)fputc('\n', stderr);
	va_end(arguments);
}

/* How much of a text stands in a line of the column: up to a blank, where there is one. */
static int column_len(const char *text)
{
	size_t len = strlen(text);

	if (len <= COLUMN_MAX)
		return (int)len;
	for (len = COLUMN_MAX; len > 0 && text[len] != ' '; len--)
		continue;
	return len > 0 ? (int)len : COLUMN_MAX;
}

/* The time stands in its column, whatever the text; what does not fit goes on below. */
static void print_step(unsigned number, const char *text, double ms)
{
	int len = column_len(text);

	(void)fprintf(stderr, "%u/6 %-*.*s %8.1f ms\n", number, COLUMN_MAX, len, text, ms);
	for (text += len; *text != '\0'; text += len) {
		text += *text == ' ';
		len = column_len(text);
		(void)fprintf(stderr, "    %.*s\n", len, text);
	}
}

json_t *report_text(const char *text)
{
	char escaped[ESCAPED_MAX];
	json_t *string = json_string(text);

	if (string != NULL)
		return string;
	log_escape(bytes_of_string(text), escaped, sizeof(escaped));
	return json_string(escaped);
}

void report_step(unsigned number, const char *format, ...)
{
	char line[LINE_MAX];
	struct timespec now;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	double ms = ms_between(report.step_start, now);
	report.step_start = now;

	print_step(number, line, ms);
	(void)json_array_append_new(report.steps,
		json_pack("{s:i, s:o, s:f}", "step", (int)number, "text", report_text(line), "ms", ms));
}

void report_line(const char *format, ...)
{
	va_list arguments;

	if (report.json)
		return;
	va_start(arguments, format);
	(void)vprintf(format, arguments);
	(void)putchar('\n');
	va_end(arguments);
}

void report_state(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(report.state, sizeof(report.state), format, arguments);
	va_end(arguments);
}

/* The object for machines: result's members, then the measures. */
static void print_json(json_t *result, uint64_t tpm_us)
{
	(void)json_object_set(result, "steps", report.steps);
	(void)json_object_set_new(result, "tpm_ms", json_real((double)tpm_us / 1e3));
	(void)json_object_set_new(result, "cpu_ms", json_real(cpu_ms()));
	(void)json_dumpf(result, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	(void)putchar('\n');
}

int report_done(json_t *result, uint64_t tpm_us)
{
	owned(json_t) *object = result;

	if (report.json && object != NULL)
		print_json(object, tpm_us);
	json_decref(report.steps);
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return EXIT_DONE;
	(void)fprintf(stderr, "genuine-device: standard output did not take the result: %s; all "
		"else is done; run it again with another output.\n", strerror(errno));
	return EXIT_LOCAL_FILES;
}

int report_failed(const struct failure *failure, uint64_t tpm_us)
{
	owned(json_t) *object = json_pack("{s:o, s:o, s:o, s:i}", "error", report_text(failure->what),
		"state", report_text(report.state), "advice", report_text(failure->advice), "exit_code",
		(int)failure->exit_code);

	(void)fprintf(stderr, "genuine-device: %s; %s; %s.\n", failure->what, report.state,
		failure->advice);
	if (report.json && object != NULL)
		print_json(object, tpm_us);
	json_decref(report.steps);
	return (int)failure->exit_code;
}
