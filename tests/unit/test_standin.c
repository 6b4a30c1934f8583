#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/loader/standin.h"

static struct {
	int level;
	char text[2048];
	int count;
} said;

static void hear(int level, const char *text)
{
	said.level = level;
	snprintf(said.text, sizeof(said.text), "%s", text);
	said.count++;
}

static void lines_go_where_they_are_heard(void)
{
	memset(&said, 0, sizeof(said));
	log_err("before anybody listens");
	dp_standin_log_to(hear, VERB_ALGO);
	log_err("%s: %d", "error", 1);
	CU_ASSERT_EQUAL(said.level, DP_STANDIN_ERROR);
	CU_ASSERT_STRING_EQUAL(said.text, "error: 1");
	log_warn("warning");
	CU_ASSERT_EQUAL(said.level, DP_STANDIN_WARNING);
	log_info("info");
	CU_ASSERT_EQUAL(said.level, DP_STANDIN_INFO);
	verbose(VERB_ALGO, "%s", "detail");
	CU_ASSERT_EQUAL(said.level, DP_STANDIN_DETAIL);
	CU_ASSERT_STRING_EQUAL(said.text, "detail");
	CU_ASSERT_EQUAL(said.count, 4);
	dp_standin_log_to(hear, VERB_OPS);
	verbose(VERB_ALGO, "more than was asked for");
	CU_ASSERT_EQUAL(said.count, 4);
	dp_standin_log_to(NULL, NO_VERBOSE);
	log_err("nobody listens any more");
	CU_ASSERT_EQUAL(said.count, 4);
}

static void long_lines_are_cut(void)
{
	char text[4096];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	dp_standin_log_to(hear, NO_VERBOSE);
	log_info("%s", text);
	CU_ASSERT_EQUAL(strlen(said.text), 1023);
	dp_standin_log_to(NULL, NO_VERBOSE);
}

/* What is not there for a guest says so to who asks. */
static void what_is_not_there_fails(void)
{
	CU_ASSERT_EQUAL(dp_standin_yes(), 1);
	CU_ASSERT_PTR_NULL(comm_timer_create(NULL, NULL, NULL));
	CU_ASSERT_PTR_NULL(ub_event_new(NULL, 0, 0, NULL, NULL));
	CU_ASSERT_NOT_EQUAL(ub_event_add(NULL, NULL), 0);
	CU_ASSERT_EQUAL(dns_cache_store(NULL, NULL, NULL, 0, 0, 0, NULL, 0, 0),
	    0);
}

UNIT_MAIN("standin", UNIT(lines_go_where_they_are_heard),
    UNIT(long_lines_are_cut), UNIT(what_is_not_there_fails))
