#include "dp_config.h"

#include "tests/unit/overviewed.h"

static void healthy_is_as_documented(void)
{
	struct overviewed v;
	size_t size_b = 0;
	char *text;

	overviewed_make(&v);
	text = overviewed_text(&v, dp_overview_text, &size_b);
	golden_check("status.txt", text, size_b);
	free(text);
	overviewed_remove(&v);
}

static void nothing_there_is_said(void)
{
	struct overviewed v;
	size_t size_b = 0;
	char *text;

	overviewed_make(&v);
	v.overview = (struct dp_overview){ .now_s = SAMPLE_NOW_S };
	text = overviewed_text(&v, dp_overview_text, &size_b);
	CU_ASSERT_STRING_EQUAL(text,
	    "resolver    not known: no status file that can be read\n"
	    "on disk     no policy that can be used\n"
	    "map         none that can be read\n");
	free(text);
	overviewed_remove(&v);
}

static void gone(struct dp_overview *o)
{
	o->process_exists = false;
}

static void silent(struct dp_overview *o)
{
	o->head.heartbeat_s = SAMPLE_NOW_S - 40;
}

static void ahead(struct dp_overview *o)
{
	o->head.heartbeat_s = SAMPLE_NOW_S + 40;
}

static void not_ready(struct dp_overview *o)
{
	o->head.ready = 0;
	o->head.generation = 0;
	strcpy((char *)o->head.trouble, "no policy: \033[31mcompile one");
}

static void other_policy(struct dp_overview *o)
{
	memset(o->head.digest, 0xab, sizeof(o->head.digest));
}

/* The policy's file was written by this test: years after the clock's now. */
static void old_policy(struct dp_overview *o)
{
	other_policy(o);
	o->now_s = UINT32_MAX - 10;
	o->head.heartbeat_s = o->now_s;
}

static void gone_with_other_policy(struct dp_overview *o)
{
	gone(o);
	other_policy(o);
}

static void strange_numbers(struct dp_overview *o)
{
	o->head.started_s = UINT64_MAX;
	o->head.mode = 77;
	o->head.unbound[0] = 0;
}

static void what_is_wrong_is_said(void)
{
	static const struct {
		void (*change)(struct dp_overview *);
		const char *wanted;
		const char *unwanted;
	} cases[] = {
		{ gone, "resolver    not running: process 4711 is gone\n",
		    "in use" },
		{ silent, "no sign of life of process 4711 for 40 s\n",
		    "in use" },
		{ ahead, "process 4711 lies 40 s ahead of the clock\n",
		    "in use" },
		{ not_ready, "resolver    not ready: it answers SERVFAIL\n"
			     "trouble     no policy: ?[31mcompile one\n",
		    "difference" },
		{ not_ready, "in use      no policy yet\n", "applied" },
		{ other_policy,
		    "difference  the resolver still uses abababababababab; it "
		    "takes a new policy within 2 s\n",
		    "see trouble" },
		{ old_policy, " s: see trouble above and the log of Unbound\n",
		    "not running" },
		{ gone_with_other_policy, "last used   abababababababab",
		    "difference" },
		{ strange_numbers, "unbound unknown, started an impossible",
		    "18446744073709551615" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct overviewed v;
		size_t size_b = 0;
		char *text;

		overviewed_make(&v);
		cases[i].change(&v.overview);
		text = overviewed_text(&v, dp_overview_text, &size_b);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, cases[i].wanted));
		CU_ASSERT_PTR_NULL(strstr(text, cases[i].unwanted));
		free(text);
		overviewed_remove(&v);
	}
}

/* The line, or that there is none. */
static bool barrier_is(const char *text, const char *wanted)
{
	char line[120];

	if (!wanted)
		return !strstr(text, "\nbarrier ");
	snprintf(line, sizeof(line), "\nbarrier     %s\n", wanted);
	return strstr(text, line) != NULL;
}

static void who_confirms_is_said(void)
{
	static const struct {
		enum dp_mode mode;
		enum dp_barrier barrier;
		bool alive;
		bool promises;
		const char *wanted; /* NULL: no such line */
	} cases[] = {
		{ DP_MODE_STRICT, DP_BARRIER_FAIL_CLOSED, true, true,
		    "the agent confirms what the kernel holds" },
		{ DP_MODE_STRICT, DP_BARRIER_FAIL_CLOSED, false, true,
		    "nobody confirms what the kernel holds: answers with new "
		    "addresses are SERVFAIL" },
		{ DP_MODE_STRICT, DP_BARRIER_FAIL_CLOSED, true, false,
		    "nobody confirms what the kernel holds: answers with new "
		    "addresses are SERVFAIL" },
		{ DP_MODE_STRICT, DP_BARRIER_FAIL_OPEN, false, false,
		    "nobody confirms what the kernel holds: answers with new "
		    "addresses are given all the same" },
		{ DP_MODE_STRICT, DP_BARRIER_OFF, false, false, NULL },
		{ DP_MODE_OBSERVE, DP_BARRIER_FAIL_CLOSED, false, false, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct overviewed v;
		size_t size_b = 0;
		char *text;

		overviewed_make(&v);
		overviewed_barrier(&v, cases[i].mode, cases[i].barrier);
		v.overview.agent_alive = cases[i].alive;
		v.overview.agent_promises = cases[i].promises;
		text = overviewed_text(&v, dp_overview_text, &size_b);
		CU_ASSERT_TRUE(barrier_is(text, cases[i].wanted));
		free(text);
		overviewed_remove(&v);
	}
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("overview_text", set_up, NULL, UNIT(healthy_is_as_documented),
    UNIT(nothing_there_is_said), UNIT(what_is_wrong_is_said),
    UNIT(who_confirms_is_said))
