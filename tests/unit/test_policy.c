#include "dp_config.h"
#include "tests/unit/unit_policy.h"

#include <unistd.h>

#include "module/core/file.h"
#include "module/core/policy_d.h"

static const char *const lines[] = {
	"intune-core.dnspin: manage.example allow tcp/80 tcp/443 192.0.2.0/24",
	"intune-core.dnspin: *.manage.example allow udp/53 tcp/443",
	"other.zone: *.manage.example allow tcp/80 2001:db8::/32",
	"dnspin: legacy.manage.example deny",
	"other.zone: * deny",
	"x.intune-dnspin: a\\.b.example allow",
	NULL,
};

static void everything_is_read_out(void)
{
	static const char *const want[] = {
		"* deny groups=other.zone",
		"a\\046b.example allow groups=x.intune-dnspin",
		"manage.example allow groups=intune-core "
		"services=tcp/80,tcp/443 pins=192.0.2.0/24",
		"*.manage.example allow groups=intune-core,other.zone "
		"services=tcp/80,tcp/443,udp/53 pins=2001:db8::/32",
		"legacy.manage.example deny groups=dnspin",
	};
	/* how long the base is in wire form, the first group, pins */
	static const char *const want_told[] = {
		"* 1 other.zone",
		"= 13 x.intune-dnspin",
		"= 16 intune-core pins",
		"* 16 intune-core pins",
		"= 23 dnspin",
	};
	struct dp_rule_told told;
	struct dp_settings settings;
	struct dp_policy *p;
	char line[400];
	size_t size_b;
	uint8_t *bytes;

	dp_settings_default(&settings);
	settings.value[DP_SET_MODE] = DP_MODE_OBSERVE;
	settings.value[DP_SET_GRACE] = 61;
	memcpy(settings.nft_table, "other", 6);
	bytes = unit_policy_bytes(lines, &settings, &size_b);
	p = unit_policy(bytes, size_b);
	CU_ASSERT_EQUAL_FATAL(dp_policy_rule_count(p), 5);
	for (uint32_t i = 0; i < 5; i++) {
		unit_rule_line(p, i, line, sizeof(line));
		CU_ASSERT_STRING_EQUAL(line, want[i]);
		dp_policy_rule_told(p, i, &told);
		snprintf(line, sizeof(line), "%c %u %.*s%s",
		    told.wildcard ? '*' : '=', told.base_b,
		    told.group_b, told.group, told.pinned ? " pins" : "");
		CU_ASSERT_STRING_EQUAL(line, want_told[i]);
	}
	CU_ASSERT_EQUAL(memcmp(dp_policy_settings(p)->value, settings.value,
			    sizeof(settings.value)),
	    0);
	CU_ASSERT_STRING_EQUAL(dp_policy_settings(p)->nft_table, "other");
	CU_ASSERT_PTR_NULL(dp_policy_signer(p));
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(dp_policy_file_id(p)[i], 0);
	dp_policy_close(&p);
	CU_ASSERT_PTR_NULL(p);
	dp_policy_close(&p);
	free(bytes);
}

static void groups_are_read_out(void)
{
	/* In canonical order of the apexes. */
	static const struct {
		const char *apex;
		const char *name;
	} want[] = {
		{ "dnspin", "dnspin" },
		{ "intune-core.dnspin", "intune-core" },
		{ "x.intune-dnspin", "x.intune-dnspin" },
		{ "other.zone", "other.zone" },
	};
	char text[DP_NAME_TEXT_MAX];
	struct dp_group_info group;
	struct dp_policy *p;
	size_t size_b;
	uint8_t *bytes = unit_policy_bytes(lines, NULL, &size_b);

	p = unit_policy(bytes, size_b);
	CU_ASSERT_EQUAL_FATAL(dp_policy_group_count(p), 4);
	for (uint32_t i = 0; i < 4; i++) {
		dp_policy_group(p, i, &group);
		dp_name_to_text(&group.apex, text);
		CU_ASSERT_STRING_EQUAL(text, want[i].apex);
		dp_policy_group_name(p, i, text);
		CU_ASSERT_STRING_EQUAL(text, want[i].name);
		CU_ASSERT_EQUAL(group.serial, 7);
		CU_ASSERT_EQUAL_FATAL(group.text_b, 12);
		CU_ASSERT_EQUAL(memcmp(group.text, "\7title=A\3b=c", 12), 0);
	}
	dp_policy_close(&p);
	free(bytes);
}

static void services_and_text(void)
{
	static const struct {
		const char *text;
		uint8_t protocol; /* 0: refused */
		uint16_t port;
	} cases[] = {
		{ "tcp/443", 6, 443 }, { "udp/53", 17, 53 },
		{ "tcp/1", 6, 1 }, { "udp/65535", 17, 65535 },
		{ "tcp/0", 0, 0 }, { "tcp/65536", 0, 0 },
		{ "tcp/99999", 0, 0 }, { "tcp/4294967739", 0, 0 },
		{ "tcp/", 0, 0 }, { "tcp", 0, 0 }, { "", 0, 0 },
		{ "t", 0, 0 }, { "tcp/0443", 0, 0 }, { "tcp/443 ", 0, 0 },
		{ "tcp/44x", 0, 0 }, { "TCP/443", 0, 0 }, { "icmp/1", 0, 0 },
		{ "443/tcp", 0, 0 }, { "tcp/-1", 0, 0 }, { "sctp/9", 0, 0 },
	};
	char text[DP_SERVICE_TEXT_MAX];
	struct dp_service s;
	struct dp_diag diag;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum dp_err err = dp_service_from_text(&s, cases[i].text,
		    &diag);

		if (cases[i].protocol == 0) {
			CU_ASSERT_EQUAL(err, DP_ERR_SYNTAX);
			CU_ASSERT_STRING_EQUAL(diag.object, cases[i].text);
			CU_ASSERT_PTR_NOT_NULL(
			    strstr(diag.reason, "write tcp/PORT"));
			continue;
		}
		CU_ASSERT_EQUAL_FATAL(err, DP_OK);
		CU_ASSERT_EQUAL(s.protocol, cases[i].protocol);
		CU_ASSERT_EQUAL(s.port, cases[i].port);
		CU_ASSERT_EQUAL(dp_service_to_text(s, text),
		    strlen(cases[i].text));
		CU_ASSERT_STRING_EQUAL(text, cases[i].text);
	}
}

static void files_are_opened(void)
{
	char dir[] = "policy-test-XXXXXX", path[64];
	struct dp_policy *p = NULL;
	struct dp_diag diag;
	uint64_t id[4];
	size_t size_b;
	uint8_t *bytes = unit_policy_bytes(lines, NULL, &size_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/policy", dir);
	CU_ASSERT_EQUAL(dp_policy_open(&p, path, NULL, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_STRING_EQUAL(diag.object, path);
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, bytes, size_b, 0644, NULL),
	    DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_policy_open(&p, path, NULL, &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_policy_rule_count(p), 5);
	CU_ASSERT_EQUAL_FATAL(dp_file_identify(id, path), DP_OK);
	CU_ASSERT_EQUAL(memcmp(id, dp_policy_file_id(p), sizeof(id)), 0);
	dp_policy_close(&p);
	bytes[size_b - 1] ^= 1;
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, bytes, size_b, 0644, NULL),
	    DP_OK);
	CU_ASSERT_EQUAL(dp_policy_open(&p, path, NULL, &diag), DP_ERR_DIGEST);
	CU_ASSERT_STRING_EQUAL(diag.object, path);
	CU_ASSERT_PTR_NULL(p);
	unlink(path);
	rmdir(dir);
	free(bytes);
}

/* Of a file that cannot be opened, as one of another version. */
static void signatures_are_seen_in_any_version(void)
{
	static const struct {
		const char *magic;
		uint32_t version, flags;
		size_t size_b;
		bool want;
	} cases[] = {
		{ DP_POLICY_MAGIC, 1, DP_POLICY_SIGNED, 400, true },
		{ DP_POLICY_MAGIC, 9, DP_POLICY_SIGNED | 8, 28, true },
		{ DP_POLICY_MAGIC, DP_POLICY_VERSION, DP_POLICY_SIGNED, 28,
		    true },
		{ DP_POLICY_MAGIC, 1, DP_POLICY_SIGNED, 27, false },
		{ DP_POLICY_MAGIC, 1, DP_POLICY_SIGNED, 0, false },
		{ DP_POLICY_MAGIC, 1, 0, 400, false },
		{ "DNSPINMP", 1, DP_POLICY_SIGNED, 400, false },
	};
	char dir[] = "policy-test-XXXXXX", path[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/policy", dir);
	CU_ASSERT_FALSE(dp_policy_claims_signature(path));
	CU_ASSERT_FALSE(dp_policy_claims_signature(dir));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_policy_d head = { .version = cases[i].version,
			.flags = cases[i].flags };

		memcpy(head.magic, cases[i].magic, sizeof(head.magic));
		CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, &head,
		    cases[i].size_b, 0644, NULL), DP_OK);
		CU_ASSERT_EQUAL(dp_policy_claims_signature(path),
		    cases[i].want);
	}
	unlink(path);
	rmdir(dir);
}

UNIT_MAIN("policy", UNIT(everything_is_read_out), UNIT(groups_are_read_out),
    UNIT(services_and_text), UNIT(files_are_opened),
    UNIT(signatures_are_seen_in_any_version))
