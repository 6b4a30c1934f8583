#include "dp_config.h"
#include "tests/unit/unit_policy.h"

#include "module/core/policy_view.h"

static const char *const lines[] = {
	"all: x allow",
	"vlan: @ 10.20.0.0/16 2001:db8:20::/48", "vlan: y allow",
	"lab: @ 10.20.7.0/24 192.0.2.1 2001:db8::/32", "lab: z allow",
	"core: @ 10.0.0.0/8", "core: w allow",
	NULL,
};

static struct dp_addr addr_of(const char *text)
{
	struct dp_addr addr = { .family = 0 };

	CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&addr, text, NULL), DP_OK);
	return addr;
}

/* The groups that apply to client, separated by spaces. */
static void groups_of(const struct dp_policy *p, const struct dp_addr *client,
    char text[200])
{
	uint32_t audience = dp_policy_audience(p, client);
	struct dp_group_info group;
	char name[DP_NAME_TEXT_MAX];
	size_t n = 0;

	CU_ASSERT_FATAL(audience < dp_policy_audience_count(p));
	text[0] = '\0';
	for (uint32_t i = 0; i < dp_policy_group_count(p); i++) {
		dp_policy_group(p, i, &group);
		dp_policy_group_name(p, i, name);
		if (group.audiences >> audience & 1)
			n += (size_t)snprintf(text + n, 200 - n, "%s%s",
			    n ? " " : "", name);
	}
}

static void longest_prefix_decides(void)
{
	static const struct {
		const char *client;
		const char *groups;
	} cases[] = {
		{ "10.20.0.0", "all core vlan" },
		{ "10.20.255.255", "all core vlan" },
		{ "10.20.6.255", "all core vlan" },
		{ "10.20.7.0", "all core lab vlan" },
		{ "10.20.7.255", "all core lab vlan" },
		{ "10.20.8.0", "all core vlan" },
		{ "10.19.255.255", "all core" },
		{ "10.21.0.0", "all core" },
		{ "10.0.0.0", "all core" },
		{ "10.255.255.255", "all core" },
		{ "9.255.255.255", "all" },
		{ "11.0.0.0", "all" },
		{ "192.0.2.0", "all" },
		{ "192.0.2.1", "all lab" },
		{ "192.0.2.2", "all" },
		{ "0.0.0.0", "all" },
		{ "255.255.255.255", "all" },
		{ "2001:db8::1", "all lab" },
		{ "2001:db8:20::1", "all lab vlan" },
		{ "2001:db8:21::", "all lab" },
		{ "2001:db9::", "all" },
		{ "::", "all" },
		/* What a socket for both families says of an IPv4 client. */
		{ "::ffff:10.20.7.1", "all core lab vlan" },
		{ "::ffff:11.0.0.0", "all" },
		/* Not mapped: octets like those of an IPv4 prefix only. */
		{ "::10.20.7.1", "all" },
		{ "a14:700::", "all" },
	};
	struct unit_opened o = unit_open(lines, NULL);
	char text[200];

	CU_ASSERT_EQUAL(dp_policy_audience_count(o.policy), 6);
	CU_ASSERT_EQUAL(dp_policy_audiences(o.policy), 63);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_addr client = addr_of(cases[i].client);

		groups_of(o.policy, &client, text);
		CU_ASSERT_STRING_EQUAL(text, cases[i].groups);
		if (strcmp(text, cases[i].groups) != 0)
			fprintf(stderr, "%s: %s\n", cases[i].client, text);
	}
	unit_opened_close(&o);
}

/* The clients of a set of audiences, separated by spaces. */
static void clients_of(const struct dp_policy *p, uint64_t audiences,
    char text[DP_NAME_TEXT_MAX])
{
	char one[DP_CLIENT_TEXT_MAX];
	struct dp_client client;
	uint32_t cursor = 0;
	size_t n = 0;

	text[0] = '\0';
	while (dp_policy_client_next(p, audiences, &cursor, &client)) {
		CU_ASSERT_EQUAL(dp_client_to_text(&client, one), strlen(one));
		n += (size_t)snprintf(text + n, DP_NAME_TEXT_MAX - n, "%s%s",
		    n ? " " : "", one);
	}
}

static void clients_are_listed(void)
{
	static const struct {
		const char *group;
		const char *clients;
	} cases[] = {
		{ "all", "0.0.0.0/0 ::/0" },
		{ "core", "10.0.0.0/8" },
		{ "lab", "10.20.7.0/24 192.0.2.1/32 2001:db8::/32" },
		{ "vlan", "10.20.0.0/16 2001:db8:20::/48" },
	};
	struct unit_opened o = unit_open(lines, NULL);
	struct dp_group_info group;
	char text[DP_NAME_TEXT_MAX];

	CU_ASSERT_EQUAL_FATAL(dp_policy_group_count(o.policy), 4);
	for (uint32_t i = 0; i < 4; i++) {
		dp_policy_group_name(o.policy, i, text);
		CU_ASSERT_STRING_EQUAL(text, cases[i].group);
		dp_policy_group(o.policy, i, &group);
		clients_of(o.policy, group.audiences, text);
		CU_ASSERT_STRING_EQUAL(text, cases[i].clients);
	}
	clients_of(o.policy, 0, text);
	CU_ASSERT_STRING_EQUAL(text, "");
	clients_of(o.policy, 1, text);
	CU_ASSERT_STRING_EQUAL(text, "0.0.0.0/0 ::/0 !10.0.0.0/8 "
	    "!192.0.2.1/32 !2001:db8::/32");
	unit_opened_close(&o);
}

/* Where groups are limited to all there is, who is left? */
static void whole_families_are_listed(void)
{
	static const char *const all[] = { "a: @ 0.0.0.0/0 ::/0", NULL };
	static const char *const four[] = { "a: @ 0.0.0.0/0", "b: @ 10.0.0.0/8",
		NULL };
	struct unit_opened o = unit_open(all, NULL);
	char text[DP_NAME_TEXT_MAX];

	clients_of(o.policy, 1, text);
	CU_ASSERT_STRING_EQUAL(text, "!0.0.0.0/0 !::/0");
	clients_of(o.policy, 2, text);
	CU_ASSERT_STRING_EQUAL(text, "0.0.0.0/0 ::/0");
	unit_opened_close(&o);
	o = unit_open(four, NULL);
	clients_of(o.policy, 1, text);
	CU_ASSERT_STRING_EQUAL(text, "!0.0.0.0/0 ::/0");
	clients_of(o.policy, 2, text);
	CU_ASSERT_STRING_EQUAL(text, "0.0.0.0/0 !10.0.0.0/8");
	clients_of(o.policy, 5, text);
	CU_ASSERT_STRING_EQUAL(text, "!0.0.0.0/0 ::/0 10.0.0.0/8");
	clients_of(o.policy, 7, text);
	CU_ASSERT_STRING_EQUAL(text, "0.0.0.0/0 ::/0");
	unit_opened_close(&o);
}

static void one_audience_where_nothing_is_limited(void)
{
	static const char *const none[] = { "a: x allow", NULL };
	struct unit_opened o = unit_open(none, NULL);
	struct dp_addr client = addr_of("10.20.7.1");

	CU_ASSERT_EQUAL(dp_policy_audience_count(o.policy), 1);
	CU_ASSERT_EQUAL(dp_policy_audiences(o.policy), 1);
	CU_ASSERT_EQUAL(dp_policy_audience(o.policy, &client), 0);
	unit_opened_close(&o);
}

/* --- against a reference that walks all prefixes -------------------------- */

#define LIMITS 12
#define GROUPS 5

struct limit {
	uint32_t group;
	struct dp_prefix prefix;
};

/* Few bits, so that prefixes meet. */
static struct dp_addr random_addr(uint64_t *seed)
{
	struct dp_addr a = { .family = unit_random(seed) % 2 ? 4 : 6 };

	a.bytes[0] = (uint8_t)(unit_random(seed) % 4 << 6);
	a.bytes[1] = (uint8_t)(unit_random(seed) % 4 << 6);
	return a;
}

static struct dp_prefix random_prefix(uint64_t *seed)
{
	static const uint8_t lens[] = { 0, 1, 2, 8, 9, 10, 32 };
	struct dp_prefix p = { .addr = random_addr(seed) };

	p.len = lens[unit_random(seed) % sizeof(lens)];
	for (unsigned i = p.len; i < 16; i++)
		p.addr.bytes[i / 8] &= (uint8_t)~(0x80u >> i % 8);
	return p;
}

static void one_random_policy(uint64_t *seed, unsigned *limited)
{
	static const char *const apex[GROUPS] = { "a", "b", "c", "d", "e" };
	struct limit limits[LIMITS];
	char text[LIMITS + GROUPS][100], prefix[DP_PREFIX_TEXT_MAX];
	const char *rules[LIMITS + GROUPS + 1] = { NULL };
	struct unit_opened o;

	for (size_t i = 0; i < GROUPS; i++)
		snprintf(text[i], sizeof(text[i]), "%s: x allow", apex[i]);
	for (size_t i = 0; i < LIMITS; i++) {
		limits[i].group = (uint32_t)(unit_random(seed) % (GROUPS - 1));
		limits[i].prefix = random_prefix(seed);
		dp_prefix_to_text(&limits[i].prefix, prefix);
		snprintf(text[GROUPS + i], sizeof(text[0]), "%s: @ %s",
		    apex[limits[i].group], prefix);
	}
	for (size_t i = 0; i < LIMITS + GROUPS; i++)
		rules[i] = text[i];
	o = unit_open(rules, NULL);
	for (int k = 0; k < 100; k++) {
		struct dp_addr client = random_addr(seed);
		uint32_t audience = dp_policy_audience(o.policy, &client);

		for (uint32_t g = 0; g < GROUPS; g++) {
			bool any = false, has = false;
			struct dp_group_info group;

			for (size_t i = 0; i < LIMITS; i++) {
				if (limits[i].group != g)
					continue;
				any = true;
				has |= dp_prefix_has(&limits[i].prefix,
				    &client);
			}
			dp_policy_group(o.policy, g, &group);
			CU_ASSERT_EQUAL_FATAL(group.audiences >> audience & 1,
			    !any || has);
			*limited += any && !has;
		}
	}
	unit_opened_close(&o);
}

static void random_clients_match_the_reference(void)
{
	unsigned limited = 0;
	uint64_t seed = 3;

	for (int round = 0; round < 300; round++)
		one_random_policy(&seed, &limited);
	CU_ASSERT(limited > 20000);
}

/* --- hostile bytes -------------------------------------------------------- */

/* Audience 1: with c; audience 2: with c and d. */
static const char *const nested[] = {
	"a: x allow", "b: y allow", "c: @ 10.0.0.0/8 2001:db8::/32",
	"d: @ 10.1.0.0/16", NULL,
};

enum what {
	SET_NONE, SET_RANGE, SET_SOME, SET_SAME, CLIENT_FAMILY, CLIENT_HOST,
	CLIENT_ZERO, CLIENT_MAPPED, CLIENT_ORDER, CLIENT_PARENT, CLIENT_FAR,
	CLIENT_NOBODY, CLIENT_RANGE, CLIENT_SAME, CLIENT_EARLY, CLIENT_LESS,
	AUDIENCE_LOST, WHATS
};

static const char *const complaint[WHATS] = {
	[SET_NONE] = "group's audiences",
	[SET_RANGE] = "group's audiences",
	[SET_SOME] = "group's audiences",
	[SET_SAME] = "have the same groups",
	[CLIENT_FAMILY] = "client prefix is none",
	[CLIENT_HOST] = "client prefix is none",
	[CLIENT_ZERO] = "client prefix is none",
	[CLIENT_MAPPED] = "client prefix is none",
	[CLIENT_ORDER] = "prefixes are not sorted",
	[CLIENT_PARENT] = "lies in another one",
	[CLIENT_FAR] = "lies in another one",
	[CLIENT_NOBODY] = "wrong audience",
	[CLIENT_RANGE] = "wrong audience",
	[CLIENT_SAME] = "wrong audience",
	[CLIENT_EARLY] = "wrong audience",
	[CLIENT_LESS] = "wrong audience",
	[AUDIENCE_LOST] = "without clients",
};

static void damage(struct dp_policy_d *head, enum what what)
{
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff };
	uint8_t *bytes = (uint8_t *)head;
	struct dp_group_d *group = (void *)(bytes + head->groups.off);
	struct dp_client_d *c = (void *)(bytes + head->clients.off);

	switch (what) {
	case SET_NONE: group[2].audiences = 0; break;
	case SET_RANGE: group[2].audiences |= 8; break;
	case SET_SOME: group[0].audiences = 3; break;
	case SET_SAME: group[3].audiences = group[2].audiences; break;
	case CLIENT_FAMILY: c->family = 5; break;
	case CLIENT_HOST: c->bytes[1] = 1; break;
	case CLIENT_ZERO: c->zero[1] = 1; break;
	case CLIENT_MAPPED: memcpy(c[2].bytes, mapped, sizeof(mapped));
		c[2].len = 96; break;
	case CLIENT_ORDER: c[1] = c[0]; break;
	case CLIENT_PARENT: c[1].parent = 0; break;
	case CLIENT_FAR: c[1].parent = UINT32_MAX; break;
	case CLIENT_NOBODY: c[0].audience = 0; break;
	case CLIENT_RANGE: c[2].audience = 3; break;
	case CLIENT_SAME: c[1].audience = 1; break;
	case CLIENT_EARLY: c[0].audience = 2; break;
	case CLIENT_LESS: group[2].audiences = 2; break;
	/* A third audience of d alone, which no prefix opens. */
	case AUDIENCE_LOST: head->audience_count = 4;
		group[0].audiences = group[1].audiences = 15;
		group[3].audiences = 12; break;
	default: break;
	}
}

static void each_promise_of_the_format_is_checked(void)
{
	size_t size_b;
	uint8_t *good = unit_policy_bytes(nested, NULL, &size_b);
	uint8_t *bytes = malloc(size_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (int what = 0; what < WHATS; what++) {
		struct dp_policy_d *head = (struct dp_policy_d *)bytes;
		struct dp_policy *p = NULL;
		struct dp_diag diag;

		memcpy(bytes, good, size_b);
		damage(head, (enum what)what);
		dp_policy_digest_make(head->digest, bytes, size_b);
		CU_ASSERT_EQUAL_FATAL(dp_policy_from_bytes(&p, bytes, size_b,
					  NULL, "file", &diag),
		    DP_ERR_FORMAT);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, complaint[what]));
		if (!strstr(diag.reason, complaint[what]))
			fprintf(stderr, "case %d: %s\n", what, diag.reason);
	}
	free(bytes);
	free(good);
}

UNIT_MAIN("policy_client", UNIT(longest_prefix_decides),
    UNIT(clients_are_listed), UNIT(whole_families_are_listed),
    UNIT(one_audience_where_nothing_is_limited),
    UNIT(each_promise_of_the_format_is_checked),
    UNIT(random_clients_match_the_reference))
