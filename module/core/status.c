#include "module/core/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "module/core/file.h"
#include "module/core/words.h"

const struct dp_counter_info dp_counter_info[DP_COUNTER_COUNT] = {
#define DP_COUNTER(id, name, text) { name, text },
#include "module/core/counter.def"
#undef DP_COUNTER
};

_Static_assert(DP_COUNTER_COUNT <= DP_STATUS_COUNTERS_MAX,
    "struct dp_shard_d is too small");
_Static_assert(sizeof(struct dp_status_head) % 8 == 0 &&
	sizeof(struct dp_status_head) <= 8 * DP_WORDS_MAX, "copied in words");

struct dp_status {
	struct dp_file file; /* closed: private, bytes are ours */
	uint8_t *bytes;	     /* DP_STATUS_FILE_B of them */
	uint32_t counter_count;
};

static struct dp_status_d *head_of(const struct dp_status *s)
{
	return (struct dp_status_d *)(void *)s->bytes;
}

static _Atomic uint64_t *counter_of(const struct dp_status *s, unsigned shard,
    enum dp_counter c)
{
	struct dp_shard_d *shards =
	    (struct dp_shard_d *)(void *)(s->bytes + DP_STATUS_SHARDS_OFF);

	return &shards[shard].counter[c];
}

static void header_begin(uint8_t bytes[DP_STATUS_FILE_B])
{
	struct dp_status_d *d = (struct dp_status_d *)(void *)bytes;

	memset(bytes, 0, DP_STATUS_FILE_B);
	memcpy(d->magic, DP_STATUS_MAGIC, sizeof(d->magic));
	d->version = DP_STATUS_VERSION;
	d->counter_count = DP_COUNTER_COUNT;
}

enum dp_err dp_status_create_private(struct dp_status **out)
{
	struct dp_status *s = calloc(1, sizeof(*s));

	if (!s)
		return DP_ERR_NOMEM;
	s->file.fd = -1;
	s->counter_count = DP_COUNTER_COUNT;
	s->bytes = aligned_alloc(64, DP_STATUS_FILE_B);
	if (!s->bytes) {
		free(s);
		return DP_ERR_NOMEM;
	}
	header_begin(s->bytes);
	*out = s;
	return DP_OK;
}

enum dp_err dp_status_create(struct dp_status **out, const char *path,
    struct dp_diag *diag)
{
	struct dp_status *s;
	struct dp_file f;
	bool created;
	enum dp_err err = dp_status_create_private(&s);

	if (err != DP_OK) {
		dp_diag_set(diag, path, 0, "out of memory");
		return err;
	}
	err = dp_file_replace(path, s->bytes, DP_STATUS_FILE_B, 0644, diag);
	if (err == DP_OK)
		err = dp_file_map_rw(&f, path, DP_STATUS_FILE_B, &created,
		    diag);
	if (err != DP_OK) {
		dp_status_close(&s);
		return err;
	}
	free(s->bytes);
	s->file = f;
	s->bytes = f.bytes;
	*out = s;
	return DP_OK;
}

static enum dp_err header_check(const struct dp_file *f, const char *path,
    struct dp_diag *diag)
{
	const struct dp_status_d *d = (const void *)f->bytes;

	/* The version first: files of others have other sizes. */
	if (f->size_b < offsetof(struct dp_status_d, counter_count) ||
	    memcmp(d->magic, DP_STATUS_MAGIC, sizeof(d->magic)) != 0) {
		dp_diag_set(diag, path, 0, "is not a status file of dnspin");
		return DP_ERR_FORMAT;
	}
	if (d->version != DP_STATUS_VERSION) {
		dp_diag_set(diag, path, 0,
		    "has version %u, this program reads version %u: install "
		    "the same release of dnspin and of its module",
		    (unsigned)d->version, DP_STATUS_VERSION);
		return DP_ERR_VERSION;
	}
	if (f->size_b < DP_STATUS_FILE_B) {
		dp_diag_set(diag, path, 0, "is cut off: the resolver makes it "
		    "anew when it starts");
		return DP_ERR_FORMAT;
	}
	return DP_OK;
}

enum dp_err dp_status_open_ro(struct dp_status **out, const char *path,
    struct dp_diag *diag)
{
	struct dp_status *s;
	struct dp_file f;
	uint32_t counter_count;
	enum dp_err err = dp_file_map_ro(&f, path, diag);

	if (err != DP_OK)
		return err;
	err = header_check(&f, path, diag);
	s = err == DP_OK ? calloc(1, sizeof(*s)) : NULL;
	if (!s) {
		dp_file_close(&f);
		if (err == DP_OK) {
			dp_diag_set(diag, path, 0, "out of memory");
			err = DP_ERR_NOMEM;
		}
		return err;
	}
	s->file = f;
	s->bytes = f.bytes;
	counter_count = head_of(s)->counter_count;
	s->counter_count = counter_count < DP_COUNTER_COUNT ? counter_count :
							      DP_COUNTER_COUNT;
	*out = s;
	return DP_OK;
}

void dp_status_close(struct dp_status **s)
{
	if (!*s)
		return;
	if ((*s)->file.fd >= 0)
		dp_file_close(&(*s)->file);
	else
		free((*s)->bytes);
	free(*s);
	*s = NULL;
}

void dp_status_add(struct dp_status *s, unsigned shard, enum dp_counter c,
    uint64_t n)
{
	bool own = shard != DP_STATUS_ANYBODY && shard < DP_STATUS_SHARDS;
	_Atomic uint64_t *at = counter_of(s, own ? shard : DP_STATUS_ANYBODY,
	    c);

	/* Several locked additions an answer are felt. */
	if (own)
		atomic_store_explicit(at,
		    atomic_load_explicit(at, memory_order_relaxed) + n,
		    memory_order_relaxed);
	else
		atomic_fetch_add_explicit(at, n, memory_order_relaxed);
}

uint64_t dp_status_count(const struct dp_status *s, enum dp_counter c)
{
	uint64_t sum = 0;

	if ((uint32_t)c >= s->counter_count)
		return 0;
	for (unsigned i = 0; i < DP_STATUS_SHARDS; i++)
		sum += atomic_load_explicit(counter_of(s, i, c),
		    memory_order_relaxed);
	return sum;
}

void dp_status_publish(struct dp_status *s, const struct dp_status_head *head)
{
	struct dp_status_d *d = head_of(s);

	dp_words_publish(&d->seq, d->head, head, sizeof(*head));
}

enum dp_err dp_status_read(const struct dp_status *s,
    struct dp_status_head *out)
{
	struct dp_status_d *d = head_of(s);
	struct dp_status_head head;
	enum dp_err err = dp_words_read(&d->seq, d->head, &head, sizeof(head));

	if (err != DP_OK)
		return err;
	head.unbound[sizeof(head.unbound) - 1] = '\0';
	head.trouble[sizeof(head.trouble) - 1] = '\0';
	head.notes[sizeof(head.notes) - 1] = '\0';
	*out = head;
	return DP_OK;
}
