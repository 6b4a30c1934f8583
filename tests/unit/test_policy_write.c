#include "dp_config.h"
#include "tests/unit/unit_policy.h"

#include "module/core/policy_hash.h"
#include "module/core/policy_view.h"

/*
 * tests/golden/policy-N.rules, compiled, is tests/golden/policy-N byte for
 * byte, so that no change of the layout goes unseen. After one that is meant
 * (a new version of the format) copy the file that the test leaves.
 */
#define GOLDEN "tests/golden/policy-4"

static FILE *open_golden(const char *suffix)
{
	const char *dir = getenv("DNSPIN_SRCDIR");
	char path[600];
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s%s", dir ? dir : ".", GOLDEN,
	    suffix);
	in = fopen(path, "rb");
	if (!in)
		fprintf(stderr, "%s is missing\n", path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	return in;
}

static uint8_t *compile_golden(size_t *size_b)
{
	static char text[16][200];
	const char *lines[17] = { NULL };
	FILE *in = open_golden(".rules");
	size_t n = 0;

	while (n < 16 && fgets(text[n], sizeof(text[n]), in)) {
		text[n][strcspn(text[n], "\n")] = '\0';
		lines[n] = text[n];
		n++;
	}
	fclose(in);
	return unit_policy_bytes(lines, NULL, size_b);
}

static void bytes_are_the_golden_ones(void)
{
	static uint8_t golden[8192];
	size_t size_b;
	uint8_t *bytes = compile_golden(&size_b);
	FILE *in = open_golden(""), *out;
	size_t golden_b = fread(golden, 1, sizeof(golden), in);

	fclose(in);
	CU_ASSERT_EQUAL(golden_b, size_b);
	if (golden_b != size_b || memcmp(golden, bytes, size_b) != 0) {
		out = fopen("policy-golden.new", "wb");
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		fwrite(bytes, 1, size_b, out);
		fclose(out);
		CU_FAIL("another layout: see policy-golden.new");
	}
	free(bytes);
}

static void golden_file_is_read(void)
{
	static _Alignas(8) uint8_t golden[8192];
	static const char *const want[] = {
		"* deny groups=example",
		"\\000\\046\\255.example allow groups=intune-core",
		"manage.example allow groups=intune-core "
		"services=tcp/80,tcp/443 pins=192.0.2.0/24",
		"*.manage.example allow groups=apple,intune-core "
		"services=tcp/443,udp/7680 pins=2001:db8::/32",
		"*.manage.example allow groups=apple,intune-core,lab "
		"services=tcp/443,tcp/8080,udp/7680 pins=2001:db8::/32",
		"legacy.manage.example deny groups=deny",
		"*.legacy.manage.example deny groups=deny",
		"portal.example allow groups=lab services=tcp/443",
		"*.push.example allow groups=apple services=tcp/5223",
	};
	FILE *in = open_golden("");
	size_t golden_b = fread(golden, 1, sizeof(golden), in);
	struct dp_policy *p;
	char line[300];

	fclose(in);
	p = unit_policy(golden, golden_b);
	CU_ASSERT_EQUAL_FATAL(dp_policy_rule_count(p), 9);
	for (uint32_t i = 0; i < 9; i++) {
		unit_rule_line(p, i, line, sizeof(line));
		CU_ASSERT_STRING_EQUAL(line, want[i]);
	}
	dp_policy_close(&p);
}

static void what_rules_share_is_kept_once(void)
{
	static const char *const lines[] = {
		"g: a.x allow tcp/443 192.0.2.0/24",
		"g: b.x allow 192.0.2.0/24 tcp/443", "g: *.a.x deny",
		"g: c.x deny tcp/443", "h: d.x allow tcp/443 192.0.2.0/24",
		NULL,
	};
	size_t size_b;
	uint8_t *bytes = unit_policy_bytes(lines, NULL, &size_b);
	const struct dp_policy_d *head = (const struct dp_policy_d *)bytes;

	CU_ASSERT_EQUAL(head->rules.count, 5);
	CU_ASSERT_EQUAL(head->traits.count, 3);
	CU_ASSERT_EQUAL(head->services.count, 2);
	CU_ASSERT_EQUAL(head->pins.count, 2);
	/* g and h with two texts of 12 octets, and four names: a.x once. */
	CU_ASSERT_EQUAL(head->names.count, 2 * (3 + 12) + 4 * 5);
	CU_ASSERT_EQUAL(head->wildcard_depth_max, 3);
	CU_ASSERT_EQUAL(head->table.count, 16);
	CU_ASSERT_EQUAL((uintptr_t)bytes % 16, 0);
	free(bytes);
}

static void no_byte_of_memory_leaks_into_the_file(void)
{
	static const char *const lines[] = { "g: a.x allow", NULL };
	struct dp_settings settings;
	size_t size_b, again_b;
	uint8_t *bytes = unit_policy_bytes(lines, NULL, &size_b), *again;

	dp_settings_default(&settings);
	memset(settings.nft_table + sizeof("dnspin"), 'x',
	    sizeof(settings.nft_table) - sizeof("dnspin"));
	again = unit_policy_bytes(lines, &settings, &again_b);
	CU_ASSERT_EQUAL_FATAL(again_b, size_b);
	CU_ASSERT_EQUAL(memcmp(again, bytes, size_b), 0);
	free(bytes);
	free(again);
}

static void probes_stay_short(void)
{
	enum { COUNT = 100000 };
	struct dp_settings settings;
	struct dp_ruleset *rs;
	struct dp_name apex = unit_name("g");
	struct dp_policy *p;
	uint32_t group;
	uint8_t *bytes;
	size_t size_b;

	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	CU_ASSERT_EQUAL_FATAL(
	    dp_ruleset_group(rs, &apex, 1, NULL, 0, &group, NULL), DP_OK);
	for (unsigned i = 0; i < COUNT; i++) {
		struct dp_rule_source rule = { .allow = true };
		char text[40];

		snprintf(text, sizeof(text), "host%u.example", i);
		rule.base = unit_name(text);
		rule.wildcard = i % 2;
		CU_ASSERT_EQUAL_FATAL(dp_ruleset_add(rs, group, &rule, NULL),
		    DP_OK);
	}
	dp_settings_default(&settings);
	CU_ASSERT_EQUAL_FATAL(
	    dp_ruleset_write(rs, &settings, &bytes, &size_b, NULL), DP_OK);
	/* The reader wants each rule within DP_POLICY_PROBE_MAX entries. */
	p = unit_policy(bytes, size_b);
	CU_ASSERT_EQUAL(dp_policy_rule_count(p), COUNT);
	dp_policy_close(&p);
	dp_ruleset_close(&rs);
	free(bytes);
}

/* Names that all want one place of a table of 1024: of 300 the last would stand
 * too far from it, so that the table must become larger. */
static void crowded_tables_grow(void)
{
	enum { COUNT = 300 };
	static char text[COUNT][40];
	const char *lines[COUNT + 1] = { NULL };
	const struct dp_policy_d *head;
	struct dp_policy *p;
	size_t size_b;
	uint8_t *bytes;

	for (unsigned i = 0, n = 0; n < COUNT; i++) {
		struct dp_suffixes s;
		struct dp_name name;

		snprintf(text[n], sizeof(text[n]), "g: n%u allow", i);
		lines[n] = text[n];
		text[n][strcspn(text[n] + 3, " ") + 3] = '\0';
		name = unit_name(text[n] + 3);
		text[n][strlen(text[n])] = ' ';
		dp_hash_suffixes(&s, name.wire);
		n += (dp_hash_key(s.hash[1], DP_HASH_EXACT) & 1023) == 5;
	}
	bytes = unit_policy_bytes(lines, NULL, &size_b);
	head = (const struct dp_policy_d *)bytes;
	CU_ASSERT_EQUAL(head->table.count, 2048);
	p = unit_policy(bytes, size_b);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct dp_rule_info rule;

		dp_policy_rule(p, i, &rule);
		CU_ASSERT_EQUAL(dp_policy_match(p, &rule.base, 0).rule, i);
	}
	dp_policy_close(&p);
	free(bytes);
}

static void too_much_text_is_refused(void)
{
	/* Never read: the limit is checked before anything is copied. */
	struct dp_policy_group group = { .text_b = (size_t)UINT32_MAX };
	const struct dp_policy_group *groups[] = { &group };
	struct dp_intern none = { .count = 0 };
	struct dp_settings settings;
	struct dp_audiences everybody = { .count = 1 };
	struct dp_policy_source source = { .settings = &settings,
		.groups = groups, .group_count = 1,
		.audiences = &everybody, .patterns = &none,
		.traits = &none };
	struct dp_diag diag;
	uint8_t *bytes = NULL;
	size_t size_b = 9;

	dp_settings_default(&settings);
	group.apex = unit_name("g");
	CU_ASSERT_EQUAL(dp_policy_write(&source, &bytes, &size_b, &diag),
	    DP_ERR_LIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "larger than 1073741824"));
	CU_ASSERT_PTR_NULL(bytes);
	CU_ASSERT_EQUAL(size_b, 9);
}

UNIT_MAIN("policy_write", UNIT(bytes_are_the_golden_ones),
    UNIT(golden_file_is_read), UNIT(what_rules_share_is_kept_once),
    UNIT(no_byte_of_memory_leaks_into_the_file), UNIT(probes_stay_short),
    UNIT(crowded_tables_grow),
    UNIT(too_much_text_is_refused))
