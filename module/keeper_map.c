#include "module/compat.h"

#include "module/keeper_private.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "module/cache.h"
#include "module/core/map_move.h"

#define FIT_AGAIN_S 60 /* after a map could not be moved */
#define STEADY_S 600   /* a clock that was not set for as long is right */

static time_t seconds(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec;
}

static bool make_key(uint8_t key[DP_MAP_KEY_B])
{
	return getrandom(key, DP_MAP_KEY_B, 0) == (ssize_t)DP_MAP_KEY_B;
}

void dp_keeper_open_map(struct dp_keeper *k, const struct dp_policy *p)
{
	const struct dp_settings *set = dp_policy_settings(p);
	struct dp_module *m = k->m;
	struct dp_diag diag = { .object = "" };
	uint8_t key[DP_MAP_KEY_B];
	char path[DP_PATH_MAX];
	struct dp_map *map;

	if (atomic_load(&m->map) ||
	    !dp_keeper_path(k, path, DP_STATE_MAP, k->map_trouble))
		return;
	if (!make_key(key))
		return;
	if (dp_map_open(&map, path, set->value[DP_SET_MAP_CAPACITY], key,
		(uint32_t)time(NULL), &diag) != DP_OK) {
		dp_keeper_say(k->map_trouble, &diag);
		return;
	}
	if (diag.reason[0]) /* an unusable one was set aside */
		log_err("dnspin: %s: %s", diag.object, diag.reason);
	k->map_trouble[0] = '\0';
	atomic_store(&m->map, map);
}

/* A map whose file somebody removed or replaced takes bindings that nobody
 * finds: let go of it, for a new one. */
static void drop_lost_map(struct dp_keeper *k)
{
	struct dp_map *map = atomic_load(&k->m->map);
	char path[DP_PATH_MAX];

	if (!map || !dp_keeper_path(k, path, DP_STATE_MAP, k->map_trouble) ||
	    dp_map_is_at(map, path))
		return;
	log_err("dnspin: %s: removed or replaced, or cut short; the bindings in "
		"it are lost", path);
	atomic_store(&k->m->map, NULL);
	dp_keeper_wait_for_all(k->m);
	/* A hit would tell of addresses that the firewall is to lose. */
	dp_cache_clear(k->m);
	dp_map_close(&map);
	dp_keeper_make_folder(k);
}

/* Moving a map that is too full, or that another process uses, is tried again
 * from time to time. */
static bool fit_is_due(struct dp_keeper *k)
{
	time_t now_s = seconds(CLOCK_MONOTONIC);

	if (now_s < k->fit_map_s)
		return false;
	k->fit_map_s = now_s + FIT_AGAIN_S;
	return true;
}

static void move_map(struct dp_keeper *k, struct dp_map *from,
    uint32_t capacity, const char *path)
{
	struct dp_module *m = k->m;
	uint32_t before = dp_map_capacity(from);
	struct dp_diag diag = { .object = "" };
	uint8_t key[DP_MAP_KEY_B];
	struct dp_map *to;

	if (!make_key(key))
		return;
	if (dp_map_move_begin(&to, from, path, capacity, key,
		(uint32_t)time(NULL), &diag) != DP_OK) {
		dp_keeper_say(k->map_trouble, &diag);
		return;
	}
	atomic_store(&m->map, to);
	dp_keeper_wait_for_all(m);
	if (dp_map_move_end(to, &from, path, (uint32_t)time(NULL), &diag) !=
	    DP_OK) {
		dp_keeper_say(k->map_trouble, &diag);
		return;
	}
	log_info("dnspin: %s: moved from a capacity of %u bindings to %u",
	    path, (unsigned)before, (unsigned)capacity);
}

/* Other processes see the same policy: the last of them that is left moves. */
static void fit_map(struct dp_keeper *k, const struct dp_policy *p)
{
	uint32_t capacity = dp_policy_settings(p)->value[DP_SET_MAP_CAPACITY];
	struct dp_map *map = atomic_load(&k->m->map);
	char path[DP_PATH_MAX];

	if (!map || !dp_keeper_path(k, path, DP_STATE_MAP, k->map_trouble))
		return;
	if (dp_map_capacity(map) != capacity && fit_is_due(k))
		move_map(k, map, capacity, path);
	if (dp_map_capacity(atomic_load(&k->m->map)) == capacity)
		k->map_trouble[0] = '\0';
}

/* Right after the start of a machine the clock may be days behind. */
static bool clock_is_steady(struct dp_keeper *k, time_t now_s)
{
	time_t up_s = seconds(CLOCK_BOOTTIME), off_s;

	off_s = now_s - up_s - k->clock_base_s;
	if (k->steady_s == 0 || off_s > 1 || off_s < -1) {
		k->clock_base_s = now_s - up_s;
		k->steady_s = up_s;
	}
	return up_s - k->steady_s >= STEADY_S;
}

/* Lives that a clock gave that ran ahead would keep the firewall open for as
 * long. Cut to the longest that an honest one may have, they are still none too
 * short. Once for each time that the clock was set. */
static void cut_lives(struct dp_keeper *k, const struct dp_policy *p)
{
	struct dp_map *map = atomic_load(&k->m->map);
	time_t now_s = seconds(CLOCK_REALTIME);
	uint32_t count;

	if (!clock_is_steady(k, now_s) || k->cut_s == k->steady_s || !map)
		return;
	k->cut_s = k->steady_s;
	count = dp_map_clamp(map, (uint32_t)now_s,
	    dp_policy_settings(p)->value[DP_SET_MAX_LIFETIME]);
	if (count == 0)
		return;
	/* Its TTLs are by the same clock: they would outlive the bindings. */
	dp_cache_clear(k->m);
	log_info("dnspin: %u bindings would have lived longer than "
		 "max-lifetime (did the clock run ahead?): cut to that",
	    (unsigned)count);
}

static void run_ahead(struct dp_keeper *k)
{
	struct dp_map *map = atomic_load(&k->m->map);

	if (map)
		dp_map_run_ahead(map);
}

void dp_keeper_look_at_map(struct dp_keeper *k)
{
	const struct dp_policy *p = atomic_load(&k->m->policy);

	drop_lost_map(k);
	if (!p)
		return;
	dp_keeper_open_map(k, p);
	fit_map(k, p);
	cut_lives(k, p);
	run_ahead(k);
}
