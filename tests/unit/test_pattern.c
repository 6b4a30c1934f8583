#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tools/policy/pattern.h"

static const struct {
	const char *owner; /* below g.dnspin */
	const char *base;  /* NULL: an error */
	bool wildcard;
	const char *reason; /* a part of the reason */
} cases[] = {
	{ "manage.microsoft.com", "manage.microsoft.com", false, NULL },
	{ "*.manage.microsoft.com", "manage.microsoft.com", true, NULL },
	{ "*", ".", true, NULL },
	{ "a\\000b.\\255.example", "a\\000b.\\255.example", false, NULL },
	{ "rpz-ip.example.com", "rpz-ip.example.com", false, NULL },
	{ "*manage.microsoft.com", NULL, false,
	    "write manage.microsoft.com and, for all names below it, "
	    "*.manage.microsoft.com" },
	{ "**.microsoft.com", NULL, false, "write each name out" },
	{ "a*b.example.com", NULL, false, "write each name out" },
	{ "x.*manage.example.com", NULL, false, "write each name out" },
	{ "*a*.example.com", NULL, false, "write each name out" },
	{ "a.*.example.com", NULL, false, "must be the first label" },
	{ "*.*.example.com", NULL, false, "must be the first label" },
	{ "\\042x.example.com", NULL, false, "write x.example.com and" },
	{ "#-courier.push.apple.com", NULL, false,
	    "as 0-courier.push.apple.com, 1-courier.push.apple.com and so on" },
	{ "a#.example.com", NULL, false, "write each name on a line" },
	{ "#.example.com", NULL, false, "0.example.com, 1.example.com" },
	{ "*.#.example.com", NULL, false, "*.0.example.com" },
	{ "32.1.2.0.192.rpz-ip", NULL, false, "not supported" },
	{ "32.1.2.0.192.rpz-client-ip", NULL, false, "limits the zone to clients" },
	{ "ns.example.com.rpz-nsdname", NULL, false, "not supported" },
	{ "https://www.example.com", NULL, false, "name of the host alone" },
	{ "*.example.com/login", NULL, false, "name of the host alone" },
	{ "example.com/a.html", NULL, false, "name of the host alone" },
	{ "arpa/x.html", NULL, false, "name of the host alone" },
	{ "[2001:db8::1]", NULL, false, "is an address, not a name" },
	{ "example.com:443", NULL, false, "as \"tcp/443\"" },
	{ "http://*.example.com", NULL, false, "name of the host alone" },
	{ "0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa", false,
	    NULL }, /* RFC 2317 */
	{ "32.1.2.0.192.rpz-nsip", NULL, false, "not supported" },
};

static void owners_become_patterns(void)
{
	struct dp_name apex;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&apex, "g.dnspin.", NULL),
	    DP_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_pattern pattern = { .wildcard = true };
		struct dp_diag diag = { .line = 0 };
		char text[DP_NAME_TEXT_MAX];
		struct dp_name owner;
		enum dp_err err;

		snprintf(text, sizeof(text), "%s.g.dnspin.", cases[i].owner);
		CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&owner, text, NULL),
		    DP_OK);
		err = dp_pattern_from_owner(&pattern, &owner, &apex, &diag);
		if (cases[i].base) {
			CU_ASSERT_EQUAL_FATAL(err, DP_OK);
			dp_name_to_text(&pattern.base, text);
			CU_ASSERT_STRING_EQUAL(text, cases[i].base);
			CU_ASSERT_EQUAL(pattern.wildcard, cases[i].wildcard);
			continue;
		}
		CU_ASSERT_EQUAL(err, DP_ERR_SYNTAX);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, cases[i].reason));
		if (!strstr(diag.reason, cases[i].reason))
			printf("\n%s: %s\n", diag.object, diag.reason);
	}
}

UNIT_MAIN("pattern", UNIT(owners_become_patterns))
