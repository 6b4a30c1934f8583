#include "dp_config.h"

#include "tests/unit/compiled.h"

#include "tools/policy/show.h"

#define OWNERS_MAX 2000

/* The first zone of the output, as a resolver reads it. */
struct rpz {
	char *text;
	const char *owner[OWNERS_MAX];
	bool allow[OWNERS_MAX];
	size_t count;
};

static void read_rpz(struct rpz *z, const struct dp_policy *policy,
    uint32_t audience)
{
	size_t size_b = 0;
	FILE *out = open_memstream(&z->text, &size_b);
	char *at, *end;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL_FATAL(dp_show_rpz(out, policy, audience), DP_OK);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	at = strstr(z->text, "@ NS localhost.\n");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	at += strlen("@ NS localhost.\n");
	end = strstr(at, "\n;; rest.rpz\n");
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	CU_ASSERT_PTR_NOT_NULL(strstr(end, "\n* CNAME .\n"
	    "\\000 CNAME .\n*.\\000 CNAME .\n"));
	*end = '\0';
	for (z->count = 0; *at; z->count++) {
		char *space = strchr(at, ' '), *line = strchr(at, '\n');

		CU_ASSERT_FATAL(z->count < OWNERS_MAX && space && line);
		*space = *line = '\0';
		z->owner[z->count] = at;
		z->allow[z->count] = strcmp(space + 1,
		    "CNAME rpz-passthru.") == 0;
		at = line + 1;
	}
}

static bool within(const char *name, const char *parent)
{
	size_t n = strlen(name), p = strlen(parent);

	return n >= p && strcmp(name + n - p, parent) == 0 &&
	    (n == p || p == 0 || name[n - p - 1] == '.');
}

/* RFC 4592: the name itself, else the wildcard at the closest encloser. */
static bool rpz_allows(const struct rpz *z, const char *name)
{
	const char *encloser = name;
	char wildcard[256];
	bool there = false;

	for (size_t i = 0; i < z->count; i++) {
		CU_ASSERT(i == 0 || strcmp(z->owner[i], z->owner[i - 1]));
		if (strcmp(z->owner[i], name) == 0)
			return z->allow[i];
	}
	for (; *encloser && !there; ) {
		for (size_t i = 0; i < z->count && !there; i++)
			there = within(z->owner[i], encloser);
		if (there)
			break;
		encloser += strcspn(encloser, ".");
		encloser += *encloser == '.';
	}
	/* An empty non-terminal is there, and has no data. */
	if (encloser == name)
		return false;
	snprintf(wildcard, sizeof(wildcard), "*%s%s", *encloser ? "." : "",
	    encloser);
	for (size_t i = 0; i < z->count; i++)
		if (strcmp(z->owner[i], wildcard) == 0)
			return z->allow[i];
	return false;
}

static void say_name(uint64_t *random, char *name, size_t size_b)
{
	size_t n = 0;

	for (uint64_t left = 1 + unit_random(random) % 5; left > 0; left--)
		n += (size_t)snprintf(name + n, size_b - n, "%s%c",
		    n ? "." : "", (char)('a' + unit_random(random) % 3));
}

/* Random policies over few labels, so that rules cover and hide each other. */
static void the_zones_judge_as_the_policy(void)
{
	static const char *const clients[] = { "", "", "@ APL 1:10.0.0.0/8\n",
		"@ APL 1:10.1.0.0/16 1:11.0.0.0/8\n" };
	uint64_t random = 1;
	uint32_t audience;

	for (int round = 0; round < 200; round++) {
		char text[4000], name[64];
		struct compiled c = { .err = DP_ERR_SYNTAX };
		struct rpz z;
		size_t n = (size_t)sprintf(text, SOA("g"));
		uint64_t rules = 1 + unit_random(&random) % 12;

		for (uint64_t i = 0; i < rules; i++) {
			bool star = unit_random(&random) % 2;

			say_name(&random, name, sizeof(name));
			/* One zone each: the same rule may come twice. */
			n += (size_t)sprintf(text + n,
			    "$ORIGIN g%d.\n@ SOA a. b. 7 1 1 1 1\n%s"
			    "%s%s TXT \"%s\"\n", (int)i,
			    clients[unit_random(&random) % 4],
			    star ? "*." : "", name,
			    unit_random(&random) % 3 ? "allow" : "deny");
		}
		c = compile(text);
		CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
		audience = (uint32_t)(unit_random(&random) %
		    dp_policy_audience_count(c.policy));
		read_rpz(&z, c.policy, audience);
		for (int i = 0; i < 200; i++) {
			struct dp_name wire;

			say_name(&random, name, sizeof(name));
			CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&wire, name,
			    NULL), DP_OK);
			CU_ASSERT_EQUAL_FATAL(rpz_allows(&z, name),
			    dp_policy_match(c.policy, &wire, audience).allow);
		}
		free(z.text);
		compiled_free(&c);
	}
}

UNIT_MAIN("show_rpz", UNIT(the_zones_judge_as_the_policy))
