#include "tests/unit/unit.h"

#include <string.h>

#include "tools/policy/audience.h"

static struct dp_limit limit(uint32_t group, const char *prefix)
{
	struct dp_limit l = { .group = group };

	CU_ASSERT_EQUAL_FATAL(dp_prefix_from_text(&l.prefix, prefix, NULL),
	    DP_OK);
	return l;
}

static struct dp_audiences make(const struct dp_limit *limits, size_t count,
    uint32_t groups)
{
	struct dp_audiences a = { .count = 0 };

	CU_ASSERT_EQUAL_FATAL(dp_audiences_make(&a, limits, count, groups,
	    NULL), DP_OK);
	return a;
}

static void nobody_is_limited(void)
{
	struct dp_audiences a = make(NULL, 0, 2);

	CU_ASSERT_EQUAL(a.count, 1);
	CU_ASSERT_EQUAL(a.client_count, 0);
	CU_ASSERT(a.groups[0] == 1 && a.groups[1] == 1);
	dp_audiences_free(&a);
	CU_ASSERT_PTR_NULL(a.groups);
	a = make(NULL, 0, 0);
	CU_ASSERT_EQUAL(a.count, 1);
	dp_audiences_free(&a);
}

static void prefixes_are_cut_into_regions(void)
{
	const struct dp_limit limits[] = {
		limit(2, "10.1.2.0/24"), limit(1, "10.0.0.0/8"),
		limit(2, "2001:db8::/32"), limit(1, "10.1.2.128/25"),
		limit(1, "2001:db8::/32"), limit(1, "10.1.2.0/24"),
		limit(1, "10.0.0.0/8"), limit(2, "10.255.0.0/16"),
		limit(2, "11.0.0.0/8"),
	};
	static const struct dp_client_d want[] = {
		{ 4, 8, { 10 }, { 0 }, 0, 1 },
		{ 4, 24, { 10, 1, 2 }, { 0 }, 1, 2 },
		/* 10.1.2.128/25 adds nothing to what holds around it. */
		{ 4, 16, { 10, 255 }, { 0 }, 1, 2 },
		{ 4, 8, { 11 }, { 0 }, 0, 3 },
		{ 6, 32, { 0x20, 1, 0xd, 0xb8 }, { 0 }, 0, 2 },
	};
	struct dp_audiences a = make(limits, 9, 3);

	CU_ASSERT_EQUAL(a.count, 4);
	CU_ASSERT_EQUAL_FATAL(a.client_count, 5);
	CU_ASSERT_EQUAL(memcmp(a.clients, want, sizeof(want)), 0);
	CU_ASSERT(a.groups[0] == 15 && a.groups[1] == 6 && a.groups[2] == 12);
	dp_audiences_free(&a);
}

static void order_does_not_matter(void)
{
	struct dp_limit limits[24];
	struct dp_audiences a, b;
	uint64_t seed = 4;

	for (size_t i = 0; i < 24; i++) {
		limits[i] = limit((uint32_t)(i % 4), "0.0.0.0/0");
		limits[i].prefix.addr.bytes[0] = (uint8_t)(i * 32);
		limits[i].prefix.len = (uint8_t)(3 + 7 * (i / 8));
	}
	a = make(limits, 24, 4);
	for (int round = 0; round < 50; round++) {
		for (size_t i = 23; i > 0; i--) {
			size_t k = unit_random(&seed) % (i + 1);
			struct dp_limit l = limits[i];

			limits[i] = limits[k];
			limits[k] = l;
		}
		b = make(limits, 24, 4);
		CU_ASSERT_EQUAL_FATAL(b.count, a.count);
		CU_ASSERT_EQUAL_FATAL(b.client_count, a.client_count);
		CU_ASSERT_EQUAL(memcmp(a.clients, b.clients,
		    a.client_count * sizeof(*a.clients)), 0);
		CU_ASSERT_EQUAL(memcmp(a.groups, b.groups,
		    4 * sizeof(*a.groups)), 0);
		dp_audiences_free(&b);
	}
	dp_audiences_free(&a);
}

/* n groups with a prefix of its own each, and the rest in one more. */
static enum dp_err make_many(unsigned n, struct dp_audiences *out,
    struct dp_diag *diag)
{
	struct dp_limit limits[100];

	CU_ASSERT_FATAL(n <= 100);
	for (unsigned i = 0; i < n; i++) {
		limits[i] = limit(i, "10.0.0.0/16");
		limits[i].prefix.addr.bytes[1] = (uint8_t)i;
	}
	return dp_audiences_make(out, limits, n, n, diag);
}

static void too_many_are_counted(void)
{
	struct dp_audiences a = { .count = 0 };
	struct dp_diag diag = { .line = 0 };

	CU_ASSERT_EQUAL_FATAL(make_many(63, &a, &diag), DP_OK);
	CU_ASSERT_EQUAL(a.count, 64);
	CU_ASSERT_EQUAL(a.groups[62], (uint64_t)1 << 63);
	dp_audiences_free(&a);
	CU_ASSERT_EQUAL(make_many(64, &a, &diag), DP_ERR_LIMIT);
	CU_ASSERT_EQUAL(a.count, 0);
	CU_ASSERT_PTR_NULL(a.clients);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "make 65 kinds"));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "holds 64: limit zones to "
	    "the same prefixes"));
	CU_ASSERT_EQUAL(make_many(100, &a, &diag), DP_ERR_LIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "make 101 kinds"));
}

UNIT_MAIN("audience", UNIT(nobody_is_limited),
    UNIT(prefixes_are_cut_into_regions), UNIT(order_does_not_matter),
    UNIT(too_many_are_counted))
