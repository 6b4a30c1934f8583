#include "module/compat.h"

#include "tests/unit/unit.h"

/*
 * What a cache was told. Whichever version the test is built for, it has one of
 * the two kinds of function only: both are here with the arguments that
 * Unbound documents for them (services/cache/dns.h).
 */
static struct {
	struct module_env *env;
	struct query_info *qinfo;
	struct reply_info *rep;
	struct regional *region;
	time_t leeway, start;
	uint32_t flags;
	int is_referral, pside, is_valrec, result;
} told;

static int store(struct module_env *env, struct query_info *qinfo,
    struct reply_info *rep, int is_referral, time_t leeway, int pside,
    struct regional *region, uint32_t flags, time_t qstarttime)
{
	told.env = env;
	told.qinfo = qinfo;
	told.rep = rep;
	told.is_referral = is_referral;
	told.leeway = leeway;
	told.pside = pside;
	told.region = region;
	told.flags = flags;
	told.start = qstarttime;
	return told.result;
}

static int store_valrec(struct module_env *env, struct query_info *qinfo,
    struct reply_info *rep, int is_referral, time_t leeway, int pside,
    struct regional *region, uint32_t flags, time_t qstarttime, int is_valrec)
{
	told.is_valrec = is_valrec;
	return store(env, qinfo, rep, is_referral, leeway, pside, region,
	    flags, qstarttime);
}

static struct module_env env;
static struct reply_info rep;
static struct dns_msg msg = { .rep = &rep };
static struct module_qstate q = {
	.return_msg = &msg,
	.query_flags = BIT_RD | BIT_CD,
	.prefetch_leeway = 7,
	.qstarttime = 1234567890,
	.is_valrec = 1,
};

static void check_told(void)
{
	CU_ASSERT_PTR_EQUAL(told.env, &env);
	CU_ASSERT_PTR_EQUAL(told.qinfo, &q.qinfo);
	CU_ASSERT_PTR_EQUAL(told.rep, &rep);
	CU_ASSERT_EQUAL(told.is_referral, 0);
	CU_ASSERT_EQUAL(told.leeway, 7);
	CU_ASSERT_EQUAL(told.pside, 0);
	CU_ASSERT_PTR_NULL(told.region);
	CU_ASSERT_EQUAL(told.flags, BIT_RD | BIT_CD);
	CU_ASSERT_EQUAL(told.start, 1234567890);
}

static void a_store_is_told_all(void)
{
	memset(&told, 0, sizeof(told));
	told.result = 1;
	CU_ASSERT_EQUAL(DP_STORE_BY_TYPE(store)(&store, &env, &q), 1);
	check_told();
	told.result = 0;
	CU_ASSERT_EQUAL(DP_STORE_BY_TYPE(store)(&store, &env, &q), 0);
}

static void a_later_store_is_told_of_the_validator_too(void)
{
	for (int is_valrec = 0; is_valrec < 2; is_valrec++) {
		memset(&told, 0, sizeof(told));
		told.result = 1;
		told.is_valrec = -1;
		q.is_valrec = is_valrec;
		CU_ASSERT_EQUAL(DP_STORE_BY_TYPE(store_valrec)(&store_valrec,
		    &env, &q), 1);
		check_told();
		CU_ASSERT_EQUAL(told.is_valrec, is_valrec);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT(a_store_is_told_all),
		UNIT(a_later_store_is_told_of_the_validator_too),
		CU_TEST_INFO_NULL,
	};

	return unit_run("compat", NULL, NULL, tests);
}
