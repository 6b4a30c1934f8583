#include "dp_config.h"

#include "tools/log/event_stream.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/core/ring.h"
#include "module/core/state.h"

#define RINGS_MAX 1024		 /* more threads than anybody has */
#define LOOK_US UINT64_C(500000) /* for new rings and replaced ones */
#define POLL_US UINT64_C(1000)	 /* between looks at an empty ring */

struct source {
	struct dp_ring_reader *reader; /* NULL: not there yet */
	bool replaced;		       /* another file is in its place */
	bool pending;		       /* item is to be told */
	struct dp_stream_item item;
	bool follows; /* an event came before: last_us */
	uint64_t last_us;
	uint64_t empty_us; /* when it was last found empty */
	/* to be resumed */
	bool resumes;
	uint64_t id;
	uint64_t number;
	bool anew; /* tell so with the next event */
	uint64_t lost; /* tell so with the next event */
};

struct dp_stream {
	char folder[DP_PATH_MAX];
	struct source *sources;
	size_t count;
	uint64_t looked_us;
	bool looked;
	bool skips;
	bool troubled;
	struct dp_diag trouble;
};

static enum dp_err grow(struct dp_stream *s, size_t count)
{
	struct source *more;

	if (count <= s->count)
		return DP_OK;
	if (count > RINGS_MAX)
		return DP_ERR_LIMIT;
	more = realloc(s->sources, count * sizeof(*more));
	if (!more)
		return DP_ERR_NOMEM;
	memset(&more[s->count], 0, (count - s->count) * sizeof(*more));
	s->sources = more;
	s->count = count;
	return DP_OK;
}

static void ring_path(char path[DP_PATH_MAX + 24], const struct dp_stream *s,
    size_t ring)
{
	snprintf(path, DP_PATH_MAX + 24, "%s/%zu", s->folder, ring);
}

/* --- finding rings -------------------------------------------------------- */

static void drain(struct dp_ring_reader *r)
{
	struct dp_ring_item item;

	while (dp_ring_next(r, &item) != DP_RING_NONE)
		;
}

/* What is missing is not only what was counted. */
static void begin_anew(struct source *from)
{
	from->anew = true;
	from->lost = 0;
}

/* Go on behind event `number` of the file that had this id. A file of the same
 * id that does not reach so far is an older copy of it. */
static void go_on(struct source *from, struct dp_ring_reader *r, uint64_t id,
    uint64_t number)
{
	bool same = dp_ring_reader_id(r) == id;

	if (same ? number < dp_ring_reader_end(r) :
	    number < dp_ring_reader_first(r))
		dp_ring_reader_seek(r, number + 1);
	else
		begin_anew(from);
}

/* In a file where the one before it, or an earlier run, ended. */
static void adopt(struct dp_stream *s, struct source *from,
    struct dp_ring_reader *r)
{
	uint64_t expected = from->reader ?
	    dp_ring_reader_expected(from->reader) : 0;

	if (from->resumes)
		go_on(from, r, from->id, from->number);
	else if (expected > 0)
		go_on(from, r, dp_ring_reader_id(from->reader), expected - 1);
	else if (from->reader)
		begin_anew(from);
	from->resumes = false;
	dp_ring_reader_close(&from->reader);
	from->reader = r;
	from->replaced = false;
	from->empty_us = 0;
	if (s->skips)
		drain(r);
}

/* Has the file that another one took the place of been read to its end, after
 * that was seen? */
static bool is_finished(struct source *from)
{
	if (!from->replaced) {
		from->replaced = true;
		from->empty_us = 0;
	}
	return !from->pending && from->empty_us > 0;
}

static void look_at(struct dp_stream *s, size_t ring)
{
	struct source *from = ring < s->count ? &s->sources[ring] : NULL;
	struct dp_ring_reader *r;
	char path[DP_PATH_MAX + 24];
	struct dp_diag why;
	enum dp_err err;

	ring_path(path, s, ring);
	if (from && from->reader && (dp_ring_reader_is_at(from->reader, path) ||
		!is_finished(from)))
		return;
	err = dp_ring_reader_open(&r, path, &why);
	if (err == DP_ERR_NOTFOUND)
		return;
	if (err == DP_OK && grow(s, ring + 1) != DP_OK) {
		dp_diag_set(&why, path, 0, "out of memory");
		dp_ring_reader_close(&r);
		err = DP_ERR_NOMEM;
	}
	if (err != DP_OK) {
		s->troubled = true;
		s->trouble = why;
		return;
	}
	adopt(s, &s->sources[ring], r);
}

/* The number of a ring's file, as it is spelled; false: it is none. */
static bool is_number(size_t *out, const char *name)
{
	size_t n = 0;
	const char *c = name;

	for (; *c >= '0' && *c <= '9' && n < RINGS_MAX; c++)
		n = n * 10 + (size_t)(*c - '0');
	*out = n;
	return *c == '\0' && c > name && n < RINGS_MAX &&
	    (name[0] != '0' || !name[1]);
}

/* How many numbers files have, some of which may be missing. */
static enum dp_err count_files(size_t *out, const char *folder,
    struct dp_diag *diag)
{
	const struct dirent *entry;
	size_t count = 0, n;
	DIR *dir = opendir(folder);

	*out = 0;
	if (!dir && (errno == ENOENT || errno == ENOTDIR))
		return DP_OK; /* they may come */
	if (!dir) {
		dp_diag_set(diag, folder, 0, "cannot open: %s%s",
		    strerror(errno), errno == EACCES ?
			", for others than root and Unbound's group" : "");
		return DP_ERR_IO;
	}
	while ((entry = readdir(dir)))
		if (is_number(&n, entry->d_name) && n >= count)
			count = n + 1;
	closedir(dir);
	*out = count;
	return DP_OK;
}

static void look(struct dp_stream *s)
{
	size_t count;

	s->troubled = count_files(&count, s->folder, &s->trouble) != DP_OK;
	for (size_t ring = 0; ring < count || ring < s->count; ring++)
		look_at(s, ring);
}

/* --- merging -------------------------------------------------------------- */

static void hold_event(struct source *from, uint32_t ring,
    const struct dp_ring_item *item)
{
	struct dp_stream_item *to = &from->item;

	*to = (struct dp_stream_item){
		.kind = DP_STREAM_EVENT,
		.ring = ring,
		.id = dp_ring_reader_id(from->reader),
		.number = item->number,
	};
	if (item->kind != DP_RING_EVENT ||
	    dp_event_decode(&to->event, item->bytes, item->size_b) != DP_OK)
		from->lost++;
	else
		from->pending = true;
}

/* Have an event of this ring at hand, where there is one. */
static void fetch(struct source *from, uint32_t ring, uint64_t now_us)
{
	struct dp_ring_item item;

	if (!from->reader || from->pending ||
	    (from->empty_us > 0 && now_us - from->empty_us < POLL_US))
		return;
	while (!from->pending) {
		switch (dp_ring_next(from->reader, &item)) {
		case DP_RING_NONE:
			from->empty_us = now_us;
			return;
		case DP_RING_LOST:
			from->lost += item.lost;
			break;
		case DP_RING_BACK:
			begin_anew(from);
			break;
		case DP_RING_RECORD:
			hold_event(from, ring, &item);
			break;
		}
	}
	from->empty_us = 0;
}

/* Of the events at hand the earliest. */
static struct source *earliest(struct dp_stream *s)
{
	struct source *best = NULL;

	for (size_t i = 0; i < s->count; i++) {
		struct source *from = &s->sources[i];

		if (from->pending &&
		    (!best || from->item.event.fixed.time_us <
			best->item.event.fixed.time_us))
			best = from;
	}
	return best;
}

/* Can no ring bring an earlier event any more? Nobody waits for a time that has
 * not come: a clock was wrong, or somebody lies. */
static bool is_due(const struct dp_stream *s, const struct source *best,
    uint64_t now_us)
{
	uint64_t time_us = best->item.event.fixed.time_us;

	if (time_us > now_us)
		return true;
	for (size_t i = 0; i < s->count; i++) {
		const struct source *from = &s->sources[i];

		if (from->reader && !from->pending &&
		    from->empty_us < time_us + DP_STREAM_ORDER_US)
			return false;
	}
	return true;
}

/* What is missing comes before the event that it was noticed with. */
static bool tell_missing(struct source *from, struct dp_stream_item *out)
{
	if (!from->anew && from->lost == 0)
		return false;
	*out = from->item;
	out->kind = from->anew ? DP_STREAM_ANEW : DP_STREAM_LOST;
	out->lost = from->anew ? 0 : from->lost;
	out->from_us = from->follows ? from->last_us : 0;
	out->until_us = from->item.event.fixed.time_us;
	if (from->anew)
		from->anew = false;
	else
		from->lost = 0;
	return true;
}

bool dp_stream_next(struct dp_stream *s, uint64_t now_us,
    struct dp_stream_item *out)
{
	struct source *best;

	if (!s->looked || now_us - s->looked_us >= LOOK_US) {
		look(s);
		s->looked = true;
		s->looked_us = now_us;
		s->skips = false;
	}
	for (size_t i = 0; i < s->count; i++)
		fetch(&s->sources[i], (uint32_t)i, now_us);
	best = earliest(s);
	if (!best || (now_us != UINT64_MAX && !is_due(s, best, now_us)))
		return false;
	if (tell_missing(best, out))
		return true;
	*out = best->item;
	best->pending = false;
	best->follows = true;
	best->last_us = best->item.event.fixed.time_us;
	return true;
}

/* --- opening -------------------------------------------------------------- */

enum dp_err dp_stream_open(struct dp_stream **out, const char *dir,
    struct dp_diag *diag)
{
	struct dp_stream *s = calloc(1, sizeof(*s));
	enum dp_err err;
	size_t count;

	if (!s) {
		dp_diag_set(diag, dir, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	err = dp_state_path(s->folder, dir, DP_STATE_EVENTS, diag);
	if (err == DP_OK)
		err = count_files(&count, s->folder, diag);
	if (err != DP_OK) {
		dp_stream_close(&s);
		return err;
	}
	*out = s;
	return DP_OK;
}

enum dp_err dp_stream_resume(struct dp_stream *s, uint32_t ring, uint64_t id,
    uint64_t number)
{
	enum dp_err err = grow(s, (size_t)ring + 1);

	if (err != DP_OK)
		return err;
	s->sources[ring].resumes = true;
	s->sources[ring].id = id;
	s->sources[ring].number = number;
	return DP_OK;
}

void dp_stream_skip(struct dp_stream *s)
{
	s->skips = true;
}

bool dp_stream_trouble(const struct dp_stream *s, struct dp_diag *diag)
{
	if (s->troubled)
		*diag = s->trouble;
	return s->troubled;
}

size_t dp_stream_count(const struct dp_stream *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		count += s->sources[i].reader != NULL;
	return count;
}

void dp_stream_close(struct dp_stream **s)
{
	if (!*s)
		return;
	for (size_t i = 0; i < (*s)->count; i++)
		dp_ring_reader_close(&(*s)->sources[i].reader);
	free((*s)->sources);
	free(*s);
	*s = NULL;
}
