/*
 * What the tests of the map share: a folder of their own, sightings whose every
 * field follows from a number, and the test that a binding is such a one.
 */
#ifndef DP_UNIT_MAP_H
#define DP_UNIT_MAP_H

#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "module/core/map.h"
#include "module/core/map_d.h"

#define NOW 1800000000u

static char unit_dir[64];
static char unit_path[128];
static struct dp_diag unit_diag;
static const uint8_t unit_key[DP_MAP_KEY_B] = "0123456789abcde";

static inline void unit_map_remove(void)
{
	char name[400];
	DIR *d = opendir(unit_dir);

	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));) {
		snprintf(name, sizeof(name), "%s/%s", unit_dir, e->d_name);
		if (e->d_name[0] != '.')
			remove(name);
	}
	closedir(d);
}

static inline int unit_map_begin(void)
{
	snprintf(unit_dir, sizeof(unit_dir), "%s", "/tmp/dnspin-map.XXXXXX");
	if (!mkdtemp(unit_dir))
		return 1;
	snprintf(unit_path, sizeof(unit_path), "%s/map", unit_dir);
	return 0;
}

static inline int unit_map_end(void)
{
	unit_map_remove();
	return rmdir(unit_dir);
}

static inline bool unit_map_there_is(const char *suffix)
{
	char name[200];

	snprintf(name, sizeof(name), "%s%s", unit_path, suffix);
	return faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline struct dp_map *unit_map_open(uint32_t capacity)
{
	struct dp_map *map = NULL;
	enum dp_err err = dp_map_open(&map, unit_path, capacity, unit_key, NOW,
	    &unit_diag);

	if (err != DP_OK)
		printf("%s: %s ", unit_diag.object, unit_diag.reason);
	CU_ASSERT_EQUAL_FATAL(err, DP_OK);
	return map;
}

static inline struct dp_map *unit_map_new(uint32_t capacity)
{
	unit_map_remove();
	return unit_map_open(capacity);
}

static inline struct dp_map *unit_map_open_ro(void)
{
	struct dp_map *map = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_map_open_ro(&map, unit_path, &unit_diag),
	    DP_OK);
	return map;
}

/* The name of number n: a label of its digits, and for odd n one of 60 octets,
 * so that lengths differ. */
static inline void unit_name(struct dp_name *name, uint64_t n,
    const char *suffix)
{
	char digits[24];
	uint8_t *p = name->wire;
	size_t len = (size_t)snprintf(digits, sizeof(digits), "h%llu",
	    (unsigned long long)n);
	size_t suffix_len = strlen(suffix);

	*p++ = (uint8_t)len;
	memcpy(p, digits, len);
	p += len;
	if (n & 1) {
		*p++ = 60;
		memset(p, 'x', 60);
		p += 60;
	}
	*p++ = (uint8_t)suffix_len;
	memcpy(p, suffix, suffix_len);
	p += suffix_len;
	*p++ = 0;
	name->len = (uint8_t)(p - name->wire);
}

/* Number n as it is sighted; every third has a CNAME, every fourth is IPv6. */
struct unit_sighting {
	struct dp_name name;
	struct dp_name final;
	struct dp_sighting s;
};

static inline void unit_sighting(struct unit_sighting *u, uint64_t n)
{
	uint8_t bytes[16];

	for (int i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(n >> 8 * i);
		bytes[8 + i] = (uint8_t)~bytes[i];
	}
	unit_name(&u->name, n, "asked");
	u->s.name = &u->name;
	u->s.final = NULL;
	if (n % 3 == 0) {
		unit_name(&u->final, n, "cdn");
		u->s.final = &u->final;
	}
	u->s.addr = n % 4 == 0 ? dp_addr_v6(bytes) : dp_addr_v4(bytes);
	u->s.ttl_s = 60;
	u->s.lifetime_s = 300;
	u->s.spot = NULL;
}

static inline enum dp_err unit_record(struct dp_map *map, uint64_t n,
    uint32_t now_s)
{
	struct unit_sighting u;

	unit_sighting(&u, n);
	return dp_map_record(map, &u.s, now_s);
}

/* The number of a binding that is what unit_sighting made; else UINT64_MAX. */
static inline uint64_t unit_number(const struct dp_binding *b)
{
	struct unit_sighting u;
	uint64_t n = 0;

	for (int i = 2; i <= b->name.wire[0] && i <= 21; i++)
		n = n * 10 + (uint64_t)(b->name.wire[i] - '0');
	unit_sighting(&u, n);
	if (!dp_name_equal(&b->name, &u.name) ||
	    !dp_name_equal(&b->final, u.s.final ? &u.final : &u.name) ||
	    !dp_addr_equal(&b->addr, &u.s.addr))
		return UINT64_MAX;
	return n;
}

/* How many of the numbers from first on, count of them, are in the map at
 * now_s; -1 when a binding is none of ours or comes twice. */
static inline long unit_count(const struct dp_map *map, uint64_t first,
    size_t count, uint32_t now_s)
{
	uint8_t *seen = calloc(count, 1);
	struct dp_binding b;
	uint32_t cursor = 0;
	long found = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
	while (dp_map_next(map, &cursor, now_s, &b)) {
		uint64_t n = unit_number(&b);

		if (n < first || n - first >= count || seen[n - first]++) {
			found = -1;
			break;
		}
		found++;
	}
	free(seen);
	return found;
}

#endif
