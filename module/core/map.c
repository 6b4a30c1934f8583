#include "dp_config.h"

#include "module/core/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "module/core/map_private.h"

#define LOCK_TRIES 5000 /* of a millisecond each */
#define JOIN_TRIES 100
#define BAD_NAMES 100
#define SLOT_COUNT_MAX (DP_MAP_CAPACITY_MAX * 2 + DP_MAP_BUCKET)

static uint64_t align(uint64_t off)
{
	return (off + 63) & ~(uint64_t)63;
}

/* Everything that follows from slot_count. */
static void layout(struct dp_map_d *d)
{
	d->feed_count = 64;
	while (d->feed_count < d->slot_count)
		d->feed_count *= 2;
	d->header_b = DP_MAP_HEADER_B;
	d->slot_b = sizeof(struct dp_slot_d);
	d->index_off = DP_MAP_HEADER_B;
	d->slot_of_off = align(d->index_off + 8 * (uint64_t)d->slot_count);
	d->feed_off = align(d->slot_of_off + 4 * (uint64_t)d->slot_count);
	d->slots_off = align(d->feed_off + 8 * (uint64_t)d->feed_count);
	d->names_off = d->slots_off + d->slot_b * (uint64_t)d->slot_count;
	d->file_b = d->names_off +
	    sizeof(struct dp_names_d) * (uint64_t)d->slot_count;
}

static uint64_t header_check(const struct dp_map_d *d)
{
	uint64_t check;

	crypto_shorthash_siphash24((uint8_t *)&check, (const uint8_t *)d,
	    offsetof(struct dp_map_d, check), d->key);
	return check;
}

static void header_begin(struct dp_map_d *d, uint32_t capacity,
    const uint8_t *key, uint32_t now_s)
{
	uint32_t buckets = (capacity + DP_MAP_BUCKET / 2 - 1) /
	    (DP_MAP_BUCKET / 2);

	memset(d, 0, sizeof(*d));
	memcpy(d->magic, DP_MAP_MAGIC, sizeof(d->magic));
	d->version = DP_MAP_VERSION;
	d->capacity = capacity;
	d->slot_count = (buckets < 2 ? 2 : buckets) * DP_MAP_BUCKET;
	layout(d);
	memcpy(d->key, key, sizeof(d->key));
	d->created_s = now_s;
	atomic_init(&d->feed_next, 1);
}

/* Check the header and take over its geometry. map->file is open. */
static enum dp_err attach(struct dp_map *map, const char *path,
    struct dp_diag *diag)
{
	const struct dp_file *f = &map->file;
	struct dp_map_d d, want;

	if (f->size_b < DP_MAP_HEADER_B ||
	    memcmp(f->bytes, DP_MAP_MAGIC, sizeof(d.magic)) != 0) {
		dp_diag_set(diag, path, 0, "is not a map of dnspin");
		return DP_ERR_FORMAT;
	}
	/* The writer may be hostile: from here on only the copy counts. */
	memcpy(&d, f->bytes, offsetof(struct dp_map_d, feed_next));
	if (d.version != DP_MAP_VERSION) {
		dp_diag_set(diag, path, 0,
		    "has version %u, not %u: install the same release of "
		    "dnspin and of its module",
		    (unsigned)d.version, DP_MAP_VERSION);
		return DP_ERR_VERSION;
	}
	memcpy(&want, &d, offsetof(struct dp_map_d, feed_next));
	if (d.slot_count <= SLOT_COUNT_MAX)
		layout(&want);
	if (d.check != header_check(&d) || d.slot_count > SLOT_COUNT_MAX ||
	    d.slot_count < 2 * DP_MAP_BUCKET || d.capacity > d.slot_count ||
	    d.slot_count % DP_MAP_BUCKET != 0 || d.file_b > f->size_b ||
	    memcmp(&want, &d, offsetof(struct dp_map_d, feed_next)) != 0) {
		dp_diag_set(diag, path, 0, "has a damaged header");
		return DP_ERR_FORMAT;
	}
	map->capacity = d.capacity;
	map->slot_count = d.slot_count;
	map->bucket_count = d.slot_count / DP_MAP_BUCKET;
	map->feed_count = d.feed_count;
	map->created_s = d.created_s;
	map->check = d.check;
	memcpy(map->key, d.key, sizeof(map->key));
	map->head = (void *)f->bytes;
	map->index = (void *)(f->bytes + d.index_off);
	map->slot_of = (void *)(f->bytes + d.slot_of_off);
	map->feed = (void *)(f->bytes + d.feed_off);
	map->slots = (void *)(f->bytes + d.slots_off);
	map->names = (void *)(f->bytes + d.names_off);
	return DP_OK;
}

static enum dp_err set_aside(const char *path, const struct dp_diag *why,
    struct dp_diag *diag)
{
	char bad[DP_MAP_PATH_B];
	struct stat st;

	for (int i = 1; i <= BAD_NAMES; i++) {
		snprintf(bad, sizeof(bad), "%s.bad.%d", path, i);
		if (lstat(bad, &st) == 0)
			continue;
		if (errno != ENOENT || rename(path, bad) != 0) {
			dp_diag_set(diag, path, 0,
			    "%s and cannot be set aside as %s: %s",
			    why->reason, bad, strerror(errno));
			return DP_ERR_IO;
		}
		dp_diag_set(diag, path, 0,
		    "%s: set aside as %s, a new map is made", why->reason,
		    bad);
		return DP_OK;
	}
	dp_diag_set(diag, path, 0,
	    "%s and %d such files stand beside it: remove them", why->reason,
	    BAD_NAMES);
	return DP_ERR_LIMIT;
}

enum dp_err dp_map_make_as(struct dp_map *map, const char *path,
    struct dp_map_d *header, struct dp_diag *diag)
{
	bool created;
	enum dp_err err;

	header->check = header_check(header);
	unlink(path);
	err = dp_file_map_rw(&map->file, path, header->file_b, &created, diag);
	if (err == DP_OK) {
		memcpy(map->file.bytes, header, sizeof(*header));
		err = attach(map, path, diag);
	}
	if (err == DP_OK) {
		dp_map_populate(map);
		return DP_OK;
	}
	dp_file_close(&map->file);
	unlink(path);
	return err;
}

enum dp_err dp_map_make(struct dp_map *map, const char *path,
    uint32_t capacity, const uint8_t *key, uint32_t now_s,
    struct dp_diag *diag)
{
	struct dp_map_d d;

	header_begin(&d, capacity, key, now_s);
	return dp_map_make_as(map, path, &d, diag);
}

enum dp_err dp_map_place_at(const struct dp_map *map, const char *new,
    const char *path, struct dp_diag *diag)
{
	if (fsync(map->file.fd) == 0 && rename(new, path) == 0)
		return DP_OK;
	dp_diag_set(diag, path, 0, "cannot make the map: %s", strerror(errno));
	return DP_ERR_IO;
}

/* Under the exclusive lock, so that PATH.new is nobody else's; it becomes the
 * map when it is complete. */
static enum dp_err create(const char *path, uint32_t capacity,
    const uint8_t *key, uint32_t now_s, struct dp_diag *diag)
{
	struct dp_map map = { .lock = -1, .file = { .fd = -1 } };
	char new[DP_MAP_PATH_B];
	enum dp_err err;

	snprintf(new, sizeof(new), "%s.new", path);
	err = dp_map_make(&map, new, capacity, key, now_s, diag);
	if (err == DP_OK)
		err = dp_map_place_at(&map, new, path, diag);
	if (err != DP_OK)
		unlink(new);
	dp_file_close(&map.file);
	return err;
}

enum dp_err dp_map_attach_mended(struct dp_map *map, const char *path,
    struct dp_diag *diag)
{
	enum dp_err err = attach(map, path, diag);

	if (err != DP_OK)
		return err;
	err = dp_map_mend(map);
	if (err != DP_OK)
		dp_diag_set(diag, path, 0, "%s", dp_err_text(err));
	return err;
}

/* Alone, under the exclusive lock: leave a sound map at path, or an error. */
static enum dp_err prepare(const char *path, uint32_t capacity,
    const uint8_t *key, uint32_t now_s, struct dp_diag *diag)
{
	struct dp_map map = { .lock = -1, .file = { .fd = -1 } };
	struct dp_diag why;
	uint64_t id[4];
	bool created;
	enum dp_err err = dp_file_identify(id, path);

	if (err == DP_OK)
		err = dp_map_take_older(path, diag);
	if (err == DP_OK)
		err = dp_file_map_rw(&map.file, path, 0, &created, diag);
	if (err == DP_ERR_NOTFOUND)
		return create(path, capacity, key, now_s, diag);
	if (err != DP_OK)
		return err;
	err = dp_map_attach_mended(&map, path, &why);
	if (err == DP_OK)
		dp_map_take_next(&map, path, now_s);
	dp_file_close(&map.file);
	if (err == DP_ERR_NOMEM && diag)
		*diag = why;
	if (err == DP_OK || err == DP_ERR_NOMEM)
		return err;
	err = set_aside(path, &why, diag);
	return err == DP_OK ? create(path, capacity, key, now_s, diag) : err;
}

static enum dp_err join(struct dp_map *map, const char *path,
    struct dp_diag *diag)
{
	bool created;
	enum dp_err err = dp_file_map_rw(&map->file, path, 0, &created, diag);

	if (err == DP_OK)
		err = attach(map, path, diag);
	if (err != DP_OK)
		dp_file_close(&map->file);
	else
		dp_map_populate(map);
	return err;
}

enum dp_err dp_map_try_lock(const struct dp_map *map, short how,
    const char *path, struct dp_diag *diag)
{
	struct flock all = { .l_type = how, .l_whence = SEEK_SET };

	if (fcntl(map->lock, F_OFD_SETLK, &all) == 0)
		return DP_OK;
	dp_diag_set(diag, path, 0,
	    "another process checks the map and does not come to an end");
	if (errno == EAGAIN || errno == EACCES || errno == EINTR)
		return DP_ERR_BUSY;
	dp_diag_set(diag, path, 0, "cannot lock: %s", strerror(errno));
	return DP_ERR_IO;
}

/*
 * Share with those for whom the map was prepared. Who was alone may have died
 * between our two tries to lock: then nobody shares all of it, as only those do
 * for whom it was prepared. The first octet keeps off who would be alone.
 */
static enum dp_err share(const struct dp_map *map, const char *path,
    struct dp_diag *diag)
{
	struct flock first = { .l_type = F_RDLCK, .l_whence = SEEK_SET,
		.l_len = 1 };
	struct flock rest = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = 1 };

	if (fcntl(map->lock, F_OFD_SETLK, &first) != 0 ||
	    fcntl(map->lock, F_OFD_GETLK, &rest) != 0 ||
	    rest.l_type == F_UNLCK) {
		(void)!dp_map_try_lock(map, F_UNLCK, path, NULL);
		return DP_ERR_BUSY;
	}
	return dp_map_try_lock(map, F_RDLCK, path, diag);
}

/*
 * Alone: prepare, then share. Else share with those who prepared; where the map
 * is not sound then, who prepared it died over it, and it is our turn next.
 * why: the reason of the last failure.
 */
static enum dp_err lock_and_join(struct dp_map *map, const char *path,
    uint32_t capacity, const uint8_t *key, uint32_t now_s,
    struct dp_diag *why, struct dp_diag *diag)
{
	const struct timespec moment = { 0, 1000000 };
	enum dp_err err;
	int joins = 0;

	for (int i = 0; i < LOCK_TRIES && joins < JOIN_TRIES; i++) {
		bool alone;

		err = dp_map_try_lock(map, F_WRLCK, path, why);
		alone = err == DP_OK;
		if (alone) {
			err = prepare(path, capacity, key, now_s, diag);
			if (err != DP_OK)
				return err;
		}
		if (alone)
			err = dp_map_try_lock(map, F_RDLCK, path, why);
		else if (err == DP_ERR_BUSY)
			err = share(map, path, why);
		if (err == DP_OK) {
			err = join(map, path, why);
			if (err == DP_OK)
				return DP_OK;
			joins = alone ? JOIN_TRIES : joins + 1;
			(void)!dp_map_try_lock(map, F_UNLCK, path, NULL);
		} else if (err != DP_ERR_BUSY) {
			break;
		}
		nanosleep(&moment, NULL);
	}
	if (diag)
		*diag = *why;
	return err;
}

/* 0600: who can open it can lock it. */
static enum dp_err lock_open(int *fd, const char *path, struct dp_diag *diag)
{
	char lock[DP_MAP_PATH_B];

	if (strlen(path) >= DP_PATH_MAX) {
		dp_diag_set(diag, path, 0, "path is too long");
		return DP_ERR_LIMIT;
	}
	snprintf(lock, sizeof(lock), "%s.lock", path);
	*fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
	    0600);
	if (*fd >= 0)
		return DP_OK;
	dp_diag_set(diag, lock, 0, "cannot open: %s", strerror(errno));
	return DP_ERR_IO;
}

struct dp_map *dp_map_new(struct dp_diag *diag, const char *path)
{
	struct dp_map *map = calloc(1, sizeof(*map));

	if (!map) {
		dp_diag_set(diag, path, 0, "out of memory");
		return NULL;
	}
	map->file.fd = -1;
	map->lock = -1;
	return map;
}

enum dp_err dp_map_open(struct dp_map **out, const char *path,
    uint32_t capacity, const uint8_t *key, uint32_t now_s,
    struct dp_diag *diag)
{
	struct dp_map *map;
	struct dp_diag why;
	enum dp_err err;

	if (capacity == 0 || capacity > DP_MAP_CAPACITY_MAX) {
		dp_diag_set(diag, path, 0,
		    "a map holds 1 to %u bindings, not %u",
		    DP_MAP_CAPACITY_MAX, (unsigned)capacity);
		return DP_ERR_LIMIT;
	}
	map = dp_map_new(diag, path);
	if (!map)
		return DP_ERR_NOMEM;
	err = lock_open(&map->lock, path, diag);
	if (err == DP_OK)
		err = lock_and_join(map, path, capacity, key, now_s, &why,
		    diag);
	if (err != DP_OK)
		dp_map_close(&map);
	else
		*out = map;
	return err;
}

enum dp_err dp_map_open_ro(struct dp_map **out, const char *path,
    struct dp_diag *diag)
{
	struct dp_map *map = dp_map_new(diag, path);
	enum dp_err err;

	if (!map)
		return DP_ERR_NOMEM;
	err = dp_file_map_ro(&map->file, path, diag);
	if (err == DP_OK)
		err = attach(map, path, diag);
	if (err != DP_OK)
		dp_map_close(&map);
	else
		*out = map;
	return err;
}

bool dp_map_is_at(const struct dp_map *map, const char *path)
{
	return dp_file_is_at(&map->file, path) &&
	    header_check(map->head) == map->check;
}

void dp_map_close(struct dp_map **map)
{
	if (!*map)
		return;
	dp_file_close(&(*map)->file);
	if ((*map)->lock >= 0)
		close((*map)->lock);
	free((*map)->carried);
	free(*map);
	*map = NULL;
}

const void *dp_map_bytes(const struct dp_map *map, size_t *size_b)
{
	*size_b = map->file.size_b;
	return map->file.bytes;
}

/* acquire: pairs with the release in dp_map_move_end. */
bool dp_map_is_left(const struct dp_map *map)
{
	return atomic_load_explicit(&map->head->left, memory_order_acquire) !=
	    0;
}

uint32_t dp_map_capacity(const struct dp_map *map)
{
	return map->capacity;
}

void dp_map_stats(const struct dp_map *map, uint32_t now_s,
    struct dp_map_stats *out)
{
	memset(out, 0, sizeof(*out));
	out->capacity = map->capacity;
	out->created_s = map->created_s;
	out->recorded = atomic_load_explicit(&map->head->recorded,
	    memory_order_relaxed);
	out->refused_full = atomic_load_explicit(&map->head->refused_full,
	    memory_order_relaxed);
	out->dropped_torn = atomic_load_explicit(&map->head->dropped_torn,
	    memory_order_relaxed);
	out->seq = dp_map_seq(map);
	for (uint32_t i = 0; i < map->slot_count; i++) {
		uint32_t end_s = dp_map_end(atomic_load_explicit(
		    &map->index[i], memory_order_relaxed));

		out->live += end_s > now_s && end_s != DP_MAP_CLAIMED;
	}
}
