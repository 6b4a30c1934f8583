#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/mode.h"
#include "tests/unit/module_of.h"

#define NOW 1790000000

static const char *const rules[] = {
	"g.dnspin: manage.example allow",
	NULL,
};

/* What the server has in force: its configuration and its globals. */
static void expect(const struct module_of *o, int expired, int timeout,
    int minimal)
{
	CU_ASSERT_EQUAL(o->cfg->serve_expired, expired);
	CU_ASSERT_EQUAL(o->cfg->serve_expired_client_timeout, timeout);
	CU_ASSERT_EQUAL(SERVE_EXPIRED, expired);
	CU_ASSERT_EQUAL(MINIMAL_RESPONSES, minimal);
}

static void strict_forces_and_observe_gives_back(void)
{
	static const struct {
		int expired, timeout, minimal;
	} cases[] = { { 0, 0, 0 }, { 0, 0, 1 }, { 1, 0, 1 }, { 1, 1800, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct module_of o = { .now = 0 };
		struct dp_settings set;

		dp_settings_default(&set);
		module_of_open(&o, rules, &set, NOW);
		o.cfg->serve_expired = cases[i].expired;
		o.cfg->serve_expired_client_timeout = cases[i].timeout;
		o.cfg->minimal_responses = cases[i].minimal;
		dp_mode_init(&o.m, o.cfg);

		dp_mode_apply(&o.m, o.cfg); /* closed to begin with */
		expect(&o, 0, 0, 1);
		CU_ASSERT_FALSE(dp_mode_set(&o.m, true));
		CU_ASSERT_FALSE(dp_mode_set(&o.m, false));
		CU_ASSERT_PTR_EQUAL(atomic_load(&o.m.recursion_cache),
		    o.m.admitted);
		dp_mode_apply(&o.m, o.cfg);
		expect(&o, cases[i].expired, cases[i].timeout,
		    cases[i].minimal);
		CU_ASSERT_TRUE(dp_mode_set(&o.m, true));
		CU_ASSERT_PTR_EQUAL(atomic_load(&o.m.recursion_cache),
		    o.m.internal);
		dp_mode_apply(&o.m, o.cfg);
		expect(&o, 0, 0, 1);
		module_of_close(&o);
	}
}

UNIT_MAIN("mode", UNIT(strict_forces_and_observe_gives_back))
