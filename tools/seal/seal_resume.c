/* A sealed log that is there already: where its chain ends, what to do with
 * what was written behind the last checkpoint. */
#include "dp_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/seal/seal_private.h"

#define CHUNK_B (4 * DP_SEAL_LINE_MAX)

/* A window on the file. */
struct log {
	int fd;
	const char *path;
	struct dp_diag *diag;
	uint64_t size_b;
	uint64_t at; /* of what is in chunk */
	size_t chunk_b;
	char chunk[CHUNK_B];
};

static enum dp_err io_error(const struct log *log)
{
	dp_diag_set(log->diag, log->path, 0, "%s", strerror(errno));
	return DP_ERR_IO;
}

static enum dp_err no_log(const struct log *log, const char *what)
{
	dp_diag_set(log->diag, log->path, 0,
	    "%s; move it away, then a new chain begins", what);
	return DP_ERR_FORMAT;
}

/* As much of the file as fits, from there on. */
static enum dp_err look_at(struct log *log, uint64_t at)
{
	log->at = at;
	log->chunk_b = 0;
	while (log->chunk_b < CHUNK_B) {
		ssize_t n = pread(log->fd, log->chunk + log->chunk_b,
		    CHUNK_B - log->chunk_b, (off_t)(at + log->chunk_b));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_error(log);
		if (n == 0)
			break;
		log->chunk_b += (size_t)n;
	}
	return DP_OK;
}

/* The length with line feed of the line at text, 0: it does not end here. */
static size_t line_b(const char *text, size_t size_b)
{
	const char *end = memchr(text, '\n', size_b);

	return end ? (size_t)(end - text) + 1 : 0;
}

/* The last whole seal line that begins in the first `below` octets of the
 * chunk, which follows a line feed or is the file's first; NULL: none. */
static const char *last_in(const struct log *log, size_t below, size_t *len)
{
	for (size_t i = below; i-- > 0;) {
		const char *text = log->chunk + i;

		if ((i > 0 ? text[-1] != '\n' : log->at > 0) ||
		    !dp_seal_line_is(text, log->chunk_b - i))
			continue;
		*len = line_b(text, log->chunk_b - i);
		if (*len > 0)
			return text;
	}
	return NULL;
}

/* Go back from the end until a seal line is found. */
static enum dp_err find_last(struct log *log, const char **text, size_t *len)
{
	uint64_t end = log->size_b; /* it begins before this */

	while (end > 0) {
		/* Windows overlap by a line and the octet before it. */
		uint64_t at = end > CHUNK_B - DP_SEAL_LINE_MAX
			? end - (CHUNK_B - DP_SEAL_LINE_MAX) : 0;
		enum dp_err err = look_at(log, at);
		size_t below = (size_t)(end - at);

		if (err)
			return err;
		*text = last_in(log, below < log->chunk_b ? below
		    : log->chunk_b, len);
		if (*text)
			return DP_OK;
		end = at > 0 ? at + 1 : 0;
	}
	*text = NULL;
	return DP_OK;
}

static enum dp_err read_signed(struct dp_seal_line *out, const struct log *log,
    const struct dp_seal *s, const char *text, size_t len)
{
	enum dp_err err = dp_seal_line_read(out, text, len);

	if (err == DP_ERR_VERSION) {
		dp_diag_set(log->diag, log->path, 0,
		    "was sealed by another version of dnspin; move it away, "
		    "then a new chain begins");
		return err;
	}
	if (err)
		return no_log(log, "its last checkpoint is damaged");
	if (!dp_seal_line_signed(text, len, s->public_key)) {
		dp_diag_set(log->diag, log->path, 0,
		    "was sealed with another key; move it away, then a new "
		    "chain begins");
		return DP_ERR_SIGNATURE;
	}
	return DP_OK;
}

/* The first line of the file, if it is whole. */
static enum dp_err read_first(struct dp_seal_line *first, struct log *log,
    const struct dp_seal *s)
{
	enum dp_err err = look_at(log, 0);
	size_t len = line_b(log->chunk, log->chunk_b);

	if (err)
		return err;
	if (len == 0 && (log->chunk_b < strlen(DP_SEAL_PREFIX) ||
	    dp_seal_line_is(log->chunk, log->chunk_b)) &&
	    log->chunk_b < DP_SEAL_LINE_MAX)
		return DP_ERR_NOTFOUND;
	if (!dp_seal_line_is(log->chunk, log->chunk_b))
		return no_log(log, "is no sealed log");
	err = read_signed(first, log, s, log->chunk, len);
	if (!err && first->is_block)
		err = no_log(log, "is no sealed log from its beginning on");
	return err;
}

/* Count what was written behind the last checkpoint, as far as it is known;
 * *at moves behind it. */
static enum dp_err recover(struct dp_seal *s, struct log *log,
    dp_seal_known_fn *known, void *arg, uint64_t *at)
{
	enum dp_err err = look_at(log, *at);
	size_t done = 0, len;

	while (!err) {
		struct dp_seal_item item = { .line = log->chunk + done };

		len = line_b(log->chunk + done, log->chunk_b - done);
		if (len == 0 && done > 0 && log->chunk_b == CHUNK_B) {
			err = look_at(log, *at);
			done = 0;
			continue;
		}
		item.line_b = len > 0 ? len - 1 : 0;
		if (len == 0 || len > DP_SEAL_LINE_MAX || !known(arg, &item))
			break;
		dp_seal_cover(s, item.line, len);
		dp_seal_count(s, &item);
		done += len;
		*at += len;
	}
	return err;
}

/* What is behind `at` is cut off; the block is closed if there is anything to
 * be said. */
static enum dp_err finish(struct dp_seal *s, const struct log *log,
    uint64_t at, uint64_t now_us, uint64_t *cut_b)
{
	*cut_b = log->size_b - at;
	if (*cut_b > 0 && ftruncate(log->fd, (off_t)at) != 0)
		return io_error(log);
	if (*cut_b == 0 && s->next.lines == 0)
		return DP_OK;
	s->next.recovered = true;
	s->next.cut_b = *cut_b;
	return dp_seal_checkpoint(s, DP_SEAL_END_NO, now_us);
}

/* An auditor who is another than the file's needs another file. */
static enum dp_err end_for_auditor(struct dp_seal *s,
    const struct dp_seal_line *first, uint64_t now_us)
{
	if (s->is_encrypted == first->is_encrypted &&
	    memcmp(s->auditor, first->auditor, sizeof(s->auditor)) == 0)
		return DP_OK;
	return dp_seal_end_file(s, now_us);
}

static enum dp_err resume(struct dp_seal *s, struct log *log,
    dp_seal_known_fn *known, void *arg, uint64_t now_us, uint64_t *cut_b)
{
	struct dp_seal_line *lines = calloc(2, sizeof(*lines));
	struct dp_seal_line *first = lines, *last = lines + 1;
	const char *text;
	enum dp_err err;
	uint64_t at;
	size_t len;

	if (!lines)
		return DP_ERR_NOMEM;
	err = read_first(first, log, s);
	if (!err)
		err = find_last(log, &text, &len);
	if (!err && !text)
		err = no_log(log, "changed while it was read");
	if (!err)
		err = read_signed(last, log, s, text, len);
	if (!err && memcmp(last->chain, first->chain, sizeof(last->chain)) != 0)
		err = no_log(log, "has parts of two chains");
	if (err)
		goto out;
	at = log->at + (uint64_t)(text - log->chunk) + len;
	dp_seal_follow(s, last, text, len);
	s->next.file = first->file;
	s->sealed_us = now_us;
	/* Lines of a block that is encrypted later cannot be there; a block
	 * without checkpoint says nothing of how far reading was. */
	if (s->file_ended)
		goto out; /* what may be behind that is nobody's */
	if (!first->is_encrypted)
		err = recover(s, log, known, arg, &at);
	if (!err)
		err = finish(s, log, at, now_us, cut_b);
	if (!err)
		err = end_for_auditor(s, first, now_us);
out:
	free(lines);
	return err;
}

enum dp_err dp_seal_resume(struct dp_seal *s, int fd, const char *path,
    dp_seal_known_fn *known, void *arg, uint64_t now_us, uint64_t *cut_b,
    struct dp_diag *diag)
{
	struct log *log = calloc(1, sizeof(*log));
	enum dp_err err = DP_ERR_NOMEM;
	uint64_t cut = 0;
	struct stat st;

	if (log) {
		log->fd = fd;
		log->path = path;
		log->diag = diag;
		err = fstat(fd, &st) == 0 ? DP_OK : io_error(log);
	}
	if (!err) {
		log->size_b = (uint64_t)st.st_size;
		err = resume(s, log, known, arg, now_us, &cut);
	}
	if (err == DP_ERR_NOMEM)
		dp_diag_set(diag, path, 0, "out of memory");
	if (!err)
		*cut_b = cut;
	free(log);
	return err;
}
