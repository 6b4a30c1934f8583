#include "dp_config.h"

#include "tools/seal/seal.h"

#include <stdlib.h>
#include <string.h>

#include "tools/seal/seal_private.h"
#include "tools/vec.h"

/* --- opening -------------------------------------------------------------- */

static enum dp_err read_auditor(struct dp_seal *s, const char *path,
    struct dp_diag *diag)
{
	enum dp_err err = dp_key_public_read(s->auditor, path, diag);

	if (err)
		return err;
	if (crypto_sign_ed25519_pk_to_curve25519(s->auditor_box,
		s->auditor) != 0) {
		dp_diag_set(diag, path, 0,
		    "is no key that anything can be encrypted for: make a new "
		    "one with dnspin keygen");
		return DP_ERR_SYNTAX;
	}
	s->is_encrypted = true;
	return DP_OK;
}

static void begin_block(struct dp_seal *s)
{
	struct dp_seal_line *n = &s->next;

	n->before += n->records;
	n->octets = n->lines = n->records = n->gaps = n->lost = n->cut_b = 0;
	n->from[0] = n->until[0] = '\0';
	n->recovered = false;
	s->from_us = s->until_us = 0;
	s->plain_b = 0;
	crypto_generichash_init(&s->digest, NULL, 0, DP_SEAL_DIGEST_B);
}

enum dp_err dp_seal_open(struct dp_seal **out, const struct dp_seal_options *o,
    struct dp_diag *diag)
{
	struct dp_seal *s = calloc(1, sizeof(*s));
	enum dp_err err = s ? DP_OK : DP_ERR_NOMEM;

	if (!err)
		err = dp_key_secret_read(s->key, o->key, diag);
	if (!err && o->auditor)
		err = read_auditor(s, o->auditor, diag);
	if (err) {
		if (err == DP_ERR_NOMEM)
			dp_diag_set(diag, o->key, 0, "out of memory");
		dp_seal_close(&s);
		return err;
	}
	crypto_sign_ed25519_sk_to_pk(s->public_key, s->key);
	s->copy = o->copy;
	s->arg = o->arg;
	s->block_lines = o->block_lines;
	s->block_ms = o->block_ms;
	s->idle_ms = o->idle_ms;
	begin_block(s);
	*out = s;
	return DP_OK;
}

void dp_seal_close(struct dp_seal **s)
{
	if (!*s)
		return;
	free((*s)->plain);
	free((*s)->out);
	free((*s)->marks);
	sodium_memzero(*s, sizeof(**s));
	free(*s);
	*s = NULL;
}

/* --- seal lines ----------------------------------------------------------- */

/* Room for more octets of output and for one seal line among them. */
static enum dp_err make_room(struct dp_seal *s, size_t more_b)
{
	enum dp_err err = dp_vec_room(&s->out, &s->out_room,
	    s->out_b + more_b + DP_SEAL_LINE_MAX, 1);

	if (!err)
		err = dp_vec_room(&s->marks, &s->mark_room, s->mark_count + 2,
		    sizeof(*s->marks));
	return err;
}

/* The octets of the line are in text; the next one follows it. */
static void follow(struct dp_seal *s, const char *text, size_t size_b)
{
	dp_seal_line_digest(s->next.previous, text, size_b);
	s->next.number++;
	begin_block(s);
}

/* There is room for it. */
static void put_seal_line(struct dp_seal *s, uint64_t now_us)
{
	char *text = s->out + s->out_b;
	size_t size_b;

	s->sealed_us = now_us;
	dp_seal_time_text(s->next.time, now_us);
	size_b = dp_seal_line_write(text, &s->next, s->key);
	s->marks[s->mark_count++] = s->out_b;
	s->out_b += size_b;
	s->marks[s->mark_count++] = s->out_b;
	follow(s, text, size_b);
}

static enum dp_err put_file_line(struct dp_seal *s, uint64_t now_us)
{
	enum dp_err err = make_room(s, 0);

	if (err)
		return err;
	s->next.is_block = false;
	s->next.file++;
	memcpy(s->next.key, s->public_key, sizeof(s->next.key));
	s->next.is_encrypted = s->is_encrypted;
	memcpy(s->next.auditor, s->auditor, sizeof(s->next.auditor));
	put_seal_line(s, now_us);
	s->file_ended = false;
	return DP_OK;
}

#define BOX_FRAME_B \
	(strlen(DP_SEAL_BOX_PREFIX) + strlen(DP_SEAL_BOX_SUFFIX) + 1)

static size_t box_line_b(const struct dp_seal *s)
{
	/* Its count of octets has the NUL, whose place the line feed takes. */
	return BOX_FRAME_B + sodium_base64_encoded_len(
	    s->plain_b + crypto_box_SEALBYTES, sodium_base64_VARIANT_ORIGINAL);
}

/* The lines of the block, encrypted to one line; there is room for it. */
static enum dp_err put_box(struct dp_seal *s)
{
	size_t box_b = s->plain_b + crypto_box_SEALBYTES, at = s->out_b;
	uint8_t *box = malloc(box_b);
	char *text = s->out + at;

	if (!box)
		return DP_ERR_NOMEM;
	if (crypto_box_seal(box, (const uint8_t *)s->plain, s->plain_b,
		s->auditor_box) != 0) {
		free(box);
		return DP_ERR_IO; /* never: the key was converted */
	}
	memcpy(text, DP_SEAL_BOX_PREFIX, strlen(DP_SEAL_BOX_PREFIX));
	s->out_b += strlen(DP_SEAL_BOX_PREFIX);
	sodium_bin2base64(s->out + s->out_b, s->out_room - s->out_b, box,
	    box_b, sodium_base64_VARIANT_ORIGINAL);
	free(box);
	s->out_b += strlen(s->out + s->out_b);
	memcpy(s->out + s->out_b, DP_SEAL_BOX_SUFFIX "\n",
	    strlen(DP_SEAL_BOX_SUFFIX) + 1);
	s->out_b += strlen(DP_SEAL_BOX_SUFFIX) + 1;
	dp_seal_cover(s, text, s->out_b - at);
	s->next.lines = 1;
	sodium_memzero(s->plain, s->plain_b);
	return DP_OK;
}

enum dp_err dp_seal_checkpoint(struct dp_seal *s, enum dp_seal_end end,
    uint64_t now_us)
{
	bool in_box = s->is_encrypted && s->plain_b > 0;
	enum dp_err err = make_room(s, in_box ? box_line_b(s) : 0);

	if (!err && in_box)
		err = put_box(s);
	if (err)
		return err;
	s->next.is_block = true;
	s->next.end = end;
	if (s->from_us > 0) {
		dp_seal_time_text(s->next.from, s->from_us);
		dp_seal_time_text(s->next.until, s->until_us);
	}
	crypto_generichash_final(&s->digest, s->next.digest,
	    DP_SEAL_DIGEST_B);
	put_seal_line(s, now_us);
	return DP_OK;
}

void dp_seal_follow(struct dp_seal *s, const struct dp_seal_line *last,
    const char *text, size_t size_b)
{
	s->next = *last;
	follow(s, text, size_b);
	s->file_ended = last->is_block && last->end == DP_SEAL_END_FILE;
}

enum dp_err dp_seal_begin(struct dp_seal *s, uint64_t now_us)
{
	randombytes_buf(s->next.chain, sizeof(s->next.chain));
	return put_file_line(s, now_us);
}

/* --- lines ---------------------------------------------------------------- */

void dp_seal_cover(struct dp_seal *s, const char *octets, size_t size_b)
{
	crypto_generichash_update(&s->digest, (const uint8_t *)octets, size_b);
	s->next.octets += size_b;
}

/* The place of the ring among the positions; a new one where it has none. */
static struct dp_seal_position *position_of(struct dp_seal_line *l,
    uint32_t ring)
{
	size_t i = 0;

	while (i < l->position_count && l->positions[i].ring != ring)
		i++;
	if (i == DP_SEAL_RINGS_MAX)
		return NULL;
	if (i == l->position_count)
		l->positions[l->position_count++] =
		    (struct dp_seal_position){ .ring = ring };
	return &l->positions[i];
}

void dp_seal_count(struct dp_seal *s, const struct dp_seal_item *item)
{
	struct dp_seal_line *n = &s->next;
	struct dp_seal_position *p = position_of(n, item->ring);

	n->lines++;
	n->records += !item->gap;
	n->gaps += item->gap;
	if (item->gap)
		n->lost += item->lost <= INT64_MAX - n->lost
		    ? item->lost : INT64_MAX - n->lost;
	if (s->from_us == 0 || item->time_us < s->from_us)
		s->from_us = item->time_us;
	if (item->time_us > s->until_us)
		s->until_us = item->time_us;
	if (p) {
		p->id = item->id ? item->id : p->id;
		p->number = item->number;
	}
}

static enum dp_err put_line(struct dp_seal *s, const struct dp_seal_item *item)
{
	size_t size_b = item->line_b + 1;
	char **to = s->is_encrypted ? &s->plain : &s->out;
	size_t *at = s->is_encrypted ? &s->plain_b : &s->out_b;
	enum dp_err err = dp_vec_room(to, s->is_encrypted ? &s->plain_room
	    : &s->out_room, *at + size_b, 1);

	if (err)
		return err;
	memcpy(*to + *at, item->line, item->line_b);
	(*to)[*at + item->line_b] = '\n';
	if (!s->is_encrypted)
		dp_seal_cover(s, *to + *at, size_b);
	*at += size_b;
	return DP_OK;
}

static bool is_full(const struct dp_seal *s)
{
	return s->next.lines >= s->block_lines ||
	    (s->is_encrypted ? s->plain_b : s->next.octets) >=
	    DP_SEAL_BLOCK_MAX - DP_SEAL_LINE_MAX;
}

enum dp_err dp_seal_add(struct dp_seal *s, const struct dp_seal_item *item,
    uint64_t now_us)
{
	enum dp_err err;

	if (item->line_b >= DP_SEAL_LINE_MAX ||
	    memchr(item->line, '\n', item->line_b) ||
	    dp_seal_line_is(item->line, item->line_b))
		return DP_ERR_FORMAT;
	/* Before the line, not behind it: what fails must not have taken it. */
	err = s->next.lines > 0 ? dp_seal_tick(s, now_us) : DP_OK;
	if (!err)
		err = put_line(s, item);
	if (err)
		return err;
	if (s->next.lines == 0)
		s->began_us = now_us;
	dp_seal_count(s, item);
	return DP_OK;
}

static bool is_due(const struct dp_seal *s, uint64_t now_us)
{
	/* A clock that was set back makes differences large numbers. */
	if (s->next.lines > 0)
		return is_full(s) ||
		    now_us - s->began_us >= s->block_ms * UINT64_C(1000);
	return s->idle_ms > 0 && !s->file_ended &&
	    now_us - s->sealed_us >= s->idle_ms * UINT64_C(1000);
}

enum dp_err dp_seal_tick(struct dp_seal *s, uint64_t now_us)
{
	return is_due(s, now_us) ?
	    dp_seal_checkpoint(s, DP_SEAL_END_NO, now_us) : DP_OK;
}

enum dp_err dp_seal_close_block(struct dp_seal *s, uint64_t now_us)
{
	return s->next.lines == 0 ? DP_OK :
	    dp_seal_checkpoint(s, DP_SEAL_END_NO, now_us);
}

enum dp_err dp_seal_stop(struct dp_seal *s, uint64_t now_us)
{
	return dp_seal_checkpoint(s, DP_SEAL_END_STOP, now_us);
}

enum dp_err dp_seal_end_file(struct dp_seal *s, uint64_t now_us)
{
	enum dp_err err = dp_seal_checkpoint(s, DP_SEAL_END_FILE, now_us);

	if (!err)
		s->file_ended = true;
	return err;
}

enum dp_err dp_seal_next_file(struct dp_seal *s, uint64_t now_us)
{
	return put_file_line(s, now_us);
}

bool dp_seal_file_ended(const struct dp_seal *s)
{
	return s->file_ended;
}

bool dp_seal_position(const struct dp_seal *s, size_t k, uint32_t *ring,
    uint64_t *id, uint64_t *number)
{
	if (k >= s->next.position_count)
		return false;
	*ring = s->next.positions[k].ring;
	*id = s->next.positions[k].id;
	*number = s->next.positions[k].number;
	return true;
}

/* --- output --------------------------------------------------------------- */

const char *dp_seal_output(const struct dp_seal *s, size_t *size_b,
    bool *checkpoint)
{
	*size_b = s->out_b - s->written_b;
	if (checkpoint)
		*checkpoint = s->mark_count > 0;
	return *size_b > 0 ? s->out + s->written_b : NULL;
}

void dp_seal_written(struct dp_seal *s, size_t size_b)
{
	size_t done = 0;

	s->written_b += size_b;
	while (done < s->mark_count && s->marks[done + 1] <= s->written_b) {
		if (s->copy)
			s->copy(s->arg, s->out + s->marks[done],
			    s->marks[done + 1] - s->marks[done]);
		done += 2;
	}
	s->mark_count -= done;
	for (size_t i = 0; done > 0 && i < s->mark_count; i++)
		s->marks[i] = s->marks[i + done];
	if (s->written_b == s->out_b)
		s->written_b = s->out_b = 0;
}
