#include "dp_config.h"

#include "tests/unit/compiled.h"

/* "group/allow|deny pattern services pins" per rule, ';' between. */
static void describe(const struct dp_policy *p, char *out, size_t size_b)
{
	char text[DP_NAME_TEXT_MAX];
	size_t n = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < dp_policy_rule_count(p); i++) {
		struct dp_rule_info rule;

		dp_policy_rule(p, i, &rule);
		n += (size_t)snprintf(out + n, size_b - n, "%s", i ? ";" : "");
		for (uint32_t k = 0; k < rule.group_count; k++) {
			dp_policy_group_name(p, dp_policy_rule_group(p, i, k),
			    text);
			n += (size_t)snprintf(out + n, size_b - n, "%s/",
			    text);
		}
		dp_policy_rule_text(p, i, text);
		n += (size_t)snprintf(out + n, size_b - n, "%s %s",
		    rule.allow ? "allow" : "deny", text);
		for (uint32_t k = 0; k < rule.service_count; k++) {
			dp_service_to_text(dp_policy_rule_service(p, i, k),
			    text);
			n += (size_t)snprintf(out + n, size_b - n, " %s",
			    text);
		}
		for (uint32_t k = 0; k < rule.pin_count; k++) {
			struct dp_prefix pin = dp_policy_rule_pin(p, i, k);

			dp_prefix_to_text(&pin, text);
			n += (size_t)snprintf(out + n, size_b - n, " %s",
			    text);
		}
	}
}

static void check(const char *text, const char *want)
{
	struct compiled c = compile(text);
	char out[2048] = "";

	CU_ASSERT_EQUAL(c.err, DP_OK);
	if (c.err)
		printf("\n%s:%lu: %s\n", c.diag.object, c.diag.line,
		    c.diag.reason);
	else
		describe(c.policy, out, sizeof(out));
	CU_ASSERT_STRING_EQUAL(out, want);
	if (strcmp(out, want) != 0)
		printf("\n%s\n%s\n", text, out);
	compiled_free(&c);
}

static void rules_are_read(void)
{
	check(SOA("g.dnspin")
	    "a.example TXT \"allow\" \"tcp/80\" \"udp/53\"\n"
	    "b.example TXT allow\n"
	    "*.B.Example TXT \"deny\"\n",
	    "g/allow a.example tcp/80 udp/53;g/allow b.example;"
	    "g/deny *.b.example");
	/* Pins in any number of records, before and behind the TXT. */
	check(SOA("g.dnspin")
	    "a.example APL 1:192.0.2.0/24\n"
	    " TXT \"allow\"\n"
	    " APL ( 2:2001:db8::/32\n 1:192.0.2.0/24 1:10.0.0.1/32 )\n",
	    "g/allow a.example 10.0.0.1/32 192.0.2.0/24 2001:db8::/32");
	/* Response Policy Zones. */
	check("$ORIGIN rpz.example.\n$TTL 60\n"
	    "@ IN SOA a. b. ( 1 1h 1h 1d 60 )\n@ IN NS localhost.\n"
	    "a.example IN CNAME rpz-passthru.\n"
	    "*.a.example 60 IN CNAME RPZ-PASSTHRU.\n"
	    "x.a.example IN CNAME .\n* CNAME .\n",
	    "rpz.example/deny *;rpz.example/allow a.example;"
	    "rpz.example/allow *.a.example;rpz.example/deny x.a.example");
	/* A signed zone. */
	check(SOA("g")
	    "@ RRSIG x\n@ DNSKEY x\n@ NSEC3PARAM 1 0 0 -\n@ ZONEMD x\n"
	    "@ TXT \"title=t\"\n@ CDS x\n"
	    "a.example TXT \"allow\"\na.example RRSIG TXT 8 2 60 x\n"
	    "a.example NSEC b.example TXT RRSIG NSEC\n"
	    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 x\n",
	    "g/allow a.example");
	/* A zone without rules is a group all the same. */
	check(SOA("g"), "");
}

static void several_zones_may_follow(void)
{
	check(SOA("g") "a.example TXT \"allow\" \"tcp/80\"\n"
	    SOA("h") "a.example TXT \"allow\" \"tcp/443\"\n"
	    "b.example TXT \"deny\"\n"
	    SOA("i") "b.example TXT \"allow\"\n",
	    "g/h/allow a.example tcp/80 tcp/443;h/i/deny b.example");
	/* A transfer ends as it begins. */
	check("g. SOA a. b. 7 1 1 1 1\na.example.g. TXT \"allow\"\n"
	    "g. SOA a. b. 7 1 1 1 1\nh. SOA a. b. 7 1 1 1 1\n",
	    "g/allow a.example");
}

static void groups_keep_serial_and_text(void)
{
	static const uint8_t text[] = "\11title=a b\6note=\377\002k=";
	struct compiled c = compile("$ORIGIN g.dnspin.\n"
	    "@ SOA a. b. 4294967295 1 1 1 1\n"
	    "@ TXT \"title=a b\" \"note=\\255\"\n@ TXT \"k=\"\n"
	    "\\000.example TXT \"allow\"\n");
	struct dp_group_info group;

	CU_ASSERT_EQUAL_FATAL(c.err, DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_policy_group_count(c.policy), 1);
	dp_policy_group(c.policy, 0, &group);
	CU_ASSERT_EQUAL(group.serial, UINT32_MAX);
	CU_ASSERT_EQUAL_FATAL(group.text_b, sizeof(text) - 1);
	CU_ASSERT_EQUAL(memcmp(group.text, text, sizeof(text) - 1), 0);
	compiled_free(&c);
}

/* Zone text behind an SOA that takes two lines. */
static const struct {
	const char *text;
	unsigned long line;
	const char *reason;
} wrong_rules[] = {
	{ "a TXT \"permit\"\n", 3, "permit: a rule begins with" },
	{ "a TXT \"Allow\"\n", 3, "Allow: a rule begins with" },
	{ "\n\na TXT (\n\"allow\"\n\"http\" )\n", 7, "http" },
	{ "a TXT \"allow\" \"tcp/0\"\n", 3, "tcp/0" },
	{ "a TXT \"allow\" \"tcp/65536\"\n", 3, "tcp/65536" },
	{ "a TXT \"allow\" \"tcp/80\\000\"\n", 3, "tcp/80\\000" },
	{ "a TXT \"deny\" \"tcp/80\"\n", 3, "services behind \"deny\"" },
	{ "a TXT \"allow\"\na TXT \"allow\"\n", 4, "stands on line 3" },
	{ "a TXT \"allow\"\nb TXT \"allow\"\nA TXT \"deny\"\n", 5,
	    "line 3" },
	{ "a TXT \"allow\"\nb TXT \"allow\"\na APL 1:192.0.2.1/32\n", 5,
	    "pins (APL) without a rule" },
	{ "a APL 1:192.0.2.1/32\nb TXT \"allow\"\n", 3,
	    "pins (APL) without a rule" },
	{ "a TXT \"deny\"\na APL 1:192.0.2.1/32\n", 4, "at a denied name" },
	{ "a TXT \"allow\"\n@ APL 1:10.0.0.0/8\n", 4, "must stand in front" },
	{ "a TXT \"allow\"\n@ TXT \"title=t\"\n", 4, "must stand in front" },
	{ "@ APL !1:10.0.0.0/8\n", 3, "write the prefixes that remain" },
	{ "@ APL 1:10.0.0.1/8\n", 3, "host bits are set: write 10.0.0.0/8" },
	{ "@ APL 10.0.0.0/8\n", 3, "a prefix is written" },
	{ "@ APL (\n1:10.0.0.0/8\n2:::ffff:10.1.0.0/112 )\n", 3,
	    "write 1:10.1.0.0/16" },
	{ "@ APL\n", 3, "APL without data" },
	{ "@ AAAA 2001:db8::1\n", 3, "SOA, NS, TXT and APL" },
	{ "a APL !1:192.0.2.1/32\n", 3, "exceptions ('!')" },
	{ "a APL 3:192.0.2.1/32\n", 3, "a prefix is written" },
	{ "a APL 192.0.2.1/32\n", 3, "a prefix is written" },
	{ "a APL 1:192.0.2.1\n", 3, "write 1:192.0.2.1/32" },
	{ "a APL 2:192.0.2.1/32\n", 3, "write 1:192.0.2.1/32" },
	{ "a APL 1:2001:db8::/32\n", 3, "write 2:2001:db8::/32" },
	{ "a APL 1:192.0.2.1/24\n", 3, "192.0.2.0/24" },
	{ "a APL 1:0.0.0.0/256\n", 3, "0.0.0.0/256" },
	{ "a APL 1:10.0.0.0/8x\n", 3, "10.0.0.0/8x" },
	{ "a APL 1:10.0.0/8\n", 3, "10.0.0/8" },
	{ "a APL (\n1:192.0.2.0/24\n\n1:192.0.2.1/24 )\n", 6,
	    "192.0.2.0/24" },
	{ "a CNAME rpz-drop.\n", 3, "CNAME rpz-drop.: of Response" },
	{ "a CNAME rpz-tcp-only.\n", 3, "CNAME rpz-tcp-only." },
	{ "a CNAME *.\n", 3, "CNAME *." },
	{ "a CNAME b\n", 3, "CNAME b.g.: of Response" },
	{ "a CNAME . .\n", 3, "one target" },
	{ "a CNAME .\na CNAME rpz-passthru.\n", 4, "beside the CNAME" },
	{ "a CNAME .\na TXT \"allow\"\n", 4, "beside the CNAME on line 3" },
	{ "a TXT \"allow\"\na CNAME .\n", 4, "a second rule" },
	{ "a CNAME rpz-passthru.\na APL 1:192.0.2.1/32\n", 4,
	    "write TXT \"allow\" for the CNAME" },
	{ "a APL 1:192.0.2.1/32\na CNAME rpz-passthru.\n", 4,
	    "write TXT \"allow\" for the CNAME" },
	{ "32.1.2.0.192.rpz-ip CNAME .\n", 3, "not supported" },
	{ "*manage.microsoft.com TXT \"allow\"\n", 3,
	    "*manage.microsoft.com: '*' must be a label of its own: write "
	    "manage.microsoft.com and" },
	{ "#-courier.push.apple.com TXT \"allow\"\n", 3,
	    "as 0-courier.push.apple.com" },
	{ "b\xfc"
	  "cher.example TXT \"allow\"\n", 3, "b?cher.example: not a name: it "
	    "is not in UTF-8" },
	{ "\xc3\xbc TXT \"allow\"\nXN--TDA TXT \"deny\"\n", 4,
	    "a second rule for this name" },
	{ "*\xc3\xbc TXT \"allow\"\n", 3, "'*' must be a label of its own" },
	{ "a A 192.0.2.1\n", 3, "records of type A are not supported" },
	{ "a FOO\n", 3, "records of type FOO are not supported" },
	{ "a NS b.\n", 3, "records of type NS are not supported" },
	{ "a CH TXT \"allow\"\n", 3, "class CH" },
	{ "$INCLUDE x\n", 3, "$INCLUDE is not supported" },
	{ "a.example. TXT \"allow\"\n", 3,
	    "a.example: stands outside of the zone g" },
	{ "@ TXT \"allow\"\n", 3, "allow: no key=value" },
	{ "@ TXT a=b \"clients=10.0.0.0/8\"\n", 3,
	    "clients=10.0.0.0/8: a text limits no zone" },
	{ "@ A 192.0.2.1\n", 3, "A at the zone's own name" },
	{ "@ CNAME .\n", 3, "CNAME at the zone's own name" },
	{ "a TXT \"allow\"\nb TXT \"allow\"\n@ TXT \"k=v\"\n", 5,
	    "in front of its rules" },
	{ "@ SOA a. b. 8 1 1 1 1\n", 3, "a second SOA of this zone" },
	{ "@ SOA a. b. 7 1 1 1 1\na TXT \"allow\"\n", 4,
	    "a record in front of the zone's SOA" },
	{ "h. SOA a. b. 7 1 1 1\n", 3, "seven fields" },
	{ "h. SOA a. b. 4294967296 1 1 1 1\n", 3, "no number of 0 to" },
	{ "h. SOA a. b. x 1 1 1 1\n", 3, "no number of 0 to" },
	{ "h. SOA a. b..c. 1 1 1 1 1\n", 3, "b..c.: not a name" },
	{ ". SOA a. b. 1 1 1 1 1\n", 3, "the root is no group's name" },
	{ SOA("h") SOA("g"), 6, "was read before" },
	/* Both are printed as group g. */
	{ SOA("g.dnspin"), 4, "g.dnspin: a zone of this group was read before" },
	{ "a TXT \"allow\n", 3, "a quote is not closed" },
	{ "a TXT ( \"allow\"\n\n", 3, "a '(' that is never closed" },
};

static void wrong_rules_are_said_with_their_line(void)
{
	for (size_t i = 0; i < sizeof(wrong_rules) / sizeof(wrong_rules[0]);
	     i++) {
		char text[512];
		struct compiled c;

		snprintf(text, sizeof(text), SOA("g") "%s",
		    wrong_rules[i].text);
		c = compile(text);
		CU_ASSERT_EQUAL(c.err, DP_ERR_SYNTAX);
		CU_ASSERT_STRING_EQUAL(c.diag.object, "t.zone");
		CU_ASSERT_EQUAL(c.diag.line, wrong_rules[i].line);
		CU_ASSERT_PTR_NOT_NULL(strstr(c.diag.reason,
		    wrong_rules[i].reason));
		if (!c.err || c.diag.line != wrong_rules[i].line ||
		    !strstr(c.diag.reason, wrong_rules[i].reason))
			printf("\n%s:%lu: %s\n", wrong_rules[i].text,
			    c.diag.line, c.err ? c.diag.reason : "taken");
		compiled_free(&c);
	}
}

static void what_is_no_zone_is_an_error(void)
{
	static const struct {
		const char *text;
		size_t len; /* 0: strlen */
		unsigned long line;
		const char *reason;
	} cases[] = {
		{ "", 0, 0, "holds no zone" },
		{ "; only a comment\n", 0, 0, "holds no zone" },
		{ "$ORIGIN g.\n", 0, 0, "holds no zone" },
		{ "\nhello\n", 0, 2, "hello: a relative name" },
		{ "\na. TXT \"allow\"\n", 0, 2, "in front of the zone's SOA" },
		{ "a\0b", 3, 1, "a NUL byte" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct compiled c = compile_bytes(cases[i].text,
		    cases[i].len ? cases[i].len : strlen(cases[i].text));

		CU_ASSERT_EQUAL(c.err, DP_ERR_SYNTAX);
		CU_ASSERT_EQUAL(c.diag.line, cases[i].line);
		CU_ASSERT_PTR_NOT_NULL(strstr(c.diag.reason,
		    cases[i].reason));
		if (!strstr(c.diag.reason, cases[i].reason))
			printf("\n%s\n", c.diag.reason);
		compiled_free(&c);
	}
}

/* "GROUP: PREFIX..." per group, ';' between. */
static void describe_clients(const struct dp_policy *p, char *out,
    size_t size_b)
{
	char text[DP_NAME_TEXT_MAX];
	size_t n = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < dp_policy_group_count(p); i++) {
		struct dp_group_info group;
		struct dp_client client;
		uint32_t cursor = 0;

		dp_policy_group(p, i, &group);
		dp_policy_group_name(p, i, text);
		n += (size_t)snprintf(out + n, size_b - n, "%s%s:",
		    i ? ";" : "", text);
		while (dp_policy_client_next(p, group.audiences, &cursor,
		    &client)) {
			dp_client_to_text(&client, text);
			n += (size_t)snprintf(out + n, size_b - n, " %s", text);
		}
	}
}

static void clients_are_read(void)
{
	static const struct {
		const char *text;
		const char *clients;
	} cases[] = {
		{ SOA("g"), "g: 0.0.0.0/0 ::/0" },
		{ SOA("g") "@ APL 1:10.20.0.0/16 2:fd00:20::/48\n",
		    "g: 10.20.0.0/16 fd00:20::/48" },
		/* Several records unite; what adds nothing goes. */
		{ SOA("g") "@ APL 1:10.20.0.0/16\n@ NS a.\n"
		    "@ APL 1:10.0.0.0/8 1:192.0.2.1/32\na TXT allow\n",
		    "g: 10.0.0.0/8 192.0.2.1/32" },
		{ SOA("g") "@ APL 2:::/0 1:0.0.0.0/0\n", "g: 0.0.0.0/0 ::/0" },
		/* A zone's own, not those of the zone before it. */
		{ SOA("g") "@ APL 1:10.0.0.0/8\na CNAME .\n" SOA("h")
		    "b CNAME .\n" SOA("i") "@ APL 1:10.1.0.0/16\n",
		    "g: 10.0.0.0/8;h: 0.0.0.0/0 ::/0;i: 10.1.0.0/16" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct compiled c = compile(cases[i].text);
		char out[2048] = "";

		CU_ASSERT_EQUAL_FATAL(c.err, DP_OK);
		describe_clients(c.policy, out, sizeof(out));
		CU_ASSERT_STRING_EQUAL(out, cases[i].clients);
		compiled_free(&c);
	}
}

/* However a good zone is cut off, it is read or refused with a reason. */
static void cut_zones_are_read_or_refused(void)
{
	static const char text[] = SOA("g.dnspin")
	    "@ TXT ( \"title=t\" )\n@ APL 1:10.0.0.0/8\n"
	    "*.a.example TXT \"allow\" \"tcp/80\" ; comment\n"
	    "*.a.example APL 1:192.0.2.0/24 2:2001:db8::/32\n"
	    "b\\010\\.c.example CNAME rpz-passthru.\n";

	for (size_t len = 0; len < sizeof(text); len++) {
		struct compiled c = compile_bytes(text, len);

		CU_ASSERT(c.err == DP_OK || c.err == DP_ERR_SYNTAX);
		CU_ASSERT(!c.err || c.diag.reason[0] != '\0');
		compiled_free(&c);
	}
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		for (int bit = 0; bit < 8; bit++) {
			char flipped[sizeof(text)];
			struct compiled c;

			memcpy(flipped, text, sizeof(text));
			flipped[i] = (char)(flipped[i] ^ (1 << bit));
			c = compile_bytes(flipped, sizeof(text) - 1);
			CU_ASSERT(c.err == DP_OK || c.err == DP_ERR_SYNTAX);
			compiled_free(&c);
		}
}

static void long_text_of_the_apex_has_a_limit(void)
{
	char *text = malloc(80000), string[300] = "k=";
	struct compiled c;
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(string + 2, 'x', 253);
	n = (size_t)sprintf(text, SOA("g"));
	for (int i = 0; i < 255; i++)
		n += (size_t)sprintf(text + n, "%s \"%s\"",
		    i % 128 == 0 ? "\n@ TXT" : "", string);
	c = compile(text);
	CU_ASSERT_EQUAL(c.err, DP_OK);
	compiled_free(&c);
	sprintf(text + n, " \"%s\"", string);
	c = compile(text);
	CU_ASSERT_EQUAL(c.err, DP_ERR_SYNTAX);
	CU_ASSERT_PTR_NOT_NULL(strstr(c.diag.reason, "too long"));
	compiled_free(&c);
	free(text);
}

struct ticks {
	unsigned count;
	unsigned long line;
};

static void count_tick(void *arg, const char *file, unsigned long line)
{
	struct ticks *ticks = arg;

	CU_ASSERT_STRING_EQUAL(file, "x");
	CU_ASSERT(line > ticks->line);
	ticks->line = line;
	ticks->count++;
}

static void long_files_give_signs_of_life(void)
{
	struct ticks ticks = { 0, 0 };
	struct dp_zone_watch watch = { count_tick, &ticks };
	struct dp_ruleset *rs = NULL;
	FILE *in = tmpfile();

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	fputs(SOA("g"), in);
	for (int i = 0; i < 20000; i++)
		fprintf(in, "%d.example TXT \"allow\"\n", i);
	rewind(in);
	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	CU_ASSERT_EQUAL(dp_zone_read(rs, in, "x", &watch, NULL), DP_OK);
	CU_ASSERT(ticks.count >= 4);
	dp_ruleset_close(&rs);
	fclose(in);
}

UNIT_MAIN("zone", UNIT(rules_are_read), UNIT(several_zones_may_follow),
    UNIT(groups_keep_serial_and_text),
    UNIT(wrong_rules_are_said_with_their_line),
    UNIT(what_is_no_zone_is_an_error), UNIT(cut_zones_are_read_or_refused),
    UNIT(clients_are_read), UNIT(long_text_of_the_apex_has_a_limit),
    UNIT(long_files_give_signs_of_life))
