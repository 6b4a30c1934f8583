/*
 * A state directory with a policy and a map that a test writes like a resolver,
 * for the parts of the firewall agent, which read the real clock.
 */
#ifndef DP_SYNCED_H
#define DP_SYNCED_H

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "module/core/map.h"
#include "module/core/state.h"
#include "tests/unit/compiled.h"
#include "tests/unit/netspace.h"
#include "tools/cli.h"

#define SYNCED_ZONE SOA("t.dnspin") "a TXT allow tcp/443\n*.w TXT allow\n"

struct synced {
	char dir[64];
	char policy_path[128], map_path[128];
	struct dp_cli cli;
	struct dp_map *map;
};

static inline void synced_map(struct synced *s)
{
	static const uint8_t key[DP_MAP_KEY_B] = { 7 };
	struct dp_diag diag = { .line = 0 };

	CU_ASSERT_EQUAL_FATAL(dp_map_open(&s->map, s->map_path, 4096, key,
	    (uint32_t)time(NULL), &diag), DP_OK);
}

static inline void synced_make(struct synced *s)
{
	char path[128];

	memset(s, 0, sizeof(*s));
	snprintf(s->dir, sizeof(s->dir), "/tmp/dnspin-synced.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->dir));
	snprintf(s->policy_path, sizeof(s->policy_path), "%s/policy", s->dir);
	snprintf(s->map_path, sizeof(s->map_path), "%s/unbound/map", s->dir);
	snprintf(path, sizeof(path), "%s/unbound", s->dir);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0755), 0);
	s->cli = (struct dp_cli){ .conf = "/dev/null", .state_dir = s->dir };
	compile_to(s->policy_path, SYNCED_ZONE);
	synced_map(s);
}

static inline void synced_remove(struct synced *s)
{
	char line[128];

	dp_map_close(&s->map);
	snprintf(line, sizeof(line), "rm -r '%s'", s->dir);
	CU_ASSERT_EQUAL(system(line), 0);
}

/* An answer for name with 20.0.x.y for n; the change it made is below the
 * number returned. */
static inline uint64_t synced_record(struct synced *s, const char *name,
    unsigned n, uint32_t lifetime_s)
{
	uint8_t bytes[4] = { 20, 0, (uint8_t)(n >> 8), (uint8_t)n };
	struct dp_diag diag = { .line = 0 };
	struct dp_name asked;
	struct dp_sighting seen = { .name = &asked, .addr = dp_addr_v4(bytes),
		.ttl_s = 60, .lifetime_s = lifetime_s };

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&asked, name, &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_map_record(s->map, &seen, (uint32_t)time(NULL)),
	    DP_OK);
	return dp_map_seq(s->map);
}

static inline void synced_count(void *arg, const struct dp_nft_key *key,
    uint64_t left_ms)
{
	(void)key;
	(void)left_ms;
	++*(size_t *)arg;
}

/* Elements in the kernel. */
static inline size_t synced_held(const char *table)
{
	struct dp_nft *nft = netspace_table(table);
	struct dp_diag diag = { .line = 0 };
	size_t count = 0;

	CU_ASSERT_EQUAL(dp_nft_dump(nft, synced_count, &count, &diag), DP_OK);
	dp_nft_close(&nft);
	return count;
}

#endif
