#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "module/core/event.h"
#include "module/recording.h"
#include "tests/unit/map_of.h"
#include "tests/unit/unit_policy.h"

#define NOW 1790000000u

static const char *const rules[] = {
	"g.dnspin: *.manage.example allow 20.0.0.0/8",
	NULL,
};

static void lifetimes_are_clamped(void)
{
	static const struct {
		uint32_t ttl, grace, min, max, want;
	} cases[] = {
		{ 100, 60, 0, 86400, 160 },
		{ 0, 60, 300, 86400, 300 },
		{ 300, 60, 300, 86400, 360 },
		{ 1000000, 60, 300, 86400, 86400 },
		{ UINT32_MAX, 86400, 0, 604800, 604800 },
		{ 0, 0, 0, 1, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_settings set;

		dp_settings_default(&set);
		set.value[DP_SET_GRACE] = cases[i].grace;
		set.value[DP_SET_MIN_LIFETIME] = cases[i].min;
		set.value[DP_SET_MAX_LIFETIME] = cases[i].max;
		CU_ASSERT_EQUAL(dp_record_lifetime(&set, cases[i].ttl),
		    cases[i].want);
	}
}

/* A record with a real map in a folder of its own. */
struct bench {
	struct map_of map;
	struct unit_opened p;
	struct dp_name name;
	struct dp_record r;
	struct dp_status *status;
};

static void bench_open(struct bench *b, enum dp_private private,
    enum dp_pins pins)
{
	struct dp_settings set;

	memset(b, 0, sizeof(*b));
	map_of_open(&b->map, NOW);
	dp_settings_default(&set);
	set.value[DP_SET_PRIVATE] = private;
	set.value[DP_SET_PINS] = pins;
	b->p = unit_open(rules, &set);
	CU_ASSERT_EQUAL_FATAL(
	    dp_name_from_text(&b->name, "a.manage.example", NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_status_create_private(&b->status), DP_OK);
	b->r.policy = b->p.policy;
	b->r.match = dp_policy_match(b->p.policy, &b->name, 0);
	b->r.name = &b->name;
	b->r.status = b->status;
	b->r.now_s = NOW;
	b->r.map = b->map.map;
}

static void bench_close(struct bench *b)
{
	map_of_close(&b->map);
	dp_status_close(&b->status);
	unit_opened_close(&b->p);
}

static void give(struct bench *b, const char *owner, const char *addr,
    uint32_t ttl_s)
{
	struct dp_item item = { .kind = DP_ITEM_ADDR, .ttl_s = ttl_s };

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&item.name, owner, NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&item.addr, addr, NULL), DP_OK);
	CU_ASSERT_TRUE(dp_record_item(&b->r, &item));
}

static uint64_t counted(const struct bench *b, enum dp_counter c)
{
	return dp_status_count(b->status, c);
}

static void addresses_are_recorded(void)
{
	struct dp_item name = { .kind = DP_ITEM_NAME };
	struct dp_binding got;
	uint32_t cursor = 0;
	struct bench b;

	bench_open(&b, DP_PRIVATE_REFUSE, DP_PINS_REPORT);
	name.name = b.name;
	CU_ASSERT_TRUE(dp_record_item(&b.r, &name));
	CU_ASSERT_FALSE(dp_map_next(b.r.map, &cursor, NOW, &got));
	give(&b, "edge.cdn.example", "20.1.2.3", 600);
	cursor = 0;
	CU_ASSERT_TRUE_FATAL(dp_map_next(b.r.map, &cursor, NOW, &got));
	CU_ASSERT_TRUE(dp_name_equal(&got.name, &b.name));
	CU_ASSERT_EQUAL(got.ttl_end_s, NOW + 600);
	CU_ASSERT_EQUAL(got.end_s, NOW + 660);
	CU_ASSERT_FALSE(dp_map_next(b.r.map, &cursor, NOW, &got));
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_RECORDED), 1);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_PIN_OUTSIDE), 0);
	bench_close(&b);
}

static void special_addresses_are_not(void)
{
	struct dp_binding got;
	uint32_t cursor = 0;
	struct bench b;

	bench_open(&b, DP_PRIVATE_REFUSE, DP_PINS_IGNORE);
	give(&b, "a.manage.example", "10.1.2.3", 600);
	give(&b, "a.manage.example", "127.0.0.1", 600);
	give(&b, "a.manage.example", "fd00::1", 600);
	give(&b, "a.manage.example", "::ffff:20.1.2.3", 600);
	CU_ASSERT_FALSE(dp_map_next(b.r.map, &cursor, NOW, &got));
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_SPECIAL), 4);
	CU_ASSERT_EQUAL(b.r.sum.kept + b.r.sum.lost, 0);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_RECORDED), 0);
	bench_close(&b);

	bench_open(&b, DP_PRIVATE_ALLOW, DP_PINS_IGNORE);
	give(&b, "a.manage.example", "10.1.2.3", 600);
	cursor = 0;
	CU_ASSERT_TRUE(dp_map_next(b.r.map, &cursor, NOW, &got));
	bench_close(&b);
}

static void losses_and_drift_are_counted(void)
{
	struct bench b;

	bench_open(&b, DP_PRIVATE_REFUSE, DP_PINS_REPORT);
	give(&b, "a.manage.example", "21.1.2.3", 600);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_PIN_OUTSIDE), 1);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_RECORDED), 1);
	CU_ASSERT_EQUAL(dp_recorded_flags(&b.r.sum), DP_EVENT_PIN_OUTSIDE);
	b.r.map = NULL;
	give(&b, "a.manage.example", "20.1.2.3", 600);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_MAP_FULL), 1);
	CU_ASSERT_EQUAL(b.r.sum.kept, 1);
	CU_ASSERT_EQUAL(b.r.sum.lost, 1);
	CU_ASSERT_EQUAL(dp_recorded_flags(&b.r.sum),
	    DP_EVENT_PIN_OUTSIDE | DP_EVENT_MAP_FULL);
	bench_close(&b);
}

/* The first addresses have one each. */
static void spots_are_used_up(void)
{
	struct dp_map_spot spots[3] = { { 0 } }; /* the last one for nobody */
	struct dp_binding got;
	uint32_t cursor = 0;
	char addr[16];
	struct bench b;

	bench_open(&b, DP_PRIVATE_REFUSE, DP_PINS_IGNORE);
	for (int round = 0; round < 3; round++) {
		b.r.spots = spots;
		b.r.spot_count = 2;
		for (int i = 0; i < 4; i++) {
			snprintf(addr, sizeof(addr), "20.1.2.%d", i);
			give(&b, "a.manage.example", addr, 600);
		}
		CU_ASSERT_EQUAL(b.r.spot_count, 0);
		CU_ASSERT_EQUAL(spots[0].seq != 0, round > 0);
		CU_ASSERT_EQUAL(spots[1].seq != 0, round > 0);
		CU_ASSERT_EQUAL(spots[2].seq, 0);
	}
	CU_ASSERT_NOT_EQUAL(spots[0].slot, spots[1].slot);
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_TRUE_FATAL(dp_map_next(b.r.map, &cursor, NOW, &got));
		CU_ASSERT_EQUAL(got.hits, 3);
	}
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_RECORDED), 12);
	bench_close(&b);
}

UNIT_MAIN("recording", UNIT(lifetimes_are_clamped), UNIT(addresses_are_recorded),
    UNIT(special_addresses_are_not), UNIT(losses_and_drift_are_counted),
    UNIT(spots_are_used_up))
