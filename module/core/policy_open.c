/*
 * How a policy comes from its file: copied, checked, and its digest made, which
 * takes a good third of the time and may be another thread's work. When that
 * has done with it, it takes of the checks what is left.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "module/core/policy_view.h"

#define PIECE_B ((size_t)1 << 20) /* digested between looks at stop */

struct opening {
	const uint8_t *trusted;
	const char *object;
	struct dp_diag *diag;
	const struct dp_aside *aside; /* NULL: no thread is at work for it */
	_Atomic size_t ready_b; /* octets that it may read */
	_Atomic bool shared;	/* there are parts that it may check */
	_Atomic bool stop;	/* there will be none, or no need of any */
	struct dp_policy_parts parts;
	/* That thread's until its end. */
	struct dp_policy_digesting digesting;
	struct dp_policy_found found;
};

/* --- another thread's ---------------------------------------------------- */

/* False: all of it is digested. */
static bool digest_aside(struct opening *o)
{
	struct dp_policy_digesting *d = &o->digesting;
	size_t ready_b, piece_b;

	do {
		/* Partner: the release in copy. */
		ready_b = atomic_load_explicit(&o->ready_b,
		    memory_order_acquire);
		piece_b = ready_b - d->done_b;
		dp_policy_digest_more(d,
		    d->done_b + (piece_b < PIECE_B ? piece_b : PIECE_B));
	} while (piece_b > PIECE_B && !atomic_load(&o->stop));
	return d->done_b < d->size_b;
}

static bool work_aside(void *arg)
{
	struct opening *o = arg;

	if (digest_aside(o))
		return !atomic_load(&o->stop);
	if (!atomic_load(&o->shared))
		return !atomic_load(&o->stop);
	dp_policy_rules_check(&o->parts, &o->found);
	return false;
}

static void begin_aside(struct opening *o, const struct dp_aside *aside,
    const struct dp_file *file)
{
	if (!aside || file->size_b < sizeof(struct dp_policy_d))
		return;
	dp_policy_digest_begin(&o->digesting, file->bytes, file->size_b);
	if (aside->begin(aside->thread, work_aside, o))
		o->aside = aside;
}

static void end_aside(struct opening *o)
{
	if (o->aside)
		o->aside->end(o->aside->thread);
	o->aside = NULL;
}

/* --- the opening thread's ------------------------------------------------ */

/* The label of group i, at most 255 octets. */
static size_t label_of(const struct dp_policy *p, uint32_t i,
    char text[DP_NAME_TEXT_MAX])
{
	size_t label_b;

	dp_policy_group_name(p, i, text);
	label_b = strlen(text);
	return label_b < UINT8_MAX ? label_b : UINT8_MAX;
}

/* Once, since nobody who answers has time for it. */
static bool make_labels(struct dp_policy *p)
{
	uint32_t count = p->view.group_count;
	char text[DP_NAME_TEXT_MAX];
	size_t size_b = 1;

	for (uint32_t i = 0; i < count; i++)
		size_b += label_of(p, i, text);
	p->labels = malloc(size_b);
	p->label_end = calloc((size_t)count + 1, sizeof(*p->label_end));
	if (!p->labels || !p->label_end || size_b > UINT32_MAX)
		return false;
	size_b = 0;
	for (uint32_t i = 0; i < count; i++) {
		size_t label_b = label_of(p, i, text);

		memcpy(p->labels + size_b, text, label_b);
		size_b += label_b;
		p->label_end[i] = (uint32_t)size_b;
	}
	return true;
}

/* All but frame and seal. Who is aside is back when this returns; without a
 * share in the check the digest may not be complete yet. */
static enum dp_err check_content(struct dp_policy *p, struct opening *o,
    const uint8_t *bytes, size_t size_b)
{
	struct dp_policy_found found;
	const char *wrong;
	enum dp_err err = dp_policy_check(&p->view, &p->settings, bytes,
	    size_b, o->object, o->diag);

	if (err != DP_OK) {
		atomic_store(&o->stop, true);
		end_aside(o);
		return err;
	}
	dp_policy_rules_begin(&o->parts, &p->view);
	atomic_store(&o->shared, true);
	dp_policy_rules_check(&o->parts, &found);
	end_aside(o);
	wrong = dp_policy_rules_wrong(&p->view, &found, &o->found);
	return wrong ? dp_policy_damaged(wrong, o->object, o->diag) : DP_OK;
}

/* The seal is told of first: where it does not fit, the rest means nothing. */
static enum dp_err check(struct dp_policy *p, struct opening *o,
    const uint8_t *bytes, size_t size_b)
{
	bool aside = o->aside != NULL;
	uint8_t digest[DP_POLICY_DIGEST_B];
	enum dp_err err, sealed;

	err = dp_policy_check_frame(bytes, size_b, o->object, o->diag);
	if (err != DP_OK)
		return err;
	if (aside) {
		err = check_content(p, o, bytes, size_b);
		dp_policy_digest_end(&o->digesting, digest);
	} else {
		dp_policy_digest_make(digest, bytes, size_b);
	}
	sealed = dp_policy_seal_check(bytes, digest, o->trusted, o->object,
	    o->diag);
	if (sealed == DP_OK && !aside)
		err = check_content(p, o, bytes, size_b);
	return sealed != DP_OK ? sealed : err;
}

static enum dp_err make(struct dp_policy **out, struct opening *o,
    const uint8_t *bytes, size_t size_b)
{
	static _Atomic uint64_t instances;
	struct dp_policy *p = calloc(1, sizeof(*p));
	enum dp_err err;

	if (!p) {
		dp_diag_set(o->diag, o->object, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	p->file.fd = -1;
	p->instance = 1 + atomic_fetch_add(&instances, 1);
	err = check(p, o, bytes, size_b);
	if (err == DP_OK && !make_labels(p)) {
		dp_diag_set(o->diag, o->object, 0, "out of memory");
		err = DP_ERR_NOMEM;
	}
	if (err != DP_OK) {
		dp_policy_close(&p);
		return err;
	}
	*out = p;
	return DP_OK;
}

enum dp_err dp_policy_from_bytes(struct dp_policy **out, const uint8_t *bytes,
    size_t size_b, const uint8_t *trusted, const char *object,
    struct dp_diag *diag)
{
	struct opening o = { .trusted = trusted, .object = object,
		.diag = diag };

	return make(out, &o, bytes, size_b);
}

static enum dp_err copy(struct opening *o, struct dp_file_copy *c,
    struct dp_file *file)
{
	enum dp_err err;

	while (dp_file_copy_more(c, &err, o->diag))
		/* Partner: the acquire in digest_aside. */
		atomic_store_explicit(&o->ready_b, c->copied_b,
		    memory_order_release);
	return err == DP_OK ? dp_file_copy_end(c, file, o->diag) : err;
}

static enum dp_err open_once(struct dp_policy **out, struct opening *o,
    const struct dp_aside *aside)
{
	struct dp_file file = { .fd = -1 };
	struct dp_file_copy c;
	struct dp_policy *p;
	enum dp_err err;

	err = dp_file_copy_begin(&c, o->object, DP_POLICY_FILE_MAX, o->diag);
	if (err != DP_OK)
		return err;
	begin_aside(o, aside, &c.file);
	err = copy(o, &c, &file);
	if (err == DP_OK)
		err = make(&p, o, file.bytes, file.size_b);
	atomic_store(&o->stop, true);
	end_aside(o); /* before what it reads is unmapped */
	dp_file_copy_drop(&c);
	if (err != DP_OK) {
		dp_file_close(&file);
		return err;
	}
	p->file = file;
	memcpy(p->file_id, file.id, sizeof(p->file_id));
	*out = p;
	return DP_OK;
}

enum dp_err dp_policy_open_aside(struct dp_policy **out, const char *path,
    const uint8_t *trusted, const struct dp_aside *aside,
    struct dp_diag *diag)
{
	enum dp_err err = DP_ERR_BUSY;

	for (int i = 0; err == DP_ERR_BUSY && i < DP_FILE_TRIES; i++) {
		struct opening o = { .trusted = trusted, .object = path,
			.diag = diag };

		err = open_once(out, &o, aside);
	}
	return err;
}

enum dp_err dp_policy_open(struct dp_policy **out, const char *path,
    const uint8_t *trusted, struct dp_diag *diag)
{
	return dp_policy_open_aside(out, path, trusted, NULL, diag);
}

bool dp_policy_claims_signature(const char *path)
{
	const struct dp_policy_d *head;
	struct dp_file file;
	bool claims;

	if (dp_file_snapshot(&file, path, DP_POLICY_FILE_MAX, NULL) != DP_OK)
		return false;
	head = (const struct dp_policy_d *)file.bytes;
	claims = file.size_b >= offsetof(struct dp_policy_d, flags) +
		sizeof(head->flags) &&
	    memcmp(head->magic, DP_POLICY_MAGIC, sizeof(head->magic)) == 0 &&
	    (head->flags & DP_POLICY_SIGNED);
	dp_file_close(&file);
	return claims;
}

void dp_policy_close(struct dp_policy **p)
{
	if (!*p)
		return;
	dp_file_close(&(*p)->file);
	free((*p)->labels);
	free((*p)->label_end);
	free(*p);
	*p = NULL;
}
