#include "dp_config.h"

#include "tests/unit/compiled.h"
#include "tests/unit/given_map.h"

#include "tools/export/elements.h"

#define NOW_S 1000000u

/* vlan is 10/8: audience 1. */
static const char zones[] = SOA("all")
    "plain TXT allow tcp/443\n"
    "both TXT allow tcp/443\n"
    "more TXT allow tcp/443\n"
    "free TXT allow\n"
    "carved TXT allow tcp/443\n"
    "*.wide TXT allow tcp/443\n"
    SOA("vlan") "@ APL 1:10.0.0.0/8\n"
    "both TXT allow tcp/443\n"
    "more TXT allow tcp/80\n"
    "own TXT allow tcp/22\n"
    "free TXT deny\n"
    "carved TXT deny\n"
    "a.wide TXT allow\n";

struct seen {
	const char *name;
	unsigned last_octet; /* of 20.0.2.x */
	uint32_t life_s;
};

/* "LAST OCTET[/PORT] LIFE[+OTHERS]" per element, ';' between; and behind '-'
 * how many are left out. */
static void describe(const struct dp_elements *e, char *out, size_t size_b)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < e->count; i++) {
		const struct dp_element *item = &e->items[i];

		n += (size_t)snprintf(out + n, size_b - n, "%s%u",
		    i ? ";" : "", item->addr.bytes[3]);
		if (item->service.protocol != 0)
			n += (size_t)snprintf(out + n, size_b - n, "/%u",
			    item->service.port);
		n += (size_t)snprintf(out + n, size_b - n, " %u",
		    item->end_s - NOW_S);
		if (item->others > 0)
			n += (size_t)snprintf(out + n, size_b - n, "+%zu",
			    item->others);
	}
	if (e->left_out > 0)
		snprintf(out + n, size_b - n, " -%zu", e->left_out);
}

static struct dp_binding binding(const struct seen *seen)
{
	struct dp_binding b = { .end_s = NOW_S + seen->life_s,
		.addr = { 4, { 20, 0, 2, (uint8_t)seen->last_octet } } };

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&b.name, seen->name, NULL),
	    DP_OK);
	b.final = b.name;
	return b;
}

static void check(const struct seen *seen, uint64_t audiences, bool by_service,
    const char *want)
{
	struct compiled c = compile(zones);
	struct dp_bindings_filter filter = { NULL, true, true, audiences };
	struct dp_export x = { .now_s = NOW_S, .audiences = audiences };
	struct dp_bindings *list = NULL;
	struct dp_binding bindings[8];
	struct dp_map map = { bindings, 0 };
	struct dp_elements e;
	char out[400];

	CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
	for (; seen->name; seen++)
		bindings[map.count++] = binding(seen);
	CU_ASSERT_EQUAL_FATAL(dp_bindings_collect(&list, &map, c.policy,
	    &filter, NOW_S), DP_OK);
	x.policy = c.policy;
	x.bindings = list;
	CU_ASSERT_EQUAL_FATAL(dp_elements_make(&e, &x, by_service), DP_OK);
	describe(&e, out, sizeof(out));
	CU_ASSERT_STRING_EQUAL(out, want);
	if (strcmp(out, want) != 0)
		printf("\n%s\nnot %s\n", out, want);
	dp_elements_free(&e);
	CU_ASSERT_PTR_NULL(e.items);
	dp_bindings_close(&list);
	compiled_free(&c);
}

#define SEEN(...) (const struct seen[]){ __VA_ARGS__, { NULL, 0, 0 } }
#define ALL 3
#define OTHERS 1
#define VLAN 2

/* Nothing gets in that is not open to everybody. */
static void what_is_open_to_all_is_listed(void)
{
	check(SEEN({ "plain", 1, 60 }), ALL, true, "1/443 60");
	/* Two rules, and both allow it. */
	check(SEEN({ "both", 1, 60 }), ALL, true, "1/443 60+1");
	check(SEEN({ "more", 1, 60 }), ALL, true, "1/443 60+1 -1");
	check(SEEN({ "own", 1, 60 }), ALL, true, " -1");
	check(SEEN({ "carved", 1, 60 }), ALL, true, " -1");
	check(SEEN({ "free", 1, 60 }), ALL, true, " -1");
	/* To some for any service, to the others for one. */
	check(SEEN({ "a.wide", 1, 60 }), ALL, true, "1/443 60 -1");
	/* By other names of the same address. */
	check(SEEN({ "carved", 1, 60 }, { "both", 1, 30 }), ALL, true,
	    "1/443 30+2");
	check(SEEN({ "free", 1, 60 }, { "own", 1, 60 }), ALL, true,
	    "1/22 60 -1");
	/* Not of another one. */
	check(SEEN({ "free", 1, 60 }, { "own", 2, 60 }), ALL, true, " -2");
	check(SEEN({ "nowhere", 1, 60 }), ALL, true, "");
}

static void one_kind_of_client_gets_its_own(void)
{
	check(SEEN({ "plain", 1, 60 }, { "own", 2, 60 }, { "carved", 3, 60 }),
	    VLAN, true, "1/443 60;2/22 60");
	check(SEEN({ "plain", 1, 60 }, { "own", 2, 60 }, { "carved", 3, 60 }),
	    OTHERS, true, "1/443 60;3/443 60");
	check(SEEN({ "more", 1, 60 }, { "a.wide", 2, 60 }), VLAN, true,
	    "1/80 60;1/443 60;2 60");
	check(SEEN({ "more", 1, 60 }, { "a.wide", 2, 60 }), OTHERS, true,
	    "1/443 60;2/443 60");
}

/* As long as the last name that has it, but not longer than to all. */
static void lives_are_those_of_all(void)
{
	check(SEEN({ "plain", 1, 60 }, { "b.wide", 1, 90 }), ALL, true,
	    "1/443 90+1");
	check(SEEN({ "plain", 1, 60 }, { "carved", 1, 90 }), ALL, true,
	    "1/443 60+1");
	check(SEEN({ "plain", 1, 60 }, { "carved", 1, 90 }), OTHERS, true,
	    "1/443 90+1");
	check(SEEN({ "free", 1, 90 }, { "own", 1, 60 }), ALL, true,
	    "1/22 60 -1");
}

static void addresses_alone(void)
{
	check(SEEN({ "plain", 2, 60 }, { "plain", 1, 60 }, { "both", 2, 30 }),
	    ALL, false, "1 60;2 60+2");
	check(SEEN({ "more", 1, 60 }, { "own", 2, 60 }), ALL, false,
	    "1 60+1 -1");
	check(SEEN({ "more", 1, 60 }, { "own", 2, 60 }), VLAN, false,
	    "1 60;2 60");
}

UNIT_MAIN("elements", UNIT(what_is_open_to_all_is_listed),
    UNIT(one_kind_of_client_gets_its_own), UNIT(lives_are_those_of_all),
    UNIT(addresses_alone))
