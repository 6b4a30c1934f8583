#include "dp_config.h"
#include "tests/unit/unit_policy.h"

/* --- what each audience gets ---------------------------------------------- */

/* All rules of a pattern with their audiences, " | " between them. */
static void rules_of(const struct dp_policy *p, const char *pattern,
    char text[600])
{
	char name[DP_NAME_TEXT_MAX], line[300];
	struct dp_rule_info rule;
	size_t n = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < dp_policy_rule_count(p); i++) {
		dp_policy_rule_text(p, i, name);
		if (strcmp(name, pattern) != 0)
			continue;
		dp_policy_rule(p, i, &rule);
		unit_rule_line(p, i, line, sizeof(line));
		n += (size_t)snprintf(text + n, 600 - n, "%s%llu%s",
		    n ? " | " : "", (unsigned long long)rule.audiences,
		    line + strlen(name));
	}
}

static void each_audience_has_its_groups_only(void)
{
	/* Audience 1 is vlan's 10/8, audience 2 with lab 10.1/16. */
	static const char *const lines[] = {
		"all: same allow tcp/443", "all: more allow tcp/443",
		"all: carved allow tcp/443", "all: gone deny",
		"all: *.pin allow 192.0.2.0/24", "all: a.pin allow",
		"all: *.wide allow",
		"vlan: @ 10.0.0.0/8", "vlan: more allow tcp/80",
		"vlan: own allow tcp/22", "vlan: gone allow",
		"vlan: *.a.pin allow tcp/1",
		"lab: @ 10.1.0.0/16", "lab: carved deny", "lab: own allow",
		"lab: *.pin allow 198.51.100.0/24", "lab: *.x.wide deny",
		NULL,
	};
	static const struct {
		const char *pattern;
		const char *rules;
	} cases[] = {
		{ "same", "7 allow groups=all services=tcp/443" },
		{ "more", "1 allow groups=all services=tcp/443 | "
			  "6 allow groups=all,vlan services=tcp/80,tcp/443" },
		{ "carved", "3 allow groups=all services=tcp/443 | "
			    "4 deny groups=all,lab" },
		{ "gone", "1 deny groups=all | 6 deny groups=all,vlan" },
		{ "own", "2 allow groups=vlan services=tcp/22 | "
			 "4 allow groups=lab,vlan" },
		{ "*.pin", "3 allow groups=all pins=192.0.2.0/24 | 4 allow "
			   "groups=all,lab pins=192.0.2.0/24,198.51.100.0/24" },
		/* The pins of the wildcards that the audience has. */
		{ "a.pin", "3 allow groups=all pins=192.0.2.0/24 | 4 allow "
			   "groups=all pins=192.0.2.0/24,198.51.100.0/24" },
		{ "*.a.pin", "2 allow groups=vlan services=tcp/1 "
			     "pins=192.0.2.0/24 | 4 allow groups=vlan "
			     "services=tcp/1 "
			     "pins=192.0.2.0/24,198.51.100.0/24" },
		{ "*.x.wide", "4 deny groups=lab" },
		{ "*.wide", "7 allow groups=all" },
	};
	struct unit_opened o = unit_open(lines, NULL);
	char text[600];

	CU_ASSERT_EQUAL_FATAL(dp_policy_audience_count(o.policy), 3);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rules_of(o.policy, cases[i].pattern, text);
		CU_ASSERT_STRING_EQUAL(text, cases[i].rules);
		if (strcmp(text, cases[i].rules) != 0)
			fprintf(stderr, "%s: %s\n", cases[i].pattern, text);
	}
	unit_opened_close(&o);
}

/* --- against policies of the groups that apply ---------------------------- */

#define GROUPS 5
#define RULES 40
#define LIMITS 8

/* Random zones as lines for unit_policy_bytes. */
struct zones {
	char text[RULES + LIMITS][120];
	uint32_t group[RULES + LIMITS];
	size_t count;
	struct dp_prefix limits[LIMITS]; /* of the lines behind the rules */
};

static const char *const apex[GROUPS] = { "a", "b", "c", "d", "e" };

static void random_pattern(uint64_t *seed, char text[40])
{
	static const char label[] = "xyz";
	size_t n = 0;

	if (unit_random(seed) % 2)
		n += (size_t)sprintf(text, "*.");
	for (size_t labels = 1 + unit_random(seed) % 3; labels > 0; labels--)
		n += (size_t)sprintf(text + n, "%c%s",
		    label[unit_random(seed) % 3], labels > 1 ? "." : "");
}

static void random_rule(uint64_t *seed, struct zones *z)
{
	char *text = z->text[z->count], pattern[40];
	uint32_t group = (uint32_t)(unit_random(seed) % GROUPS);
	size_t n, begin_b;

	random_pattern(seed, pattern);
	begin_b = n = (size_t)sprintf(text, "%s: %s ", apex[group], pattern);
	/* A pattern twice in a group is an error of its own. */
	for (size_t i = 0; i < z->count; i++)
		if (strncmp(z->text[i], text, begin_b) == 0)
			return;
	if (unit_random(seed) % 4 == 0) {
		sprintf(text + n, "deny");
	} else {
		n += (size_t)sprintf(text + n, "allow");
		for (unsigned k = 1; k < 4; k++)
			if (unit_random(seed) % 3 == 0)
				n += (size_t)sprintf(text + n, " tcp/%u", k);
		for (unsigned k = 1; k < 4; k++)
			if (unit_random(seed) % 4 == 0)
				n += (size_t)sprintf(text + n, " 192.0.%u.0/24",
				    k);
	}
	z->group[z->count++] = group;
}

static struct dp_addr random_client(uint64_t *seed)
{
	struct dp_addr a = { .family = unit_random(seed) % 2 ? 4 : 6 };

	a.bytes[0] = (uint8_t)(unit_random(seed) % 8 << 5);
	return a;
}

/* Groups c, d, e are limited, where chance gives them a prefix. */
static void random_zones(uint64_t *seed, struct zones *z)
{
	z->count = 0;
	for (int i = 0; i < RULES - LIMITS; i++)
		random_rule(seed, z);
	for (size_t i = 0; i < LIMITS; i++) {
		struct dp_prefix *p = &z->limits[i];
		char prefix[DP_PREFIX_TEXT_MAX];

		p->addr = random_client(seed);
		p->len = (uint8_t)(unit_random(seed) % 4);
		p->addr.bytes[0] &= (uint8_t)(0xff00u >> p->len);
		dp_prefix_to_text(p, prefix);
		z->group[z->count] = 2 + (uint32_t)(unit_random(seed) % 3);
		sprintf(z->text[z->count], "%s: @ %s",
		    apex[z->group[z->count]], prefix);
		z->count++;
	}
}

/* Does group apply to client? */
static bool applies(const struct zones *z, uint32_t group,
    const struct dp_addr *client)
{
	const size_t first = z->count - LIMITS;
	bool any = false;

	for (size_t i = 0; i < LIMITS; i++) {
		if (z->group[first + i] != group)
			continue;
		if (dp_prefix_has(&z->limits[i], client))
			return true;
		any = true;
	}
	return !any;
}

static struct unit_opened open_all(const struct zones *z)
{
	const char *lines[RULES + LIMITS + 1] = { NULL };

	for (size_t i = 0; i < z->count; i++)
		lines[i] = z->text[i];
	return unit_open(lines, NULL);
}

/* What there would be for client alone: no limits, and no other zones. */
static struct unit_opened open_for(const struct zones *z,
    const struct dp_addr *client)
{
	const char *lines[RULES + LIMITS + 1] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < z->count - LIMITS; i++)
		if (applies(z, z->group[i], client))
			lines[n++] = z->text[i];
	return unit_open(lines, NULL);
}

static void decide(const struct dp_policy *p, const struct dp_name *name,
    uint32_t audience, char line[400])
{
	struct dp_match m = dp_policy_match(p, name, audience);

	strcpy(line, "none");
	if (m.rule != DP_RULE_NONE)
		unit_rule_line(p, m.rule, line, 400);
}

static void audiences_are_policies_of_their_own(void)
{
	uint64_t seed = 5;
	unsigned various = 0, decided = 0;

	for (int round = 0; round < 400; round++) {
		struct unit_opened all, own;
		struct zones z;

		random_zones(&seed, &z);
		all = open_all(&z);
		for (int k = 0; k < 6; k++) {
			struct dp_addr client = random_client(&seed);
			uint32_t audience =
			    dp_policy_audience(all.policy, &client);

			own = open_for(&z, &client);
			for (int n = 0; n < 20; n++) {
				char text[40], got[400], want[400], any[400];
				struct dp_name name;

				random_pattern(&seed, text);
				name = unit_name(text);
				decide(all.policy, &name, audience, got);
				decide(all.policy, &name, 0, any);
				decide(own.policy, &name, 0, want);
				CU_ASSERT_STRING_EQUAL_FATAL(got, want);
				decided += strcmp(got, "none") != 0;
				various += strcmp(got, any) != 0;
			}
			unit_opened_close(&own);
		}
		unit_opened_close(&all);
	}
	/* Enough to mean something. */
	CU_ASSERT(decided > 20000);
	CU_ASSERT(various > 5000);
}

/* How many rules of its pattern stand before rule i; none says the same. */
static unsigned differs_from_those_before(const struct dp_policy *p, uint32_t i)
{
	char pattern[DP_NAME_TEXT_MAX], other[DP_NAME_TEXT_MAX];
	char line[400], before[400];
	unsigned n = 0;

	dp_policy_rule_text(p, i, pattern);
	unit_rule_line(p, i, line, sizeof(line));
	for (uint32_t k = i; k-- > 0; n++) {
		dp_policy_rule_text(p, k, other);
		if (strcmp(pattern, other) != 0)
			break;
		unit_rule_line(p, k, before, sizeof(before));
		CU_ASSERT_STRING_NOT_EQUAL(line, before);
	}
	return n;
}

static void rules_of_a_pattern_differ(void)
{
	uint64_t seed = 6;
	unsigned several = 0;

	for (int round = 0; round < 200; round++) {
		struct unit_opened o;
		struct zones z;
		uint32_t count;

		random_zones(&seed, &z);
		o = open_all(&z);
		count = dp_policy_rule_count(o.policy);
		for (uint32_t i = 1; i < count; i++)
			several += differs_from_those_before(o.policy, i);
		unit_opened_close(&o);
	}
	CU_ASSERT(several > 500);
}

UNIT_MAIN("unite", UNIT(each_audience_has_its_groups_only),
    UNIT(audiences_are_policies_of_their_own),
    UNIT(rules_of_a_pattern_differ))
