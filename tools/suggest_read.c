#include "dp_config.h"

#include "tools/suggest_read.h"

#include "tools/log_read.h"

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
		return count(to->s, to->r, line->verdict, &name, line->client,
		    line->time_us);
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
		struct dp_name name;

		add_lost(r, item.lost);
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
		dp_diag_set(diag, NULL, 0, "%s", dp_err_text(err));
	return err;
}
