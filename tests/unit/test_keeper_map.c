#include "module/compat.h"

#include "tests/unit/keeper_of.h"

static void a_lost_map_is_made_anew(void)
{
	struct bench b;

	bench_open(&b);
	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 2);
	CU_ASSERT_EQUAL(said(&b, "removed or replaced"), 0);
	remove_in(&b, "unbound/map");
	look(&b, 2);
	CU_ASSERT_EQUAL(said(&b, "removed or replaced"), 1);
	CU_ASSERT_PTR_NOT_NULL(atomic_load(&b.m.map));
	CU_ASSERT_TRUE(head_of(&b).ready != 0);
	remove_in(&b, "unbound/map");
	block(&b, "unbound/map");
	look(&b, 2);
	CU_ASSERT_EQUAL(said(&b, "removed or replaced"), 2);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.map)); /* closed */
	CU_ASSERT_FALSE(head_of(&b).ready != 0);
	bench_close(&b);
}

UNIT_MAIN("keeper_map", UNIT(a_lost_map_is_made_anew))
