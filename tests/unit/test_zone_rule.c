#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "tools/policy/zone_rule.h"

/* Records of one name, in order; each stands on a line of its own, from 1. */
enum kind { END, TXT, APL, CNAME };

struct record {
	enum kind kind;
	const char *text; /* TXT: strings apart by blanks, else one item */
};

static struct dp_name name_of(const char *text)
{
	struct dp_name name;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&name, text, NULL), DP_OK);
	return name;
}

static enum dp_err txt(struct dp_zone_rule *r, const char *text,
    unsigned long line, struct dp_diag *diag)
{
	uint8_t octets[8][DP_STRING_MAX + 1];
	struct dp_string strings[8];
	char copy[256], *rest = NULL;
	size_t count = 0;

	CU_ASSERT_FATAL(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	for (char *word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		CU_ASSERT_FATAL(count < 8);
		octets[count][0] = (uint8_t)strlen(word);
		memcpy(octets[count] + 1, word, strlen(word));
		strings[count] = (struct dp_string){ octets[count], line };
		count++;
	}
	return dp_zone_rule_txt(r, strings, count, line, diag);
}

static enum dp_err take(struct dp_zone_rule *r, const struct record *record,
    unsigned long line, struct dp_diag *diag)
{
	struct dp_prefix pin;
	struct dp_name target;

	if (record->kind == TXT)
		return txt(r, record->text, line, diag);
	if (record->kind == APL) {
		CU_ASSERT_EQUAL_FATAL(dp_prefix_from_text(&pin, record->text,
		    NULL), DP_OK);
		return dp_zone_rule_apl(r, &pin, 1, line, diag);
	}
	target = name_of(record->text);
	return dp_zone_rule_cname(r, &target, line, diag);
}

static enum dp_err begin(struct dp_zone_rule *r, const char *owner,
    struct dp_diag *diag)
{
	struct dp_name apex = name_of("g"), name = name_of(owner);

	return dp_zone_rule_begin(r, &name, &apex, diag);
}

/* All records of one name, up to the first that is refused. */
static enum dp_err read_rule(struct dp_zone_rule *r, struct dp_ruleset *rs,
    uint32_t group, const char *owner, const struct record *records,
    struct dp_diag *diag)
{
	enum dp_err err = begin(r, owner, diag);

	for (size_t i = 0; !err && records[i].kind != END; i++)
		err = take(r, &records[i], i + 1, diag);
	return err ? err : dp_zone_rule_finish(r, rs, group, diag);
}

static struct dp_ruleset *ruleset(uint32_t *group)
{
	struct dp_name apex = name_of("g");
	struct dp_ruleset *rs = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_ruleset_group(rs, &apex, 1, NULL, 0, group,
	    NULL), DP_OK);
	return rs;
}

static void wrong_rules_are_said_with_their_line(void)
{
	static const struct {
		struct record records[4];
		unsigned long line;
		const char *reason;
	} cases[] = {
		{ { { TXT, "permit" } }, 1, "a rule begins with" },
		{ { { TXT, "allow tcp/80 http" } }, 1, "not a service" },
		{ { { TXT, "deny tcp/80" } }, 1, "services behind" },
		{ { { TXT, "allow" }, { TXT, "allow" } }, 2,
		    "the first stands on line 1" },
		{ { { TXT, "allow" }, { CNAME, "." } }, 2,
		    "the first stands on line 1" },
		{ { { CNAME, "." }, { TXT, "allow" } }, 2,
		    "beside the CNAME on line 1" },
		{ { { CNAME, "." }, { APL, "192.0.2.0/24" } }, 2,
		    "an APL beside the CNAME on line 1" },
		{ { { APL, "192.0.2.0/24" }, { CNAME, "." } }, 2,
		    "a CNAME beside the APL on line 1" },
		{ { { CNAME, "rpz-drop" } }, 1, "CNAME rpz-drop.: of" },
		{ { { APL, "192.0.2.0/24" } }, 1, "pins (APL) without a rule" },
		{ { { TXT, "deny" }, { APL, "192.0.2.0/24" },
		      { APL, "192.0.2.0/24" } }, 2, "at a denied name" },
	};
	struct dp_zone_rule r = { .open = false };
	uint32_t group;
	struct dp_ruleset *rs = ruleset(&group);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_diag diag = { .line = 0 };

		CU_ASSERT_EQUAL(read_rule(&r, rs, group, "a.g",
		    cases[i].records, &diag), DP_ERR_SYNTAX);
		CU_ASSERT_EQUAL(diag.line, cases[i].line);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, cases[i].reason));
		/* Nobody has to want the reason. */
		CU_ASSERT_EQUAL(read_rule(&r, rs, group, "a.g",
		    cases[i].records, NULL), DP_ERR_SYNTAX);
	}
	dp_zone_rule_free(&r);
	dp_ruleset_close(&rs);
}

static void bad_owners_begin_no_rule(void)
{
	struct dp_zone_rule r = { .open = false };
	struct dp_diag diag = { .line = 0 };

	CU_ASSERT_EQUAL(begin(&r, "a.*.g", &diag), DP_ERR_SYNTAX);
	CU_ASSERT_STRING_EQUAL(diag.object, "a.*");
	CU_ASSERT_FALSE(r.open);
	dp_zone_rule_free(&r);
}

/* What one rule had, the next one must not inherit with the memory. */
static void a_rule_begins_with_nothing(void)
{
	static const struct record full[] = {
		{ APL, "192.0.2.0/24" }, { TXT, "allow tcp/80 udp/53" },
		{ APL, "2001:db8::/32" }, { END, NULL } };
	static const struct record cname[] = {
		{ CNAME, "rpz-passthru" }, { END, NULL } };
	static const struct record bare[] = { { TXT, "deny" }, { END, NULL } };
	struct dp_zone_rule r = { .open = false };
	uint32_t group;
	struct dp_ruleset *rs = ruleset(&group);

	CU_ASSERT_EQUAL(read_rule(&r, rs, group, "*.a.g", full, NULL), DP_OK);
	CU_ASSERT_TRUE(r.allow && r.pattern.wildcard && !r.open);
	CU_ASSERT_EQUAL(r.service_count, 2);
	CU_ASSERT_EQUAL(r.pin_count, 2);
	CU_ASSERT_EQUAL(read_rule(&r, rs, group, "a.g", cname, NULL), DP_OK);
	CU_ASSERT_TRUE(r.allow && !r.pattern.wildcard);
	CU_ASSERT_EQUAL(r.service_count + r.pin_count, 0);
	CU_ASSERT_EQUAL(read_rule(&r, rs, group, "b.g", bare, NULL), DP_OK);
	CU_ASSERT_FALSE(r.allow);
	CU_ASSERT_EQUAL(r.service_count + r.pin_count, 0);
	dp_zone_rule_free(&r);
	dp_ruleset_close(&rs);
}

static void duplicates_name_the_line_of_the_rule(void)
{
	static const struct record records[] = {
		{ APL, "192.0.2.0/24" }, { TXT, "allow" }, { END, NULL } };
	struct dp_zone_rule r = { .open = false };
	struct dp_diag diag = { .line = 0 };
	uint32_t group;
	struct dp_ruleset *rs = ruleset(&group);

	CU_ASSERT_EQUAL(read_rule(&r, rs, group, "a.g", records, &diag), DP_OK);
	CU_ASSERT_EQUAL(read_rule(&r, rs, group, "A.g", records, &diag),
	    DP_ERR_SYNTAX);
	CU_ASSERT_EQUAL(diag.line, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "line 2"));
	dp_zone_rule_free(&r);
	dp_ruleset_close(&rs);
}

/* As many as there may be, in records of a few each. */
static void pins_of_many_records_unite(void)
{
	struct dp_zone_rule r = { .open = false };
	struct dp_prefix pin;
	unsigned sum = 0;

	CU_ASSERT_EQUAL_FATAL(begin(&r, "a.g", NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_prefix_from_text(&pin, "10.0.0.0/32", NULL),
	    DP_OK);
	for (unsigned i = 0; i < 1000; i++) {
		pin.addr.bytes[15] = (uint8_t)i;
		CU_ASSERT_EQUAL(dp_zone_rule_apl(&r, &pin, 1, i + 1, NULL),
		    DP_OK);
	}
	CU_ASSERT_EQUAL_FATAL(r.pin_count, 1000);
	CU_ASSERT_EQUAL(r.apl_line, 1);
	for (unsigned i = 0; i < 1000; i++)
		sum += r.pins[i].addr.bytes[15] == (uint8_t)i;
	CU_ASSERT_EQUAL(sum, 1000);
	dp_zone_rule_free(&r);
	CU_ASSERT_PTR_NULL(r.pins);
}

UNIT_MAIN("zone_rule", UNIT(wrong_rules_are_said_with_their_line),
    UNIT(bad_owners_begin_no_rule), UNIT(a_rule_begins_with_nothing),
    UNIT(duplicates_name_the_line_of_the_rule),
    UNIT(pins_of_many_records_unite))
