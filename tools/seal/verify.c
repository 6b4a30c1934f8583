/* The octets of a log, parted into seal lines and what is between them. */
#include "dp_config.h"

#include "tools/seal/verify.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/seal/verify_private.h"
#include "tools/vec.h"

/* An encrypted block fits. What is longer is none, and is not kept. */
#define BOX_MAX (DP_SEAL_BLOCK_MAX / 3 * 4 + 2 * DP_SEAL_LINE_MAX)

const struct dp_verify_word dp_verify_words[DP_VERIFY_COUNT] = {
#define DP_VERIFY(id, word, text) { word, text },
#include "tools/seal/verify.def"
#undef DP_VERIFY
};

void dp_verify_found(struct dp_verify *v, enum dp_verify_kind kind,
    const struct dp_verify_place *at, const char *fmt, ...)
{
	struct dp_verify_finding f = { .kind = kind, .path = v->path };
	va_list args;

	v->sum.findings++;
	if (at) {
		f.from_line = at->from_line;
		f.to_line = at->to_line;
		f.from_octet = at->from_octet;
		f.to_octet = at->to_octet;
		strcpy(f.after, v->last.time);
		strcpy(f.before, at->before);
	}
	va_start(args, fmt);
	vsnprintf(f.reason, sizeof(f.reason), fmt, args);
	va_end(args);
	v->o.found(v->o.arg, &f);
}

static void begin_block(struct dp_verify *v)
{
	crypto_generichash_init(&v->digest, NULL, 0, DP_SEAL_DIGEST_B);
	v->block_line = v->line;
	v->block_octet = v->octet;
	v->box_b = 0;
}

enum dp_err dp_verify_open(struct dp_verify **out,
    const struct dp_verify_options *o)
{
	struct dp_verify *v = calloc(1, sizeof(*v));

	if (!v)
		return DP_ERR_NOMEM;
	v->o = *o;
	if (o->key) {
		v->has_key = true;
		memcpy(v->sum.key, o->key, DP_KEY_B);
	}
	begin_block(v);
	*out = v;
	return DP_OK;
}

void dp_verify_close(struct dp_verify **v)
{
	if (*v)
		free((*v)->box);
	free(*v);
	*v = NULL;
}

/* --- octets --------------------------------------------------------------- */

static enum dp_err keep_box(struct dp_verify *v, const char *octets,
    size_t size_b)
{
	enum dp_err err;

	if (!v->o.auditor || v->box_b + size_b > BOX_MAX)
		return DP_OK;
	err = dp_vec_room(&v->box, &v->box_room, v->box_b + size_b, 1);
	if (!err)
		memcpy(v->box + v->box_b, octets, size_b);
	v->box_b += err ? 0 : size_b;
	return err;
}

/* They belong to the block. */
static enum dp_err cover(struct dp_verify *v, const char *octets,
    size_t size_b)
{
	if (size_b == 0)
		return DP_OK;
	crypto_generichash_update(&v->digest, (const uint8_t *)octets, size_b);
	v->octet += size_b;
	return keep_box(v, octets, size_b);
}

/* What was thought to be a seal line is none. */
static enum dp_err drop_pending(struct dp_verify *v)
{
	enum dp_err err = cover(v, v->pending, v->pending_b);

	v->in_line = v->pending[v->pending_b - 1] != '\n';
	v->line += !v->in_line;
	v->pending_b = 0;
	return err;
}

/* Gather what may be a seal line; *p moves behind what was used. */
static enum dp_err gather(struct dp_verify *v, const char **p, const char *end)
{
	enum dp_err err;

	while (*p < end) {
		char c = *(*p)++;

		v->pending[v->pending_b++] = c;
		if (v->pending_b <= strlen(DP_SEAL_PREFIX) &&
		    c != DP_SEAL_PREFIX[v->pending_b - 1])
			return drop_pending(v);
		if (c == '\n') {
			err = dp_verify_seal_line(v, v->pending, v->pending_b);
			v->octet += v->pending_b;
			v->line++;
			v->pending_b = 0;
			begin_block(v);
			return err;
		}
		if (v->pending_b == DP_SEAL_LINE_MAX)
			return drop_pending(v);
	}
	return DP_OK;
}

/* Most lines are no seal lines, which their first octets tell. */
static bool may_be_seal_line(const struct dp_verify *v, const char *p,
    const char *end)
{
	size_t left_b = (size_t)(end - p);

	return v->pending_b > 0 || left_b < strlen(DP_SEAL_PREFIX) ||
	    dp_seal_line_is(p, left_b);
}

enum dp_err dp_verify_octets(struct dp_verify *v, const char *octets,
    size_t size_b)
{
	const char *p = octets, *end = octets + size_b, *from = p;
	enum dp_err err = DP_OK;

	while (!err && p < end) {
		if (!v->in_line && may_be_seal_line(v, p, end)) {
			err = cover(v, from, (size_t)(p - from));
			if (!err)
				err = gather(v, &p, end);
			from = p;
			continue;
		}
		p = memchr(p, '\n', (size_t)(end - p));
		v->in_line = !p;
		v->line += p != NULL;
		p = p ? p + 1 : end;
	}
	return err ? err : cover(v, from, (size_t)(p - from));
}

/* --- files ---------------------------------------------------------------- */

static struct dp_verify_place rest_place(const struct dp_verify *v)
{
	uint64_t to_line = v->line + v->in_line;

	return (struct dp_verify_place){ to_line > v->block_line
		? v->block_line + 1 : to_line, to_line, v->block_octet,
		v->octet, "" };
}

/* Before the next file, or at the end: what lies behind the last seal line. */
static void judge_rest(struct dp_verify *v, bool is_last)
{
	struct dp_verify_place at = rest_place(v);
	bool ended = v->sum.end == DP_SEAL_END_FILE;
	bool may_be = is_last && !ended && v->o.still_open;

	if (v->octet > v->block_octet && !may_be)
		dp_verify_found(v, ended ? DP_VERIFY_INSERTED : DP_VERIFY_OPEN,
		    &at, ended ? "lines stand behind the end of the file"
		    : "no checkpoint follows these lines: it was cut off, or "
		      "they were added, or not sealed yet");
	else if (is_last && v->sum.has_chain && !may_be &&
	    v->sum.end == DP_SEAL_END_NO)
		dp_verify_found(v, DP_VERIFY_OPEN, &at,
		    "the log does not end here: the rest was cut off, or is "
		    "not written yet");
	v->sum.open_lines = v->line + v->in_line - v->block_line;
	v->sum.open_octets = v->octet - v->block_octet;
}

void dp_verify_file_begin(struct dp_verify *v, const char *path)
{
	if (v->path)
		judge_rest(v, false);
	v->path = path;
	v->began = false;
	v->line = v->octet = 0;
	v->in_line = false;
	v->sum.files++;
	begin_block(v);
}

void dp_verify_file_end(struct dp_verify *v)
{
	static const struct dp_verify_place start = { 1, 1, 0, 0, "" };

	/* Cannot fail any more: nothing is decrypted that is not sealed. */
	if (v->pending_b > 0 && drop_pending(v) != DP_OK)
		v->box_b = 0;
	if (!v->began)
		dp_verify_found(v, DP_VERIFY_REMOVED, &start,
		    "holds no checkpoint: it is no sealed log, or they were "
		    "removed");
}

void dp_verify_end(struct dp_verify *v, struct dp_verify_sum *out)
{
	if (v->path)
		judge_rest(v, true);
	if (v->copies.from)
		dp_verify_copy_rest(v);
	*out = v->sum;
}
