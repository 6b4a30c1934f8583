#include "dp_config.h"

#include "module/core/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/core/file.h"

#define CHUNK_B (16u * DP_RING_BLOCK_B) /* copied at once */
#define STABLE_TRIES 100		/* while the writer stores */

struct dp_ring_reader {
	int fd;
	uint64_t id[2]; /* device, inode */
	struct dp_ring_d made; /* as it was when the file was opened */
	uint64_t at;	       /* position of chunk[0] */
	uint64_t end;	       /* number of the next record, when opened */
	uint64_t expected;     /* number of the next record */
	bool back;	       /* it went back, which is to be told */
	uint64_t first_b;      /* of chunk: where to go on */
	uint64_t end_b;	       /* of chunk: what was copied */
	_Alignas(8) uint8_t chunk[CHUNK_B];
};

struct state {
	uint64_t reserved;
	uint64_t next;
	uint64_t committed;
};

static bool read_at(const struct dp_ring_reader *r, void *to, size_t size_b,
    uint64_t at)
{
	ssize_t n;

	do {
		n = pread(r->fd, to, size_b, (off_t)at);
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)size_b;
}

/*
 * The kernel copies octets, so a number may come in halves of two: what is read
 * twice the same is one. Pairs with the writer's stores: acquire, so that data
 * that is read later is at least as new. False: try again later.
 */
static bool read_state(const struct dp_ring_reader *r, struct state *out)
{
	const uint64_t at = offsetof(struct dp_ring_d, reserved);
	struct state s[2];

	if (!read_at(r, &s[0], sizeof(s[0]), at))
		return false;
	for (int i = 1; i < STABLE_TRIES; i++) {
		atomic_thread_fence(memory_order_acquire);
		if (!read_at(r, &s[i & 1], sizeof(s[0]), at))
			return false;
		if (memcmp(&s[0], &s[1], sizeof(s[0])) == 0) {
			atomic_thread_fence(memory_order_acquire);
			*out = s[0];
			return true;
		}
	}
	return false;
}

/* Copy size_b octets from position `at`, which lie within one round. */
static bool copy(struct dp_ring_reader *r, uint64_t size_b)
{
	uint64_t from = r->at & (r->made.size_b - 1);
	uint64_t head_b = r->made.size_b - from;

	head_b = head_b < size_b ? head_b : size_b;
	return read_at(r, r->chunk, head_b, DP_RING_DATA_AT + from) &&
	    (head_b == size_b ||
		read_at(r, r->chunk + head_b, size_b - head_b,
		    DP_RING_DATA_AT));
}

/* The lowest position that the writer does not write over. */
static uint64_t lowest(const struct dp_ring_reader *r, const struct state *s)
{
	return s->reserved > r->made.size_b ? s->reserved - r->made.size_b : 0;
}

/* Fell behind: on to a block that will be there for a while. */
static void catch_up(struct dp_ring_reader *r, uint64_t low)
{
	uint64_t at = low + r->made.size_b / 8 + DP_RING_BLOCK_B - 1;

	r->at = at - at % DP_RING_BLOCK_B;
}

static bool is_sane(const struct state *s)
{
	return s->committed % DP_RING_ALIGN_B == 0 &&
	    s->reserved >= s->committed &&
	    s->reserved - s->committed <= DP_RING_BLOCK_B;
}

/* No writer does that: somebody wrote over the file. What it holds now may have
 * been read already, or not. */
static void go_back(struct dp_ring_reader *r)
{
	r->at = 0;
	r->expected = 0;
	r->back = true;
}

/* Fill the chunk with what follows, up to the end of a block: no record crosses
 * that. False: there is nothing, or it goes too fast. */
static bool fill(struct dp_ring_reader *r)
{
	struct state s;
	uint64_t size_b;

	r->at += r->first_b;
	r->first_b = r->end_b = 0;
	if (!read_state(r, &s) || !is_sane(&s))
		return false;
	if (s.committed < r->at)
		go_back(r);
	for (int i = 0; i < STABLE_TRIES && r->at < s.committed; i++) {
		if (r->at < lowest(r, &s))
			catch_up(r, lowest(r, &s));
		size_b = CHUNK_B - r->at % DP_RING_BLOCK_B;
		if (size_b > s.committed - r->at)
			size_b = s.committed - r->at;
		if (!copy(r, size_b) || !read_state(r, &s) || !is_sane(&s))
			return false;
		if (r->at >= lowest(r, &s)) {
			r->end_b = size_b;
			return true;
		}
	}
	return false;
}

/* The record at first_b, if it is one. */
static bool head_at(const struct dp_ring_reader *r,
    struct dp_ring_record_d *head)
{
	uint64_t left_b = DP_RING_BLOCK_B -
	    (r->at + r->first_b) % DP_RING_BLOCK_B;

	if (left_b > r->end_b - r->first_b)
		left_b = r->end_b - r->first_b;
	if (left_b < sizeof(*head))
		return false;
	memcpy(head, r->chunk + r->first_b, sizeof(*head));
	return head->len_b >= sizeof(*head) && head->len_b <= left_b &&
	    head->len_b % DP_RING_ALIGN_B == 0 &&
	    (head->kind == DP_RING_PAD ||
		head->len_b <= DP_RING_RECORD_MAX);
}

static void skip_block(struct dp_ring_reader *r)
{
	uint64_t left_b = DP_RING_BLOCK_B -
	    (r->at + r->first_b) % DP_RING_BLOCK_B;

	r->first_b = left_b < r->end_b - r->first_b ? r->first_b + left_b :
						      r->end_b;
}

static enum dp_ring_step lost(struct dp_ring_reader *r, uint64_t number,
    struct dp_ring_item *out)
{
	*out = (struct dp_ring_item){
		.number = number,
		.lost = number - r->expected,
	};
	r->expected = number;
	return DP_RING_LOST;
}

enum dp_ring_step dp_ring_next(struct dp_ring_reader *r,
    struct dp_ring_item *out)
{
	struct dp_ring_record_d head;

	for (;;) {
		if (r->first_b == r->end_b && !fill(r))
			return DP_RING_NONE;
		if (r->back) {
			r->back = false;
			return DP_RING_BACK;
		}
		if (!head_at(r, &head)) {
			skip_block(r);
			continue;
		}
		if (r->expected == 0 && head.kind != DP_RING_PAD)
			r->expected = head.number;
		if (head.kind == DP_RING_PAD || head.number < r->expected) {
			r->first_b += head.len_b;
			continue;
		}
		if (head.number > r->expected)
			return lost(r, head.number, out);
		*out = (struct dp_ring_item){
			.kind = head.kind,
			.number = head.number,
			.bytes = r->chunk + r->first_b + sizeof(head),
			.size_b = head.len_b - sizeof(head),
		};
		r->first_b += head.len_b;
		r->expected++;
		return DP_RING_RECORD;
	}
}

/* --- opening -------------------------------------------------------------- */

static bool is_ring(const struct dp_ring_d *d)
{
	return memcmp(d->magic, DP_RING_MAGIC, sizeof(d->magic)) == 0 &&
	    d->version == DP_RING_VERSION && d->size_b >= DP_RING_MIN_B &&
	    d->size_b <= DP_RING_MAX_B && (d->size_b & (d->size_b - 1)) == 0;
}

static bool is_whole(const struct dp_ring_d *made, uint64_t size_b)
{
	return size_b >= DP_RING_DATA_AT + made->size_b;
}

/* O_NONBLOCK: it may be a FIFO. */
static enum dp_err open_file(struct dp_ring_reader *r, const char *path,
    struct dp_diag *diag)
{
	struct state s;
	struct stat st;

	r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (r->fd < 0) {
		int error = errno;

		dp_diag_set(diag, path, 0, "cannot open: %s", strerror(error));
		return error == ENOENT || error == ENOTDIR ? DP_ERR_NOTFOUND :
							     DP_ERR_IO;
	}
	if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		dp_diag_set(diag, path, 0, "is not a regular file");
		return DP_ERR_FORMAT;
	}
	r->id[0] = (uint64_t)st.st_dev;
	r->id[1] = (uint64_t)st.st_ino;
	if (!read_at(r, &r->made, sizeof(r->made), 0) || !is_ring(&r->made) ||
	    !is_whole(&r->made, (uint64_t)st.st_size)) {
		dp_diag_set(diag, path, 0,
		    "is not a ring of events of this release");
		return DP_ERR_FORMAT;
	}
	r->end = read_state(r, &s) ? s.next : UINT64_MAX;
	return DP_OK;
}

enum dp_err dp_ring_reader_open(struct dp_ring_reader **out, const char *path,
    struct dp_diag *diag)
{
	struct dp_ring_reader *r = calloc(1, sizeof(*r));
	enum dp_err err;

	if (!r) {
		dp_diag_set(diag, path, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	err = open_file(r, path, diag);
	if (err != DP_OK) {
		dp_ring_reader_close(&r);
		return err;
	}
	*out = r;
	return DP_OK;
}

void dp_ring_reader_seek(struct dp_ring_reader *r, uint64_t number)
{
	r->expected = number;
}

uint64_t dp_ring_reader_first(const struct dp_ring_reader *r)
{
	return r->made.first;
}

uint64_t dp_ring_reader_end(const struct dp_ring_reader *r)
{
	return r->end;
}

uint64_t dp_ring_reader_expected(const struct dp_ring_reader *r)
{
	return r->expected;
}

uint64_t dp_ring_reader_id(const struct dp_ring_reader *r)
{
	return r->made.id;
}

bool dp_ring_reader_is_at(const struct dp_ring_reader *r, const char *path)
{
	struct dp_ring_d now;
	uint64_t id[4];

	return dp_file_identify(id, path) == DP_OK && id[0] == r->id[0] &&
	    id[1] == r->id[1] && is_whole(&r->made, id[2]) &&
	    read_at(r, &now, sizeof(now), 0) &&
	    memcmp(&now, &r->made, offsetof(struct dp_ring_d, reserved)) == 0;
}

void dp_ring_reader_close(struct dp_ring_reader **r)
{
	if (!*r)
		return;
	if ((*r)->fd >= 0)
		close((*r)->fd);
	free(*r);
	*r = NULL;
}
