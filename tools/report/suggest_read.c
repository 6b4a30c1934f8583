#include "dp_config.h"

#include "tools/report/suggest_read.h"

#include <string.h>

#include "tools/log/log_read.h"

#define NXDOMAIN 3

/* A hostile log must not wrap the sum to a small one. */
static void add_lost(struct dp_suggest_read *r, uint64_t lost)
{
	r->lost = lost > UINT64_MAX - r->lost ? UINT64_MAX : r->lost + lost;
}

static bool is_off_list(const struct dp_suggest_read *r, unsigned verdict)
{
	return verdict == DP_EVENT_VERDICT_WOULD_DENY ||
	    (r->denied && verdict == DP_EVENT_VERDICT_DENY);
}

/* Whoever hears NXDOMAIN hears the same in mode strict, so that nobody needs a
 * rule; and who asks for names by chance cannot fill the memory with them. What
 * was refused may exist. */
static bool is_absent(const struct dp_suggest_read *r, unsigned verdict,
    bool nxdomain)
{
	return nxdomain && verdict == DP_EVENT_VERDICT_WOULD_DENY &&
	    !r->absent;
}

struct answer {
	unsigned verdict;
	bool nxdomain;
	const char *client;
	uint64_t time_us;
};

static enum dp_err count(struct dp_suggest *s, struct dp_suggest_read *r,
    const struct dp_name *name, const struct answer *a)
{
	r->events++;
	if (!is_off_list(r, a->verdict))
		return DP_OK;
	r->off_list++;
	if (!is_absent(r, a->verdict, a->nxdomain))
		return dp_suggest_add(s, name, a->client, a->time_us);
	r->nxdomains++;
	r->nxdomains_asked_for += r->asked_for.len > 0 &&
	    dp_name_equal(name, &r->asked_for);
	return DP_OK;
}

/* --- lines ---------------------------------------------------------------- */

struct reading {
	struct dp_suggest *s;
	struct dp_suggest_read *r;
};

static enum dp_err read_line(void *arg, const struct dp_log_line *line)
{
	struct reading *to = arg;
	struct dp_diag diag;
	struct dp_name name;

	add_lost(to->r, line->lost);
	to->r->boxes += line->kind == DP_LOG_BOX;
	to->r->other += line->kind == DP_LOG_OTHER;
	if (line->kind != DP_LOG_EVENT)
		return DP_OK;
	if (line->name && dp_name_from_text(&name, line->name, &diag) == DP_OK)
		return count(to->s, to->r, &name,
		    &(struct answer){ line->verdict,
			strcmp(line->rcode, "NXDOMAIN") == 0, line->client,
			line->time_us });
	to->r->events++; /* nothing to propose */
	return DP_OK;
}

enum dp_err dp_suggest_read_log(struct dp_suggest *s,
    struct dp_suggest_read *r, const char *path, struct dp_diag *diag)
{
	struct reading to = { s, r };

	return dp_log_read_file(path, read_line, &to, diag);
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
		const struct dp_event *e = &item.event;
		struct dp_name name;

		add_lost(r, item.lost);
		if (item.kind != DP_STREAM_EVENT)
			continue;
		dp_event_client_text(e, client);
		if (dp_event_name(e, &name))
			err = count(s, r, &name,
			    &(struct answer){ e->fixed.verdict,
				e->fixed.rcode == NXDOMAIN, client,
				e->fixed.time_us });
		else
			r->events++;
	}
	if (err != DP_OK)
		dp_diag_set(diag, NULL, 0, "%s", dp_err_text(err));
	return err;
}
