/*
 * The map's readers on any bytes, then a writer on the same: nothing but sound
 * bindings comes out, everything comes to an end, and what is recorded is
 * found. The checks of header and slots, which no mutation survives, are made
 * anew for a second turn, so that what lies behind them is reached.
 */
#include "dp_config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "module/core/map_private.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1800000000u
#define OLDER 2u /* the version that is rewritten */

const char fuzz_seeds[] = "tests/fuzz/seeds/map";

static char folder[] = "/tmp/dnspin-fuzz.XXXXXX";

static void demand(bool true_here)
{
	if (!true_here)
		abort();
}

static void look_at(const struct dp_binding *b)
{
	demand(dp_name_is_canonical(b->name.wire, b->name.len));
	demand(dp_name_is_canonical(b->final.wire, b->final.len));
	demand(b->addr.family == 4 || b->addr.family == 6);
}

static bool walk(const struct dp_map *map, const struct dp_sighting *wanted)
{
	struct dp_binding b;
	uint32_t cursor = 0;
	bool found = false;

	while (dp_map_next(map, &cursor, NOW, &b)) {
		look_at(&b);
		demand(b.end_s > NOW);
		if (wanted && dp_name_equal(&b.name, wanted->name) &&
		    dp_addr_equal(&b.addr, &wanted->addr))
			found = true;
	}
	return found;
}

static void follow(const struct dp_map *map)
{
	uint64_t start = dp_map_seq(map), seq = 1;
	struct dp_binding b;

	if (start > map->feed_count)
		seq = start - map->feed_count;
	for (uint64_t n = 0; dp_map_feed(map, &seq, &b) == DP_OK; n++) {
		look_at(&b);
		demand(n < map->feed_count);
	}
	seq = start + 1;
	demand(dp_map_feed(map, &seq, &b) == DP_ERR_LIMIT || start == UINT64_MAX);
}

static void record(const char *path)
{
	static const uint8_t key[DP_MAP_KEY_B];
	static const struct dp_name name = { 9, "\3www\3net" };
	struct dp_sighting s = { .name = &name, .ttl_s = 1, .lifetime_s = 300,
		.addr = { 4, { 192, 0, 2, 1 } } };
	struct dp_map *map;

	demand(dp_map_open(&map, path, 8, key, NOW, NULL) == DP_OK);
	for (uint8_t i = 0; i < 3; i++) {
		enum dp_err err;

		s.addr.bytes[3] = i;
		err = dp_map_record(map, &s, NOW);
		demand(err == DP_OK || err == DP_ERR_FULL);
		demand(err == DP_ERR_FULL || walk(map, &s));
	}
	follow(map);
	dp_map_close(&map);
}

static void put(const char *path, const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	demand(fd >= 0 && pwrite(fd, data, size, 0) == (ssize_t)size &&
	    ftruncate(fd, (off_t)size) == 0);
	close(fd);
}

static bool is_older(const uint8_t *data, size_t size)
{
	uint32_t version;

	if (size < DP_MAP_HEADER_B)
		return false;
	memcpy(&version, data + offsetof(struct dp_map_d, version),
	    sizeof(version));
	return version == OLDER;
}

static void remove_file(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

static void use(const uint8_t *data, size_t size)
{
	struct dp_map *map;
	char path[64];

	snprintf(path, sizeof(path), "%s/map", folder);
	put(path, data, size);
	if (dp_map_open_ro(&map, path, NULL) == DP_OK) {
		walk(map, NULL);
		follow(map);
		dp_map_close(&map);
	} else if (!is_older(data, size)) {
		return;
	}
	record(path);
	remove_file("map.bad.1");
}

static void seal_slot(const struct dp_map_d *d, struct dp_slot_d *slot,
    const struct dp_names_d *names)
{
	struct dp_map_words w;

	w.first_seen_s = slot->first_seen_s;
	w.shape = slot->shape;
	memcpy(w.addr, slot->addr, sizeof(w.addr));
	memcpy(w.name, names->name, sizeof(w.name));
	memcpy(w.final, names->final, sizeof(w.final));
	slot->check = dp_map_check_of(d->key, &w);
}

/* As if a writer had written these bytes. */
static void seal(uint8_t *bytes, size_t size)
{
	struct dp_map_d *d = (struct dp_map_d *)(void *)bytes;
	uint64_t slot_b = sizeof(struct dp_slot_d);
	uint64_t names_b = sizeof(struct dp_names_d), names_off;
	bool older = is_older(bytes, size);

	if (size < DP_MAP_HEADER_B)
		return;
	crypto_shorthash_siphash24((uint8_t *)(older ? &d->names_off :
						       &d->check),
	    bytes, older ? offsetof(struct dp_map_d, names_off) :
			   offsetof(struct dp_map_d, check), d->key);
	names_off = older ? d->slots_off + slot_b : d->names_off;
	if (older)
		slot_b = names_b += slot_b;
	if (d->slots_off % 64 != 0 || names_off % 64 != 0 ||
	    d->slots_off > size || names_off > size)
		return;
	for (uint64_t i = 0; d->slots_off + (i + 1) * slot_b <= size &&
	     names_off + i * names_b + sizeof(struct dp_names_d) <= size; i++)
		seal_slot(d, (void *)(bytes + d->slots_off + i * slot_b),
		    (void *)(bytes + names_off + i * names_b));
}

static void folder_remove(void)
{
	remove_file("map");
	remove_file("map.lock");
	rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	uint8_t *bytes;

	if (!begun) {
		demand(mkdtemp(folder) != NULL);
		demand(atexit(folder_remove) == 0);
		begun = true;
	}
	use(data, size);
	bytes = aligned_alloc(64, (size + 64) & ~(size_t)63);
	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	seal(bytes, size);
	use(bytes, size);
	free(bytes);
	return 0;
}
