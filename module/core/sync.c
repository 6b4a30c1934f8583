#include "dp_config.h"

#include "module/core/sync.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "module/core/file.h"
#include "module/core/words.h"

#define NS_PER_S 1000000000u
#define TRIES 1000 /* at a copy of what is written meanwhile */

struct dp_sync {
	struct dp_file file;
	struct dp_sync_d *d;
};

/*
 * The file is another user's than most readers', who could cut it short: then
 * whoever looks at the mapping gets SIGBUS. So they copy, with pread(2).
 */
static bool copy(const struct dp_file *f, void *to, size_t off_b, size_t size_b)
{
	return pread(f->fd, to, size_b, (off_t)off_b) == (ssize_t)size_b;
}

static bool is_ours(const struct dp_file *f)
{
	struct dp_sync_d d;

	return f->size_b >= DP_SYNC_FILE_B && copy(f, &d, 0, sizeof(d)) &&
	    memcmp(d.magic, DP_SYNC_MAGIC, sizeof(d.magic)) == 0 &&
	    d.version == DP_SYNC_VERSION;
}

static enum dp_err make_file(const char *path, struct dp_diag *diag)
{
	union {
		struct dp_sync_d d;
		uint8_t bytes[DP_SYNC_FILE_B];
	} new;

	memset(&new, 0, sizeof(new));
	memcpy(new.d.magic, DP_SYNC_MAGIC, sizeof(new.d.magic));
	new.d.version = DP_SYNC_VERSION;
	return dp_file_replace(path, &new, sizeof(new), 0644, diag);
}

static enum dp_err handle_new(struct dp_sync **out, struct dp_file *f,
    const char *path, struct dp_diag *diag)
{
	struct dp_sync *s = calloc(1, sizeof(*s));

	if (!s) {
		dp_file_close(f);
		dp_diag_set(diag, path, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	s->file = *f;
	s->d = (struct dp_sync_d *)(void *)f->bytes;
	*out = s;
	return DP_OK;
}

enum dp_err dp_sync_create(struct dp_sync **out, const char *path,
    struct dp_diag *diag)
{
	struct dp_file f = { .fd = -1 };
	bool created;
	enum dp_err err = dp_file_map_rw(&f, path, 0, &created, diag);

	if (err == DP_OK && !is_ours(&f)) {
		dp_file_close(&f);
		err = DP_ERR_NOTFOUND;
	}
	if (err == DP_ERR_NOTFOUND) {
		err = make_file(path, diag);
		if (err == DP_OK)
			err = dp_file_map_rw(&f, path, 0, &created, diag);
	}
	if (err == DP_OK)
		err = handle_new(out, &f, path, diag);
	if (err == DP_OK)
		dp_sync_withdraw(*out);
	return err;
}

void dp_sync_beat(struct dp_sync *s, uint64_t now_ns)
{
	atomic_store_explicit(&s->d->beat_ns, now_ns, memory_order_relaxed);
}

/* The word changes after what it stands for, so that who looks at it first
 * cannot sleep through. */
static void promise(struct dp_sync *s, uint64_t seq)
{
	atomic_store_explicit(&s->d->acked, seq, memory_order_release);
	atomic_fetch_add_explicit(&s->d->wake, 1, memory_order_release);
	(void)syscall(SYS_futex, &s->d->wake, FUTEX_WAKE, INT_MAX, NULL, NULL,
	    0);
}

void dp_sync_withdraw(struct dp_sync *s)
{
	promise(s, 0);
}

static uint64_t id_of(const uint8_t digest[DP_SYNC_DIGEST_B])
{
	uint64_t id;

	memcpy(&id, digest, sizeof(id));
	return id;
}

static uint64_t load(_Atomic uint64_t *at)
{
	return atomic_load_explicit(at, memory_order_acquire);
}

/* Release: who sees one of these sees that nothing was promised before. */
static void store(_Atomic uint64_t *at, uint64_t value)
{
	atomic_store_explicit(at, value, memory_order_release);
}

void dp_sync_subject(struct dp_sync *s, uint64_t map_id,
    const uint8_t digest[DP_SYNC_DIGEST_B])
{
	struct dp_sync_d *d = s->d;
	uint64_t policy = id_of(digest), old = load(&d->policy_id[0]);

	if (load(&d->map_id) == map_id && old == policy)
		return;
	promise(s, 0);
	store(&d->map_id, map_id);
	if (old != policy) {
		store(&d->policy_id[1], old);
		store(&d->policy_id[0], policy);
	}
}

void dp_sync_ack(struct dp_sync *s, uint64_t seq)
{
	if (load(&s->d->acked) != seq)
		promise(s, seq);
}

void dp_sync_publish(struct dp_sync *s, const struct dp_sync_report *report)
{
	dp_words_publish(&s->d->seq, s->d->report, report, sizeof(*report));
}

enum dp_err dp_sync_open_ro(struct dp_sync **out, const char *path,
    struct dp_diag *diag)
{
	struct dp_file f;
	enum dp_err err = dp_file_map_ro(&f, path, diag);

	if (err != DP_OK)
		return err;
	if (!is_ours(&f)) {
		dp_file_close(&f);
		dp_diag_set(diag, path, 0,
		    "is not a file of this release's dnspin sync: start it "
		    "again");
		return DP_ERR_FORMAT;
	}
	return handle_new(out, &f, path, diag);
}

bool dp_sync_is_at(const struct dp_sync *s, const char *path)
{
	uint64_t id[4];

	return dp_file_identify(id, path) == DP_OK &&
	    id[0] == s->file.id[0] && id[1] == s->file.id[1];
}

/* The words of dp_sync_d from acked to beat_ns. */
struct said {
	uint64_t acked, map_id, policy_id[2], unused[4], beat_ns;
};
_Static_assert(offsetof(struct dp_sync_d, beat_ns) -
	offsetof(struct dp_sync_d, acked) == offsetof(struct said, beat_ns),
    "layout");

/* What stood there at one moment: a copy may have caught a word half written,
 * two that are the same have not. All 0: nothing can be had. */
static void said_read(struct said *out, const struct dp_sync *s)
{
	struct said again;

	for (int i = 0; i < TRIES; i++) {
		size_t off_b = offsetof(struct dp_sync_d, acked);

		if (!copy(&s->file, out, off_b, sizeof(*out)) ||
		    !copy(&s->file, &again, off_b, sizeof(again)))
			break;
		if (memcmp(out, &again, sizeof(again)) == 0)
			return;
	}
	memset(out, 0, sizeof(*out));
}

bool dp_sync_alive(const struct dp_sync *s, uint64_t now_ns)
{
	struct said said;
	uint64_t apart_ns;

	said_read(&said, s);
	/* It may beat after the caller looked at the clock. */
	apart_ns = said.beat_ns > now_ns ? said.beat_ns - now_ns
					 : now_ns - said.beat_ns;
	return said.beat_ns != 0 &&
	    apart_ns < DP_SYNC_DEAD_MS * UINT64_C(1000000);
}

uint64_t dp_sync_acked(const struct dp_sync *s, uint64_t map_id,
    const uint8_t digest[DP_SYNC_DIGEST_B])
{
	struct said said;
	uint64_t policy = id_of(digest);

	said_read(&said, s);
	if (said.map_id != map_id ||
	    (said.policy_id[0] != policy && said.policy_id[1] != policy))
		return 0;
	return said.acked;
}

uint32_t dp_sync_word(const struct dp_sync *s)
{
	uint32_t word = 0;

	(void)copy(&s->file, &word, offsetof(struct dp_sync_d, wake),
	    sizeof(word));
	return word;
}

void dp_sync_wait(const struct dp_sync *s, uint32_t word, uint64_t timeout_ns)
{
	struct timespec t = {
		(time_t)(timeout_ns / NS_PER_S), (long)(timeout_ns % NS_PER_S)
	};

	if (syscall(SYS_futex, &s->d->wake, FUTEX_WAIT, word, &t, NULL, 0) !=
		0 && errno == EFAULT)
		(void)nanosleep(&t, NULL); /* the file was cut short */
}

enum dp_err dp_sync_read(const struct dp_sync *s, struct dp_sync_report *out)
{
	const size_t seq_at = offsetof(struct dp_sync_d, seq);
	uint32_t before, after;

	for (int i = 0; i < TRIES; i++) {
		if (!copy(&s->file, &before, seq_at, sizeof(before)) ||
		    !copy(&s->file, out, offsetof(struct dp_sync_d, report),
			sizeof(*out)) ||
		    !copy(&s->file, &after, seq_at, sizeof(after)))
			return DP_ERR_FORMAT;
		if (before == after && before % 2 == 0) {
			out->trouble[sizeof(out->trouble) - 1] = '\0';
			return DP_OK;
		}
	}
	return DP_ERR_BUSY;
}

void dp_sync_close(struct dp_sync **s)
{
	if (!*s)
		return;
	dp_file_close(&(*s)->file);
	free(*s);
	*s = NULL;
}
