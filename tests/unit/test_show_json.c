#include "dp_config.h"

#include "tests/unit/compiled.h"

#include <jansson.h>

#include "tools/policy/show.h"

static json_t *shown(const struct dp_policy *policy)
{
	char *text = NULL;
	size_t size_b = 0;
	FILE *out = open_memstream(&text, &size_b);
	json_t *json;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL_FATAL(dp_show_json(out, policy), DP_OK);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	json = json_loadb(text, size_b, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	return json;
}

static void check(const char *zone, const char *key, const char *want)
{
	struct compiled c = compile(zone);
	json_t *json, *wanted = json_loads(want, 0, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
	CU_ASSERT_PTR_NOT_NULL_FATAL(wanted);
	json = shown(c.policy);
	CU_ASSERT(json_equal(json_object_get(json, key), wanted));
	if (!json_equal(json_object_get(json, key), wanted))
		json_dumpf(json, stdout, 0);
	json_decref(wanted);
	json_decref(json);
	compiled_free(&c);
}

static void rules_and_groups_are_shown(void)
{
	check(SOA("g.dnspin"), "rules", "[]");
	check(SOA("g.dnspin"), "groups",
	    "[{\"name\":\"g\",\"apex\":\"g.dnspin\",\"serial\":7,"
	    "\"text\":[],\"clients\":[]}]");
	check(SOA("g") "a TXT \"allow\" \"tcp/80\"\na APL 2:2001:db8::/32\n"
	    SOA("h") "@ TXT \"k=\\\"v\" \"k=\\195\\164\" \"k=\\255\"\n"
	    "*.a TXT \"deny\"\na TXT \"allow\" \"udp/1\"\n", "rules",
	    "[{\"pattern\":\"a\",\"verdict\":\"allow\",\"groups\":[\"g\","
	    "\"h\"],\"services\":[\"tcp/80\",\"udp/1\"],"
	    "\"pins\":[\"2001:db8::/32\"],\"clients\":[]},"
	    "{\"pattern\":\"*.a\",\"verdict\":\"deny\",\"groups\":[\"h\"],"
	    "\"services\":[],\"pins\":[],\"clients\":[]}]");
	check(SOA("h") "@ TXT \"k=\\\"v\" \"k=\\195\\164\" \"k=\\255\"\n",
	    "groups",
	    "[{\"name\":\"h\",\"apex\":\"h\",\"serial\":7,"
	    "\"text\":[\"k=\\\"v\",\"k=\\u00e4\",\"k=\\\\255\"],\"clients\":[]}]");
}

static void clients_are_shown(void)
{
	static const char zones[] = SOA("g") "a CNAME .\n" SOA("h")
	    "@ APL 1:10.0.0.0/8 2:fd00::/8\na CNAME .\nb CNAME .\n";

	check(zones, "groups",
	    "[{\"name\":\"g\",\"apex\":\"g\",\"serial\":7,\"text\":[],"
	    "\"clients\":[]},{\"name\":\"h\",\"apex\":\"h\",\"serial\":7,"
	    "\"text\":[],\"clients\":[\"10.0.0.0/8\",\"fd00::/8\"]}]");
	check(zones, "rules",
	    "[{\"pattern\":\"a\",\"verdict\":\"deny\",\"groups\":[\"g\"],"
	    "\"services\":[],\"pins\":[],\"clients\":[\"0.0.0.0/0\","
	    "\"::/0\",\"!10.0.0.0/8\",\"!fd00::/8\"]},"
	    "{\"pattern\":\"a\",\"verdict\":\"deny\",\"groups\":[\"g\","
	    "\"h\"],\"services\":[],\"pins\":[],\"clients\":["
	    "\"10.0.0.0/8\",\"fd00::/8\"]},"
	    "{\"pattern\":\"b\",\"verdict\":\"deny\",\"groups\":[\"h\"],"
	    "\"services\":[],\"pins\":[],\"clients\":[\"10.0.0.0/8\","
	    "\"fd00::/8\"]}]");
}

static void settings_and_seal_are_shown(void)
{
	struct compiled c = compile(SOA("g"));
	json_t *json;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
	json = shown(c.policy);
	CU_ASSERT(json_is_null(json_object_get(json, "signer")));
	CU_ASSERT_EQUAL(json_string_length(json_object_get(json, "digest")),
	    2 * DP_POLICY_DIGEST_B);
	json_decref(json);
	compiled_free(&c);
	check(SOA("g"), "settings",
	    "{\"mode\":\"strict\",\"chain\":\"inherit\",\"pins\":\"report\","
	    "\"private-addresses\":\"refuse\",\"grace\":60,"
	    "\"min-lifetime\":300,\"max-lifetime\":86400,"
	    "\"map-capacity\":65536,\"module-order\":\"refuse\","
	    "\"barrier\":\"off\",\"barrier-timeout\":200,"
	    "\"event-ring\":65536,\"client-privacy\":\"none\","
	    "\"nft-table\":\"dnspin\"}");
}

UNIT_MAIN("show_json", UNIT(rules_and_groups_are_shown),
    UNIT(clients_are_shown),
    UNIT(settings_and_seal_are_shown))
