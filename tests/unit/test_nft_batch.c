#include "dp_config.h"

#include "tests/unit/netspace.h"

#include <string.h>

/* All that a dump told, as "SET ADDRESS SERVICE<SECONDS;" in any order. */
struct told {
	char text[2000];
	size_t count;
	uint64_t least_ms;
};

static void tell(void *arg, const struct dp_nft_key *key, uint64_t left_ms)
{
	char text[DP_NFT_KEY_TEXT_MAX];
	struct told *t = arg;
	size_t n = strlen(t->text);

	dp_nft_key_text(key, text);
	if (n + sizeof(text) < sizeof(t->text))
		snprintf(t->text + n, sizeof(t->text) - n, "%s;", text);
	if (t->count++ == 0 || left_ms < t->least_ms)
		t->least_ms = left_ms;
}

static struct told dump(struct dp_nft *nft)
{
	struct told t = { .count = 0 };
	struct dp_diag diag = { .line = 0 };

	CU_ASSERT_EQUAL_FATAL(dp_nft_dump(nft, tell, &t, &diag), DP_OK);
	return t;
}

static void commit(struct dp_nft *nft)
{
	struct dp_diag diag = { .line = 0 };
	enum dp_err err = dp_nft_commit(nft, &diag);

	if (err)
		printf("%s: %s ", diag.object, diag.reason);
	CU_ASSERT_EQUAL(err, DP_OK);
	CU_ASSERT_EQUAL(dp_nft_queued(nft), 0);
}

static const char *const kinds[][2] = {
	{ "20.0.2.1", "tcp/443" }, { "20.0.2.1", "udp/53" },
	{ "20.0.2.1", NULL }, { "2620:1ec::1", "udp/65535" },
	{ "2620:1ec::1", NULL },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void elements_come_and_go(void)
{
	struct dp_nft *nft = netspace_framed("several");
	struct told t;
	char text[DP_NFT_KEY_TEXT_MAX], *list;

	for (size_t i = 0; i < KINDS; i++) {
		struct dp_nft_key key = netspace_key(kinds[i][0], kinds[i][1]);

		dp_nft_add(nft, &key, 1000);
		CU_ASSERT_EQUAL(dp_nft_queued(nft), i + 1);
	}
	CU_ASSERT_EQUAL(dump(nft).count, 0);
	commit(nft);
	t = dump(nft);
	CU_ASSERT_EQUAL(t.count, KINDS);
	CU_ASSERT(t.least_ms > 900000 && t.least_ms <= 1000000);
	list = netspace_list("list table inet several");
	CU_ASSERT_PTR_NOT_NULL(strstr(list, "20.0.2.1 . tcp . 443 timeout"));
	CU_ASSERT_PTR_NOT_NULL(strstr(list, "2620:1ec::1 . udp . 65535 "));
	free(list);
	for (size_t i = 0; i < KINDS; i++) {
		struct dp_nft_key key = netspace_key(kinds[i][0], kinds[i][1]);

		dp_nft_key_text(&key, text);
		CU_ASSERT_PTR_NOT_NULL(strstr(t.text, text));
		dp_nft_remove(nft, &key);
		commit(nft);
		CU_ASSERT_EQUAL(dump(nft).count, KINDS - i - 1);
	}
	commit(nft); /* of nothing */
	dp_nft_close(&nft);
}

static void a_life_is_replaced(void)
{
	static const uint32_t lives_s[] = { 1000, 5000, 100, 600000 };
	struct dp_nft *nft = netspace_framed("lives");
	struct dp_nft_key key = netspace_key("20.0.2.1", "tcp/443");

	dp_nft_add(nft, &key, 50);
	commit(nft);
	for (size_t i = 0; i < sizeof(lives_s) / sizeof(lives_s[0]); i++) {
		struct told t;

		dp_nft_replace(nft, &key, lives_s[i]);
		commit(nft);
		t = dump(nft);
		CU_ASSERT_EQUAL(t.count, 1);
		CU_ASSERT(t.least_ms <= 1000u * lives_s[i] &&
		    t.least_ms > 1000u * lives_s[i] - 30000);
	}
	dp_nft_close(&nft);
}

/* What the first error is about is said, whatever its place; nothing of the
 * transaction is done; the next one is not disturbed. */
static void a_refusal_names_the_element(void)
{
	struct dp_nft *nft = netspace_framed("refusals");
	struct dp_nft_key here = netspace_key("20.0.2.1", "tcp/443");
	struct dp_nft_key gone = netspace_key("20.0.2.9", "tcp/80");

	for (unsigned place = 0; place < DP_NFT_BATCH; place += 51) {
		struct dp_diag diag = { .line = 0 };

		for (unsigned i = 0; i < DP_NFT_BATCH; i++) {
			struct dp_nft_key key = here;

			key.service.port = (uint16_t)i;
			if (i == place)
				dp_nft_remove(nft, &gone);
			else
				dp_nft_add(nft, &key, 60);
		}
		CU_ASSERT_EQUAL(dp_nft_commit(nft, &diag), DP_ERR_IO);
		CU_ASSERT_STRING_EQUAL(diag.object,
		    "allowed4 20.0.2.9 tcp/80");
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "No such file"));
		CU_ASSERT_EQUAL(dump(nft).count, 0);
		dp_nft_add(nft, &here, 60);
		commit(nft);
		CU_ASSERT_EQUAL(dump(nft).count, 1);
		dp_nft_remove(nft, &here);
		commit(nft);
	}
	dp_nft_close(&nft);
}

static void a_table_that_is_gone_is_an_error(void)
{
	struct dp_nft *nft = netspace_framed("gone");
	struct dp_nft_key key = netspace_key("20.0.2.1", NULL);
	struct dp_diag diag = { .line = 0 };
	struct told t = { .count = 0 };

	CU_ASSERT_TRUE_FATAL(netspace_nft("delete table inet gone"));
	dp_nft_add(nft, &key, 60);
	CU_ASSERT_EQUAL(dp_nft_commit(nft, &diag), DP_ERR_IO);
	CU_ASSERT_EQUAL(dp_nft_dump(nft, tell, &t, &diag), DP_ERR_IO);
	dp_nft_close(&nft);
}

/* A set that somebody made with a size takes no more than that. */
static void a_full_set_is_named(void)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_nft *nft;

	CU_ASSERT_TRUE_FATAL(netspace_nft("add table inet full; add set inet "
	    "full allowed4_any { type ipv4_addr; flags timeout; size 8; }"));
	nft = netspace_framed("full");
	for (uint8_t i = 0; i < 9; i++) {
		struct dp_nft_key key = netspace_key("20.0.2.1", NULL);

		key.addr.bytes[3] = i;
		dp_nft_add(nft, &key, 60);
	}
	CU_ASSERT_EQUAL(dp_nft_commit(nft, &diag), DP_ERR_IO);
	CU_ASSERT_STRING_EQUAL(diag.object, "allowed4_any 20.0.2.8 any");
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "the set is full"));
	CU_ASSERT_EQUAL(dump(nft).count, 0);
	dp_nft_close(&nft);
}

static void whole_batches_fit(void)
{
	enum { BATCHES = 20 };
	struct dp_nft *nft = netspace_framed("large");

	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned b = 0; b < BATCHES; b++) {
			for (unsigned i = 0; i < DP_NFT_BATCH; i++) {
				struct dp_nft_key key = netspace_key(
				    "2620:1ec::1", "tcp/443");

				key.addr.bytes[13] = (uint8_t)b;
				key.addr.bytes[14] = (uint8_t)i;
				if (turn == 0)
					dp_nft_add(nft, &key, 600);
				else
					dp_nft_replace(nft, &key, 700);
			}
			commit(nft);
		}
		CU_ASSERT_EQUAL(dump(nft).count, BATCHES * DP_NFT_BATCH);
	}
	dp_nft_close(&nft);
}

/* By hand somebody may add what dnspin never does. */
static void foreign_elements_are_told(void)
{
	struct dp_nft *nft = netspace_framed("foreign");
	struct told t;

	CU_ASSERT_TRUE_FATAL(netspace_nft("add element inet foreign allowed4 "
	    "{ 20.0.2.1 . sctp . 9 }"));
	t = dump(nft);
	CU_ASSERT_EQUAL(t.count, 1);
	CU_ASSERT_EQUAL(t.least_ms, DP_NFT_FOREVER);
	dp_nft_close(&nft);
}

UNIT_MAIN_WITH("nft_batch", netspace_enter, NULL, UNIT(elements_come_and_go),
    UNIT(a_life_is_replaced), UNIT(a_refusal_names_the_element),
    UNIT(a_table_that_is_gone_is_an_error), UNIT(whole_batches_fit),
    UNIT(a_full_set_is_named),
    UNIT(foreign_elements_are_told))
