#include "dp_config.h"

#include "tools/suggest_read.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define US_PER_S 1000000u

static bool is_off_list(const struct dp_suggest_read *r, unsigned verdict)
{
	return verdict == DP_EVENT_VERDICT_WOULD_DENY ||
	    (r->denied && verdict == DP_EVENT_VERDICT_DENY);
}

static enum dp_err count(struct dp_suggest *s, struct dp_suggest_read *r,
    unsigned verdict, const struct dp_name *name, const char *client,
    uint64_t time_us)
{
	r->events++;
	if (!is_off_list(r, verdict))
		return DP_OK;
	r->off_list++;
	return dp_suggest_add(s, name, client, time_us);
}

/* --- lines ---------------------------------------------------------------- */

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

static unsigned verdict_of(const char *word)
{
	unsigned i = 0;

	while (i < DP_EVENT_VERDICT_COUNT && word &&
	    strcmp(word, dp_event_verdicts[i].word) != 0)
		i++;
	return word ? i : DP_EVENT_VERDICT_COUNT;
}

/* What asked, as far as it is told. */
static const char *client_of(const json_t *line)
{
	const json_t *client = json_object_get(line, "client");
	const char *text = string_at(client, "ip");

	if (!text)
		text = string_at(client, "address");
	return text ? text : "";
}

static enum dp_err read_line(struct dp_suggest *s, struct dp_suggest_read *r,
    const json_t *line)
{
	const json_t *ours = json_object_get(line, "dnspin");
	const json_t *dns = json_object_get(line, "dns");
	const char *text = string_at(json_object_get(dns, "question"), "name");
	unsigned verdict = verdict_of(string_at(ours, "verdict"));
	struct dp_diag diag;
	struct dp_name name;

	if (json_is_object(json_object_get(ours, "seal")))
		return DP_OK;
	if (json_is_integer(json_object_get(ours, "lost"))) {
		json_int_t lost = json_integer_value(
		    json_object_get(ours, "lost"));

		r->lost += lost > 0 ? (uint64_t)lost : 0;
		return DP_OK;
	}
	if (verdict == DP_EVENT_VERDICT_COUNT) {
		r->other++;
		return DP_OK;
	}
	if (!text || dp_name_from_text(&name, text, &diag) != DP_OK)
		name.len = 0; /* not known: nothing to propose */
	if (name.len == 0) {
		r->events++;
		return DP_OK;
	}
	return count(s, r, verdict, &name, client_of(line),
	    time_of(string_at(line, "@timestamp")));
}

enum dp_err dp_suggest_read_lines(struct dp_suggest *s,
    struct dp_suggest_read *r, FILE *in, const char *object,
    struct dp_diag *diag)
{
	enum dp_err err = DP_OK;
	char *text = NULL;
	size_t room = 0;
	ssize_t len;

	while (err == DP_OK && (len = getline(&text, &room, in)) >= 0) {
		json_t *line = json_loadb(text, (size_t)len, 0, NULL);

		if (line)
			err = read_line(s, r, line);
		else
			r->other++;
		json_decref(line);
	}
	if (err != DP_OK) {
		dp_diag_set(diag, object, 0, "out of memory");
	} else if (ferror(in)) {
		dp_diag_set(diag, object, 0, "cannot read: %s",
		    strerror(errno));
		err = DP_ERR_IO;
	}
	free(text);
	return err;
}

/* --- rings ---------------------------------------------------------------- */

enum dp_err dp_suggest_read_stream(struct dp_suggest *s,
    struct dp_suggest_read *r, struct dp_stream *stream, uint64_t now_us,
    struct dp_diag *diag)
{
	struct dp_stream_item item;
	enum dp_err err = DP_OK;

	while (err == DP_OK && dp_stream_next(stream, now_us, &item)) {
		char client[DP_EVENT_CLIENT_TEXT_MAX];
		struct dp_name name;

		r->lost += item.lost;
		if (item.kind != DP_STREAM_EVENT)
			continue;
		dp_event_client_text(&item.event, client);
		if (dp_event_name(&item.event, &name))
			err = count(s, r, item.event.fixed.verdict, &name,
			    client, item.event.fixed.time_us);
		else
			r->events++;
	}
	if (err != DP_OK)
		dp_diag_set(diag, NULL, 0, "out of memory");
	return err;
}
