#include "dp_config.h"

#include "module/core/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/core/file.h"
#include "module/core/state.h"

#define OPEN_TRIES 10 /* while others replace the file */
#define EXPECTED_B 192 /* of most records; what is beyond the end is no harm */
#define MADE_B offsetof(struct dp_ring_d, reserved)
#define HEAD_WORDS (sizeof(struct dp_ring_record_d) / sizeof(uint64_t))

struct dp_ring {
	struct dp_file file;
	struct dp_ring_d *d;
	_Atomic uint64_t *data;
	/* What others could have changed in d is not read back. */
	uint8_t made[MADE_B]; /* the beginning of d */
	uint64_t size_b;
	uint64_t at;
	uint64_t next;
};

/* --- writing -------------------------------------------------------------- */

/*
 * Each word is stored with release, and loaded by readers after `committed`:
 * who sees a word of a later round sees `reserved` of that round as well. A
 * release is a plain store on x86.
 */
static void put(struct dp_ring *r, uint64_t at, const uint64_t *words,
    size_t count)
{
	_Atomic uint64_t *to = r->data + (at & (r->size_b - 1)) / 8;

	for (size_t i = 0; i < count; i++)
		atomic_store_explicit(&to[i], words[i], memory_order_release);
}

static void put_head(struct dp_ring *r, uint64_t at, uint64_t len_b,
    enum dp_ring_kind kind, uint64_t number)
{
	struct dp_ring_record_d head = { (uint32_t)len_b, kind, number };
	uint64_t words[HEAD_WORDS];

	memcpy(words, &head, sizeof(words));
	put(r, at, words, HEAD_WORDS);
}

static uint64_t left_in_block(uint64_t at)
{
	return DP_RING_BLOCK_B - (at & (DP_RING_BLOCK_B - 1));
}

static void commit(struct dp_ring *r)
{
	atomic_store_explicit(&r->d->next, r->next, memory_order_relaxed);
	atomic_store_explicit(&r->d->committed, r->at, memory_order_release);
}

void dp_ring_expect(const struct dp_ring *r)
{
	const char *at = (const char *)r->data + (r->at & (r->size_b - 1));

	for (size_t i = 0; i < EXPECTED_B; i += 64)
		__builtin_prefetch(at + i, 1);
}

bool dp_ring_write(struct dp_ring *r, enum dp_ring_kind kind,
    const uint64_t *words, size_t count)
{
	uint64_t len_b = (HEAD_WORDS + count + (count & 1)) * sizeof(*words);
	uint64_t left_b = left_in_block(r->at);
	uint64_t begin = r->at;

	if (len_b > DP_RING_RECORD_MAX)
		return false;
	if (left_b < len_b)
		begin += left_b;
	atomic_store_explicit(&r->d->reserved, begin + len_b,
	    memory_order_relaxed);
	if (begin != r->at)
		put_head(r, r->at, left_b, DP_RING_PAD, 0);
	put_head(r, begin, len_b, kind, r->next);
	put(r, begin + sizeof(struct dp_ring_record_d), words, count);
	if (count & 1)
		put(r, begin + len_b - sizeof(*words), &(uint64_t){ 0 }, 1);
	r->at = begin + len_b;
	r->next++;
	commit(r);
	return true;
}

/* --- opening -------------------------------------------------------------- */

static bool is_sound(const struct dp_file *f)
{
	const struct dp_ring_d *d = (const void *)f->bytes;
	uint64_t reserved, committed;

	if (f->size_b < DP_RING_DATA_AT ||
	    memcmp(d->magic, DP_RING_MAGIC, sizeof(d->magic)) != 0 ||
	    d->version != DP_RING_VERSION || d->size_b < DP_RING_MIN_B ||
	    d->size_b > DP_RING_MAX_B || (d->size_b & (d->size_b - 1)) != 0 ||
	    f->size_b < DP_RING_DATA_AT + d->size_b)
		return false;
	reserved = atomic_load_explicit(&d->reserved, memory_order_relaxed);
	committed = atomic_load_explicit(&d->committed, memory_order_relaxed);
	return committed % DP_RING_ALIGN_B == 0 && reserved >= committed &&
	    reserved - committed <= DP_RING_BLOCK_B;
}

static uint64_t size_for(const struct dp_ring_made *made)
{
	uint64_t size_b = DP_RING_MIN_B;

	while (size_b < made->size_b && size_b < DP_RING_MAX_B)
		size_b *= 2;
	return size_b;
}

static bool fits(const struct dp_ring_d *d, const struct dp_ring_made *made)
{
	return d->size_b == size_for(made) && d->boot[0] == made->boot[0] &&
	    d->boot[1] == made->boot[1];
}

/* For as long as the file is open. */
static enum dp_err lock(int fd, const char *path, struct dp_diag *diag)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &all) == 0)
		return DP_OK;
	if (errno == EAGAIN || errno == EACCES) {
		dp_diag_set(diag, path, 0, "another resolver writes it");
		return DP_ERR_BUSY;
	}
	dp_diag_set(diag, path, 0, "cannot lock: %s", strerror(errno));
	return DP_ERR_IO;
}

/* DP_ERR_BUSY also when somebody else put another file there meanwhile: *again
 * tells. */
static enum dp_err open_locked(struct dp_file *f, const char *path,
    size_t size_b, bool *again, struct dp_diag *diag)
{
	bool created;
	enum dp_err err = dp_file_map_rw(f, path, size_b, &created, diag);

	*again = false;
	if (err != DP_OK)
		return err;
	err = lock(f->fd, path, diag);
	if (err == DP_OK && !dp_file_is_at(f, path)) {
		*again = true;
		err = DP_ERR_BUSY;
	}
	if (err != DP_OK)
		dp_file_close(f);
	return err;
}

static void begin(struct dp_file *f, const struct dp_ring_made *made,
    uint64_t first)
{
	struct dp_ring_d *d = (struct dp_ring_d *)(void *)f->bytes;

	memset(f->bytes, 0, DP_RING_DATA_AT);
	memcpy(d->magic, DP_RING_MAGIC, sizeof(d->magic));
	d->version = DP_RING_VERSION;
	d->size_b = size_for(made);
	d->id = made->id;
	d->boot[0] = made->boot[0];
	d->boot[1] = made->boot[1];
	d->first = first;
	atomic_store_explicit(&d->next, first, memory_order_relaxed);
}

/* A new file in the place of what is at path, if anything. */
static enum dp_err replace(struct dp_file *f, const char *path,
    const struct dp_ring_made *made, uint64_t first, bool *again,
    struct dp_diag *diag)
{
	char new[DP_PATH_MAX + sizeof(".new")];
	enum dp_err err;

	snprintf(new, sizeof(new), "%s.new", path);
	err = open_locked(f, new, DP_RING_DATA_AT + size_for(made), again,
	    diag);
	if (err != DP_OK)
		return err;
	begin(f, made, first);
	if (rename(new, path) == 0)
		return DP_OK;
	dp_diag_set(diag, path, 0, "cannot replace: %s", strerror(errno));
	dp_file_close(f);
	(void)remove(new);
	return DP_ERR_IO;
}

static enum dp_err open_once(struct dp_file *f, const char *path,
    const struct dp_ring_made *made, bool *again, struct dp_diag *diag)
{
	struct dp_file old = { .fd = -1 };
	uint64_t first = 1;
	enum dp_err err = open_locked(&old, path, 0, again, diag);

	if (err == DP_OK && is_sound(&old)) {
		const struct dp_ring_d *d = (const void *)old.bytes;

		if (fits(d, made)) {
			*f = old;
			return DP_OK;
		}
		first = atomic_load_explicit(&d->next, memory_order_relaxed);
	}
	if (err == DP_OK || err == DP_ERR_NOTFOUND)
		err = replace(f, path, made, first, again, diag);
	dp_file_close(&old);
	return err;
}

/* Where a writer was killed lie halves of a record, over older ones. */
static void mend(struct dp_ring *r)
{
	uint64_t reserved = atomic_load_explicit(&r->d->reserved,
	    memory_order_relaxed);

	while (r->at < reserved) {
		uint64_t left_b = left_in_block(r->at);

		if (r->at + left_b > reserved)
			atomic_store_explicit(&r->d->reserved, r->at + left_b,
			    memory_order_relaxed);
		put_head(r, r->at, left_b, DP_RING_PAD, 0);
		r->at += left_b;
	}
	commit(r);
}

enum dp_err dp_ring_open(struct dp_ring **out, const char *path,
    const struct dp_ring_made *made, struct dp_diag *diag)
{
	struct dp_ring *r = calloc(1, sizeof(*r));
	enum dp_err err = DP_ERR_BUSY;
	bool again = true;

	if (!r) {
		dp_diag_set(diag, path, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	for (int i = 0; again && i < OPEN_TRIES; i++) {
		again = false;
		err = open_once(&r->file, path, made, &again, diag);
	}
	if (err != DP_OK) {
		free(r);
		return err;
	}
	r->d = (struct dp_ring_d *)(void *)r->file.bytes;
	r->data = (void *)(r->file.bytes + DP_RING_DATA_AT);
	memcpy(r->made, r->file.bytes, sizeof(r->made));
	r->size_b = r->d->size_b;
	r->at = atomic_load_explicit(&r->d->committed, memory_order_relaxed);
	r->next = atomic_load_explicit(&r->d->next, memory_order_relaxed);
	mend(r);
	*out = r;
	return DP_OK;
}

bool dp_ring_is_at(const struct dp_ring *r, const char *path)
{
	return dp_file_is_at(&r->file, path) &&
	    memcmp(r->file.bytes, r->made, sizeof(r->made)) == 0;
}

void dp_ring_close(struct dp_ring **r)
{
	if (!*r)
		return;
	dp_file_close(&(*r)->file);
	free(*r);
	*r = NULL;
}
