#include "dp_config.h"

#include "tools/log/log_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define US_PER_S 1000000u

/* "2026-11-22T19:00:00.123456Z"; 0 where it is none. */
static uint64_t time_of(const char *text)
{
	struct tm tm;
	const char *rest;
	unsigned long us = 0;
	time_t s;

	memset(&tm, 0, sizeof(tm));
	rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	if (!rest)
		return 0;
	if (*rest == '.') {
		unsigned long unit = US_PER_S / 10;

		for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
			us += (unsigned long)(*rest - '0') * unit;
	}
	s = timegm(&tm);
	return s < 0 ? 0 : (uint64_t)s * US_PER_S + us;
}

static const char *string_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* DP_EVENT_VERDICT_COUNT: it is none. */
static unsigned verdict_of(const char *word)
{
	unsigned i = 0;

	while (i < DP_EVENT_VERDICT_COUNT && word &&
	    strcmp(word, dp_event_verdicts[i].word) != 0)
		i++;
	return word ? i : DP_EVENT_VERDICT_COUNT;
}

/* No event has a longer one: who made it up would fill our memory. */
static const char *client_of(const json_t *json)
{
	const json_t *client = json_object_get(json, "client");
	const char *text = string_at(client, "ip");

	if (!text)
		text = string_at(client, "address");
	return text && strlen(text) < DP_EVENT_CLIENT_TEXT_MAX ? text : "";
}

static bool number_of(uint64_t *out, const json_t *object, const char *key)
{
	const json_t *n = json_object_get(object, key);

	if (!json_is_integer(n) || json_integer_value(n) < 0)
		return false;
	*out = (uint64_t)json_integer_value(n);
	return true;
}

static void place(struct dp_log_line *line, const json_t *json)
{
	const json_t *ours = json_object_get(json, "dnspin");
	uint64_t ring, number;

	if (!number_of(&ring, ours, "ring") || ring > UINT32_MAX)
		return;
	if (number_of(&number, json_object_get(json, "event"), "sequence"))
		line->number = number;
	else if (number_of(&number, ours, "next") && number > 0)
		line->number = number - 1;
	else
		return;
	line->ring = (uint32_t)ring;
	line->placed = true;
}

static struct dp_log_line line_of(const json_t *json)
{
	const json_t *ours = json_object_get(json, "dnspin");
	const json_t *dns = json_object_get(json, "dns");
	const json_t *lost = json_object_get(ours, "lost");
	const char *rcode = string_at(dns, "response_code");
	struct dp_log_line line = {
		.kind = DP_LOG_EVENT,
		.verdict = verdict_of(string_at(ours, "verdict")),
		.name = string_at(json_object_get(dns, "question"), "name"),
		.rcode = rcode ? rcode : "",
		.client = client_of(json),
		.time_us = time_of(string_at(json, "@timestamp")),
		.addresses = json_object_get(dns, "resolved_ip"),
	};

	if (json_is_object(json_object_get(ours, "seal"))) {
		line.kind = DP_LOG_SEAL;
	} else if (json_is_string(json_object_get(ours, "box"))) {
		line.kind = DP_LOG_BOX;
	} else if (json_is_integer(lost)) {
		json_int_t n = json_integer_value(lost);

		line.kind = DP_LOG_LOST;
		line.lost = n > 0 ? (uint64_t)n : 0;
	} else if (json_is_true(json_object_get(ours, "anew"))) {
		line.kind = DP_LOG_LOST;
	} else if (json_is_array(json_object_get(ours, "positions"))) {
		line.kind = DP_LOG_STATE;
	} else if (line.verdict == DP_EVENT_VERDICT_COUNT) {
		line.kind = DP_LOG_OTHER;
	}
	place(&line, json);
	return line;
}

json_t *dp_log_read_line(struct dp_log_line *out, const char *text,
    size_t text_b)
{
	json_t *json = json_loadb(text, text_b, 0, NULL);

	*out = line_of(json);
	return json;
}

/* The next line, without its end; false: there is none. *len is over
 * DP_LOG_LINE_MAX for a longer one, of which only so much is kept. */
static bool next_line(FILE *in, char text[DP_LOG_LINE_MAX], size_t *len)
{
	int c = getc_unlocked(in);

	*len = 0;
	if (c == EOF)
		return false;
	for (; c != EOF && c != '\n'; c = getc_unlocked(in)) {
		if (*len < DP_LOG_LINE_MAX)
			text[*len] = (char)c;
		if (*len <= DP_LOG_LINE_MAX)
			++*len;
	}
	return true;
}

static enum dp_err read_line(const char *text, size_t len, dp_log_line_fn *fn,
    void *arg)
{
	struct dp_log_line line;
	json_t *json = dp_log_read_line(&line, text,
	    len > DP_LOG_LINE_MAX ? 0 : len);
	enum dp_err err = fn(arg, &line);

	json_decref(json);
	return err;
}

enum dp_err dp_log_read(FILE *in, const char *object, dp_log_line_fn *fn,
    void *arg, struct dp_diag *diag)
{
	char *text = malloc(DP_LOG_LINE_MAX);
	enum dp_err err = text ? DP_OK : DP_ERR_NOMEM;
	size_t len;

	while (err == DP_OK && next_line(in, text, &len))
		err = read_line(text, len, fn, arg);
	if (err == DP_OK && ferror(in)) {
		dp_diag_set(diag, object, 0, "cannot read: %s",
		    strerror(errno));
		err = DP_ERR_IO;
	} else if (err != DP_OK) {
		dp_diag_set(diag, object, 0, "%s", dp_err_text(err));
	}
	free(text);
	return err;
}

enum dp_err dp_log_read_file(const char *path, dp_log_line_fn *fn, void *arg,
    struct dp_diag *diag)
{
	enum dp_err err;
	FILE *in;

	if (strcmp(path, "-") == 0)
		return dp_log_read(stdin, "standard input", fn, arg, diag);
	in = fopen(path, "re");
	if (!in) {
		dp_diag_set(diag, path, 0, "cannot open: %s",
		    strerror(errno));
		return DP_ERR_IO;
	}
	err = dp_log_read(in, path, fn, arg, diag);
	fclose(in);
	return err;
}
