#include "module/compat.h"

#include "module/keeper_private.h"

#include <sys/random.h>
#include <time.h>

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
	log_err("dnspin: %s: removed or replaced; the bindings in it are lost",
	    path);
	atomic_store(&k->m->map, NULL);
	dp_keeper_wait_for_all(k->m);
	dp_map_close(&map);
	dp_keeper_make_folder(k);
}

void dp_keeper_look_at_map(struct dp_keeper *k)
{
	const struct dp_policy *p = atomic_load(&k->m->policy);

	drop_lost_map(k);
	if (!p)
		return;
	dp_keeper_open_map(k, p);
}
