#include "dp_config.h"

#include "tools/log/log_seal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "module/core/state.h"
#include "tools/cli.h"
#include "tools/log/log_read.h"
#include "tools/log/log_resume.h"
#include "tools/seal/seal.h"
#include "tools/seal/seal_copies.h"

/* A block is small enough to be checked by eye and large enough that signing
 * costs little: 0.1 us a line. */
#define BLOCK_LINES 8192
#define BLOCK_MS 2000
/* Quiet is told from silence to the minute, for a megabyte a day at most. */
#define IDLE_MS 60000

struct dp_log_seal {
	struct dp_seal *seal;
	const char *copies;
	int copies_fd;
	bool copies_fail;
	bool ended;
};

/* --- copies --------------------------------------------------------------- */

/* What cannot be copied is not lost: it is in the log. */
static void copy(void *arg, const char *line, size_t line_b)
{
	struct dp_log_seal *s = arg;
	bool fails = !dp_seal_copies_add(s->copies_fd, line, line_b);

	if (fails && !s->copies_fail)
		dp_cli_fail(0, s->copies, "cannot write a checkpoint: %s",
		    strerror(errno));
	if (!fails && s->copies_fail)
		dp_cli_fail(0, s->copies, "goes on");
	s->copies_fail = fails;
}

/* --- beginning ------------------------------------------------------------ */

enum dp_err dp_log_seal_open(struct dp_log_seal **out,
    const struct dp_log_seal_keys *keys, struct dp_diag *diag)
{
	struct dp_log_seal *s = calloc(1, sizeof(*s));
	struct dp_seal_options o = {
		.key = keys->key,
		.auditor = keys->auditor,
		.block_lines = BLOCK_LINES,
		.block_ms = BLOCK_MS,
		.idle_ms = IDLE_MS,
		.copy = keys->copies ? copy : NULL,
		.arg = s,
	};
	enum dp_err err;

	if (!s) {
		dp_diag_set(diag, "log", 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	s->copies_fd = -1;
	s->copies = keys->copies;
	err = s->copies ? dp_seal_copies_open(&s->copies_fd, s->copies, diag) :
			  DP_OK;
	if (err == DP_OK)
		err = dp_seal_open(&s->seal, &o, diag);
	if (err != DP_OK) {
		dp_log_seal_close(&s);
		return err;
	}
	*out = s;
	return DP_OK;
}

void dp_log_seal_close(struct dp_log_seal **s)
{
	if (!*s)
		return;
	dp_seal_close(&(*s)->seal);
	if ((*s)->copies_fd >= 0)
		close((*s)->copies_fd);
	free(*s);
	*s = NULL;
}

/* A line that a killed run wrote behind its last checkpoint. */
static bool known(void *arg, struct dp_seal_item *item)
{
	struct dp_log_line line;
	json_t *json = dp_log_read_line(&line, item->line, item->line_b);
	bool ours = (line.kind == DP_LOG_EVENT || line.kind == DP_LOG_LOST) &&
	    line.placed;

	(void)arg;
	item->time_us = line.time_us;
	item->gap = line.kind == DP_LOG_LOST;
	item->lost = line.lost;
	item->ring = line.ring;
	item->number = line.number;
	json_decref(json);
	return ours;
}

static void take_positions(const struct dp_log_seal *s,
    struct dp_log_positions *positions)
{
	uint64_t id, number;
	uint32_t ring;

	for (size_t k = 0; dp_seal_position(s->seal, k, &ring, &id, &number);
	     k++) {
		if (ring >= DP_LOG_RINGS_MAX)
			continue;
		positions->ring[ring] =
		    (struct dp_log_position){ true, id, number };
		if (positions->count <= ring)
			positions->count = (size_t)ring + 1;
	}
}

static enum dp_err resume_at(struct dp_log_seal *s, int fd, const char *path,
    uint64_t now_us, struct dp_diag *diag)
{
	uint64_t cut_b = 0;
	enum dp_err err = dp_seal_resume(s->seal, fd, path, known, s, now_us,
	    &cut_b, diag);

	if (err == DP_OK && cut_b > 0)
		dp_cli_fail(0, path, "cut off %" PRIu64 " octets behind its "
		    "last checkpoint, which are no whole lines", cut_b);
	return err;
}

/* The end of a turned file that a killed run did not come to write. */
static enum dp_err end_turned(struct dp_log_seal *s, int fd, const char *path,
    uint64_t now_us, struct dp_diag *diag)
{
	const char *bytes;
	size_t size_b;
	enum dp_err err = DP_OK;

	if (!dp_seal_file_ended(s->seal))
		err = dp_seal_end_file(s->seal, now_us);
	bytes = dp_seal_output(s->seal, &size_b, NULL);
	if (err != DP_OK || !bytes)
		return err;
	if (write(fd, bytes, size_b) != (ssize_t)size_b) {
		dp_diag_set(diag, path, 0, "cannot write: %s",
		    strerror(errno));
		return DP_ERR_IO;
	}
	dp_seal_written(s->seal, size_b);
	return DP_OK;
}

/* Nothing is at path: go on behind the file that was there before. */
static enum dp_err start_new(struct dp_log_seal *s, const char *path,
    uint64_t now_us, bool *resumes, struct dp_diag *diag)
{
	char before[DP_PATH_MAX];
	enum dp_err err;
	int fd;

	dp_log_resume_youngest(before, path);
	if (!before[0])
		return dp_seal_begin(s->seal, now_us);
	fd = open(before, O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK |
	    O_NOFOLLOW);
	if (fd < 0) {
		dp_diag_set(diag, before, 0, "cannot open: %s",
		    strerror(errno));
		return DP_ERR_IO;
	}
	err = resume_at(s, fd, before, now_us, diag);
	if (err == DP_OK)
		err = end_turned(s, fd, before, now_us, diag);
	close(fd);
	if (err == DP_ERR_NOTFOUND)
		return dp_seal_begin(s->seal, now_us);
	*resumes = err == DP_OK;
	return err == DP_OK ? dp_seal_next_file(s->seal, now_us) : err;
}

enum dp_err dp_log_seal_start(struct dp_log_seal *s, struct dp_log_file *file,
    const char *path, uint64_t now_us, struct dp_log_positions *positions,
    bool *resumes, bool *turns, struct dp_diag *diag)
{
	enum dp_err err = DP_ERR_NOTFOUND;

	*resumes = *turns = false;
	if (!dp_log_file_is_new(file))
		err = resume_at(s, dp_log_file_fd(file), path, now_us, diag);
	if (err == DP_OK) {
		*resumes = true;
		*turns = s->ended = dp_seal_file_ended(s->seal);
	} else if (err == DP_ERR_NOTFOUND) {
		err = dp_log_file_cut(file, 0, diag);
		if (err == DP_OK)
			err = start_new(s, path, now_us, resumes, diag);
	}
	if (err == DP_OK && *resumes) {
		take_positions(s, positions);
		err = dp_log_file_measure(file, diag);
	}
	return err;
}

/* --- lines ---------------------------------------------------------------- */

enum dp_err dp_log_seal_add(struct dp_log_seal *s,
    const struct dp_stream_item *item, const struct dp_log_batch *line,
    bool closes, uint64_t now_us)
{
	bool is_event = item->kind == DP_STREAM_EVENT;
	struct dp_seal_item sealed = {
		.line = (const char *)line->bytes,
		.line_b = line->size_b - 1,
		.time_us = is_event ? item->event.fixed.time_us :
				      item->until_us,
		.gap = !is_event,
		.lost = item->lost,
		.ring = item->ring,
		.id = item->id,
		.number = item->number > 0 ? item->number - !is_event : 0,
	};
	enum dp_err err = dp_seal_add(s->seal, &sealed, now_us);

	return err == DP_OK && closes ? dp_seal_close_block(s->seal, now_us) :
					err;
}

enum dp_err dp_log_seal_tick(struct dp_log_seal *s, uint64_t now_us)
{
	return s->ended ? DP_OK : dp_seal_tick(s->seal, now_us);
}

enum dp_err dp_log_seal_end(struct dp_log_seal *s, bool goes_on,
    uint64_t now_us)
{
	enum dp_err err = DP_OK;

	if (!s->ended)
		err = goes_on ? dp_seal_end_file(s->seal, now_us) :
				dp_seal_stop(s->seal, now_us);
	s->ended = s->ended || err == DP_OK;
	return err;
}

bool dp_log_seal_has_ended(const struct dp_log_seal *s)
{
	return s->ended;
}

enum dp_err dp_log_seal_next(struct dp_log_seal *s, uint64_t now_us)
{
	enum dp_err err = dp_seal_next_file(s->seal, now_us);

	s->ended = s->ended && err != DP_OK;
	return err;
}

/* --- output --------------------------------------------------------------- */

void dp_log_seal_output(const struct dp_log_seal *s, struct dp_log_batch *to)
{
	size_t size_b;
	const char *bytes = dp_seal_output(s->seal, &size_b, NULL);

	if (bytes)
		dp_log_batch_add(to, bytes, size_b);
}

size_t dp_log_seal_output_b(const struct dp_log_seal *s)
{
	size_t size_b;

	(void)dp_seal_output(s->seal, &size_b, NULL);
	return size_b;
}

bool dp_log_seal_wants_sync(const struct dp_log_seal *s)
{
	bool checkpoint;
	size_t size_b;

	(void)dp_seal_output(s->seal, &size_b, &checkpoint);
	return checkpoint && s->copies;
}

void dp_log_seal_written(struct dp_log_seal *s, size_t size_b)
{
	dp_seal_written(s->seal, size_b);
}
