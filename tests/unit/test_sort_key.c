#include "tests/unit/unit.h"

#include <string.h>

#include "tools/policy/sort_key.h"

struct pattern {
	struct dp_name base;
	bool wildcard;
};

/* Few labels of few octets, the ones that are escaped among them. */
static struct pattern random_pattern(uint64_t *seed)
{
	static const uint8_t octet[] = { 0, 1, 2, 3, 'a', 'b', 0xff };
	struct pattern p = { .wildcard = unit_random(seed) % 2 };
	unsigned labels = (unsigned)(unit_random(seed) % 5);

	while (labels-- > 0) {
		unsigned n = 1 + (unsigned)(unit_random(seed) % 12);

		p.base.wire[p.base.len++] = (uint8_t)n;
		while (n-- > 0)
			p.base.wire[p.base.len++] = octet[unit_random(seed) %
			    (labels % 2 ? 2 : sizeof(octet))];
	}
	p.base.wire[p.base.len++] = 0;
	return p;
}

static int compare_patterns(const struct pattern *a, const struct pattern *b)
{
	int order = dp_name_compare(&a->base, &b->base);

	return order != 0 ? order : a->wildcard - b->wildcard;
}

static int compare_keys(const uint8_t *a, size_t a_b, const uint8_t *b,
    size_t b_b)
{
	int order = memcmp(a, b, a_b < b_b ? a_b : b_b);

	return order != 0 ? order : (a_b > b_b) - (a_b < b_b);
}

static void keys_are_ordered_as_names(void)
{
	uint8_t key[2][DP_SORT_KEY_MAX];
	uint64_t seed = 3;

	for (int round = 0; round < 50000; round++) {
		struct pattern p[2] = { random_pattern(&seed),
			random_pattern(&seed) };
		size_t n[2];
		int want, got;

		for (int i = 0; i < 2; i++)
			n[i] = dp_sort_key_make(key[i], &p[i].base,
			    p[i].wildcard);
		want = compare_patterns(&p[0], &p[1]);
		got = compare_keys(key[0], n[0], key[1], n[1]);
		CU_ASSERT_EQUAL((want > 0) - (want < 0), (got > 0) - (got < 0));
		/* None begins with another. */
		if (want != 0)
			CU_ASSERT_NOT_EQUAL(memcmp(key[0], key[1],
						n[0] < n[1] ? n[0] : n[1]),
			    0);
	}
}

static void names_come_back(void)
{
	uint8_t key[DP_SORT_KEY_MAX];
	struct pattern p;
	struct dp_name back;
	uint64_t seed = 4;
	size_t n;

	for (int round = 0; round < 5000; round++) {
		p = random_pattern(&seed);
		n = dp_sort_key_make(key, &p.base, p.wildcard);
		dp_sort_key_name(&back, key, n);
		CU_ASSERT(dp_name_equal(&p.base, &back));
		CU_ASSERT_EQUAL(dp_sort_key_is_wildcard(key, n), p.wildcard);
		/* The writer reckons with it. */
		CU_ASSERT(n >= p.base.len);
	}
	/* The longest: 255 octets, all of them escaped. */
	memset(&p, 0, sizeof(p));
	for (int at = 0; at < 254; at += 1 + p.base.wire[at])
		p.base.wire[at] = at < 192 ? 63 : 61;
	p.base.len = 255;
	n = dp_sort_key_make(key, &p.base, true);
	CU_ASSERT(n <= sizeof(key));
	dp_sort_key_name(&back, key, n);
	CU_ASSERT(dp_name_equal(&p.base, &back));
}

static void sorting(void)
{
	enum { COUNT = 3000 };
	static struct pattern patterns[COUNT];
	struct dp_intern keys = { .count = 0 };
	uint8_t key[DP_SORT_KEY_MAX];
	uint32_t *order, number;
	uint64_t seed = 5;

	while (keys.count < COUNT) {
		struct pattern p = random_pattern(&seed);
		size_t n = dp_sort_key_make(key, &p.base, p.wildcard);

		CU_ASSERT_EQUAL_FATAL(dp_intern_add(&keys, key, n, &number),
		    DP_OK);
		patterns[number] = p;
	}
	CU_ASSERT_EQUAL_FATAL(dp_sort_keys(&order, &keys), DP_OK);
	for (int i = 1; i < COUNT; i++)
		CU_ASSERT(compare_patterns(&patterns[order[i - 1]],
			      &patterns[order[i]]) < 0);
	free(order);
	dp_intern_free(&keys);
	CU_ASSERT_EQUAL_FATAL(dp_sort_keys(&order, &keys), DP_OK);
	free(order);
}

UNIT_MAIN("sort_key", UNIT(keys_are_ordered_as_names), UNIT(names_come_back),
    UNIT(sorting))
