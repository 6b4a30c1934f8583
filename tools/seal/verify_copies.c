/* Checkpoints that were sent elsewhere: who holds the key can seal a shorter
 * log anew, but cannot take back what others have. */
#include "dp_config.h"

#include <inttypes.h>
#include <string.h>

#include "tools/seal/verify_private.h"

#define COPY_MAX (DP_SEAL_LINE_MAX + 4096) /* with what stands before it */

void dp_verify_copies(struct dp_verify *v, FILE *copies, const char *path)
{
	v->copies.from = copies;
	v->copies.path = path;
}

static void say(struct dp_verify *v, const char *reason)
{
	const char *path = v->path;
	struct dp_verify_place at = { v->copies.line, v->copies.line, 0, 0,
		"" };

	v->path = v->copies.path;
	dp_verify_found(v, DP_VERIFY_COPY, &at, "%s", reason);
	v->path = path;
}

/* The next line that has a checkpoint in it; its length, 0: none is left. */
static size_t next_line(struct dp_verify_copies *c, char text[COPY_MAX],
    const char **seal)
{
	while (fgets(text, COPY_MAX, c->from)) {
		size_t len = strlen(text);

		c->line += len > 0 && text[len - 1] == '\n';
		*seal = strstr(text, DP_SEAL_PREFIX);
		if (*seal)
			return len - (size_t)(*seal - text);
	}
	return 0;
}

/* Another log of this key: who has the key may have put this one in its
 * place. */
static void note_rival(struct dp_verify_copies *c)
{
	if (c->rivals++ == 0) {
		c->rival_line = c->line;
		memcpy(c->rival_chain, c->next.chain, sizeof(c->rival_chain));
	}
	strcpy(c->rival_time, c->next.time);
}

/* It has been read; false: it is none of this chain. */
static bool is_of_chain(struct dp_verify *v, const char *seal, size_t size_b)
{
	struct dp_verify_copies *c = &v->copies;
	bool is_read = dp_seal_line_read(&c->next, seal, size_b) == DP_OK;
	bool is_signed = is_read &&
	    dp_seal_line_signed(seal, size_b, v->sum.key);
	bool is_same = is_read && memcmp(c->next.chain, v->last.chain,
	    sizeof(c->next.chain)) == 0;

	if (!is_read || (is_same && !is_signed))
		say(v, "this copy is damaged or was made with another key");
	else if (!is_signed)
		v->sum.other_copies++;
	else if (!is_same)
		note_rival(c);
	return is_same && is_signed;
}

/* Make the next copy of this chain the one to be met; false: none is left. */
static bool look(struct dp_verify *v)
{
	struct dp_verify_copies *c = &v->copies;
	static char text[COPY_MAX];
	const char *seal;
	size_t size_b;

	while (!c->has && (size_b = next_line(c, text, &seal)) > 0) {
		if (!is_of_chain(v, seal, size_b))
			continue;
		dp_seal_line_digest(c->digest, seal, size_b);
		c->has = true;
	}
	return c->has;
}

void dp_verify_copy_compare(struct dp_verify *v)
{
	struct dp_verify_copies *c = &v->copies;

	while (look(v) && c->next.number <= v->last.number) {
		if (c->next.number == v->last.number) {
			v->sum.copies++;
			if (memcmp(c->digest, v->last_digest,
				sizeof(c->digest)) != 0)
				say(v, "the log has another checkpoint in the "
				    "place of this one");
		}
		c->has = false;
	}
}

static void tell_rivals(struct dp_verify *v)
{
	struct dp_verify_copies *c = &v->copies;
	char chain[2 * DP_SEAL_CHAIN_B + 1], reason[320];

	sodium_bin2hex(chain, sizeof(chain), c->rival_chain,
	    sizeof(c->rival_chain));
	snprintf(reason, sizeof(reason), "%" PRIu64 " checkpoints, the first "
	    "one here, of chain %s, and the last of %s, are of another log "
	    "that was sealed with this key: was this one put in its place?",
	    c->rivals, chain, c->rival_time);
	c->line = c->rival_line;
	say(v, reason);
}

void dp_verify_copy_rest(struct dp_verify *v)
{
	struct dp_verify_copies *c = &v->copies;
	char reason[320];
	uint64_t count = 0, line = 0;

	while (v->sum.has_chain && look(v)) {
		line = count++ > 0 ? line : c->line;
		c->has = false;
	}
	if (count > 0) {
		snprintf(reason, sizeof(reason), "the log lacks the %" PRIu64
		    " checkpoints from here on, the last of %s: its end was "
		    "cut off, or files are not named", count, c->next.time);
		c->line = line;
		say(v, reason);
	}
	if (c->rivals > 0)
		tell_rivals(v);
	if (v->sum.copies == 0) {
		c->line = 0;
		say(v, "has no checkpoint of this log");
	}
}
