/*
 * The matcher against a naive one (naive.h): random policies, compiled as
 * dnspin compile does, and for each of them random names and clients. The first
 * difference ends it; what differs is printed.
 *
 * Ten million pairs of name and policy, fewer under a sanitizer. In the
 * environment, DNSPIN_MATCH_PAIRS=N says how many, DNSPIN_MATCH_SEED=N takes
 * others than those of each run.
 */
#include "dp_config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/dice.h"
#include "tests/fuzz/random.h"
#include "tools/policy/ruleset.h"
#include "tools/policy/zone.h"

#define PAIRS 10000000u
#define PAIRS_QUICK 1000000u
#define PAIRS_SANITIZED 200000u
#define NAMES 512 /* of each policy */
#define CLIENTS 8 /* of each policy */
#define ZONES 8	  /* one policy in so many is compiled from its zones, too */

/* One who asks, and what is to be expected for him. */
struct client {
	struct naive_prefix address;
	bool applies[NAIVE_GROUPS];
	uint32_t audience;
};

static struct {
	uint64_t exact, wildcard, none, allowed, limited;
} seen;

static void fail(const char *what, const struct dice_policy *dice)
{
	printf("FAILED  %s; the policy:\n", what);
	dice_policy_print(stdout, dice);
	exit(EXIT_FAILURE);
}

static void name_of(struct dp_name *out, const struct naive_name *name)
{
	uint8_t wire[NAIVE_OCTETS], *end = wire;

	for (unsigned i = 0; i < name->labels; i++) {
		*end++ = name->len[i];
		memcpy(end, name->octets + name->at[i], name->len[i]);
		end += name->len[i];
	}
	*end++ = 0;
	if (dp_name_from_wire(out, wire, (size_t)(end - wire)) != DP_OK)
		abort();
}

static struct dp_prefix prefix_of(const struct naive_prefix *prefix)
{
	struct dp_prefix out = { .len = (uint8_t)prefix->len };

	out.addr = prefix->family == 4 ? dp_addr_v4(prefix->bytes)
				       : dp_addr_v6(prefix->bytes);
	return out;
}

static void add_groups(struct dp_ruleset *rs, const struct dice_policy *dice)
{
	for (unsigned g = 0; g < dice->group_count; g++) {
		struct dp_name apex = { .len = 3,
			.wire = { 1, (uint8_t)('a' + g), 0 } };
		uint32_t number;

		if (dp_ruleset_group(rs, &apex, 1, (const uint8_t *)"", 0,
			&number, NULL) != DP_OK)
			abort();
		for (unsigned i = 0; i < dice->client_count[g]; i++) {
			struct dp_prefix p = prefix_of(&dice->clients[g][i]);

			if (dp_ruleset_limit(rs, number, &p, 1, NULL) != DP_OK)
				abort();
		}
	}
}

/* The compiled policy, malloc'd. */
static uint8_t *compile(const struct dice_policy *dice, size_t *size_b)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_ruleset *rs = NULL;
	struct dp_settings settings;
	uint8_t *bytes = NULL;

	dp_settings_default(&settings);
	if (dp_ruleset_new(&rs) != DP_OK)
		abort();
	add_groups(rs, dice);
	for (size_t i = 0; i < dice->rule_count; i++) {
		struct dp_rule_source rule = { .line = i,
			.wildcard = dice->rules[i].wildcard,
			.allow = dice->rules[i].allow };

		name_of(&rule.base, &dice->rules[i].base);
		if (dp_ruleset_add(rs, dice->rules[i].group, &rule, &diag) !=
		    DP_OK)
			fail(diag.reason, dice);
	}
	if (dp_ruleset_write(rs, &settings, &bytes, size_b, &diag) != DP_OK)
		fail(diag.reason, dice);
	dp_ruleset_close(&rs);
	return bytes;
}

/* The zones of the policy must say the same. */
static void check_zones(const struct dice_policy *dice, const uint8_t *bytes,
    size_t size_b)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_ruleset *rs = NULL;
	struct dp_settings settings;
	uint8_t *again = NULL;
	size_t again_b = 0, text_b;
	char *text;
	FILE *f = open_memstream(&text, &text_b);

	if (!f || dp_ruleset_new(&rs) != DP_OK)
		abort();
	dice_policy_print(f, dice);
	fclose(f);
	f = fmemopen(text, text_b, "r");
	dp_settings_default(&settings);
	if (!f || dp_zone_read(rs, f, "zones", NULL, &diag) != DP_OK ||
	    dp_ruleset_write(rs, &settings, &again, &again_b, &diag) != DP_OK)
		fail(diag.reason, dice);
	if (again_b != size_b || memcmp(again, bytes, size_b) != 0)
		fail("its zones compile to another policy", dice);
	fclose(f);
	free(text);
	free(again);
	dp_ruleset_close(&rs);
}

/* An IPv4-mapped address is the IPv4 address that it stands for. */
static void unmap(struct naive_prefix *address)
{
	static const unsigned char front[12] = { [10] = 255, [11] = 255 };

	if (address->family != 6 || memcmp(address->bytes, front, 12) != 0)
		return;
	address->family = 4;
	memmove(address->bytes, address->bytes + 12, 4);
	memset(address->bytes + 4, 0, 12);
}

static void meet(struct client *out, const struct dice_policy *dice,
    const struct dp_policy *policy, uint64_t *state)
{
	struct dp_addr addr;

	dice_client(&out->address, state);
	addr = prefix_of(&out->address).addr;
	out->audience = dp_policy_audience(policy, &addr);
	if (out->audience >= dp_policy_audience_count(policy))
		fail("an audience that is none", dice);
	unmap(&out->address);
	for (unsigned g = 0; g < dice->group_count; g++) {
		out->applies[g] = dice->client_count[g] == 0;
		for (unsigned i = 0; i < dice->client_count[g]; i++)
			out->applies[g] |= naive_holds(&dice->clients[g][i],
			    out->address.family, out->address.bytes);
	}
}

/* Is it the rule that was expected, and of the groups that were? */
static bool agrees(const struct dp_policy *policy, struct dp_match match,
    const struct naive_verdict *want)
{
	bool groups[NAIVE_GROUPS] = { false };
	struct dp_rule_info rule;
	struct dp_name base;

	if (match.allow != want->allow ||
	    (match.rule == DP_RULE_NONE) != !want->rule)
		return false;
	if (!want->rule)
		return true;
	dp_policy_rule(policy, match.rule, &rule);
	name_of(&base, &want->rule->base);
	for (uint32_t k = 0; k < rule.group_count; k++) {
		struct dp_group_info info;

		dp_policy_group(policy,
		    dp_policy_rule_group(policy, match.rule, k), &info);
		groups[info.apex.wire[1] - 'a'] = true;
	}
	return rule.wildcard == want->rule->wildcard &&
	    rule.allow == want->allow && dp_name_equal(&rule.base, &base) &&
	    memcmp(groups, want->groups, sizeof(groups)) == 0;
}

static void print_verdict(const char *who, const struct naive_name *base,
    bool wildcard, bool allow)
{
	printf("%s: %s by ", who, allow ? "allow" : "deny");
	if (wildcard)
		printf("*.");
	dice_name_print(stdout, base);
	printf("\n");
}

static void differ(const struct dice_policy *dice,
    const struct dp_policy *policy, const struct client *client,
    const struct naive_name *name, struct dp_match match,
    const struct naive_verdict *want)
{
	char text[DP_NAME_TEXT_MAX] = "no rule";

	if (match.rule != DP_RULE_NONE)
		dp_policy_rule_text(policy, match.rule, text);
	printf("name: ");
	dice_name_print(stdout, name);
	printf("\nof audience %" PRIu32 ", groups that apply:",
	    client->audience);
	for (unsigned g = 0; g < dice->group_count; g++)
		if (client->applies[g])
			printf(" %c", 'a' + g);
	printf("\ndnspin: %s by %s\n", match.allow ? "allow" : "deny", text);
	if (want->rule)
		print_verdict("naive", &want->rule->base,
		    want->rule->wildcard, want->allow);
	else
		printf("naive: deny by no rule\n");
	fail("two verdicts, or other groups", dice);
}

/* The verdicts for all audiences, one after the other, are those for each. */
static void check_all(const struct dice_policy *dice,
    const struct dp_policy *policy, const struct dp_name *name)
{
	uint64_t left = dp_policy_audiences(policy), before = left;
	struct dp_match match, one;

	while (dp_policy_match_next(policy, name, &left, &match)) {
		for (uint32_t i = 0; i < dp_policy_audience_count(policy);
		     i++) {
			if (!((before & ~left) >> i & 1))
				continue;
			one = dp_policy_match(policy, name, i);
			if (one.rule != match.rule || one.allow != match.allow)
				fail("audiences differ", dice);
		}
		before = left;
	}
	if (left != 0)
		fail("audiences are left over", dice);
}

static void check_name(const struct dice_policy *dice,
    const struct dp_policy *policy, const struct client *client,
    uint64_t *state)
{
	struct naive_verdict want;
	struct naive_name asked;
	struct dp_match match;
	struct dp_name name;

	dice_name(&asked, dice, state);
	name_of(&name, &asked);
	naive_judge(&want, dice->rules, dice->rule_count, client->applies,
	    &asked);
	match = dp_policy_match(policy, &name, client->audience);
	if (!agrees(policy, match, &want))
		differ(dice, policy, client, &asked, match, &want);
	if (below(state, 8) == 0)
		check_all(dice, policy, &name);
	seen.none += !want.rule;
	seen.exact += want.rule && !want.rule->wildcard;
	seen.wildcard += want.rule && want.rule->wildcard;
	seen.allowed += want.allow;
	seen.limited += client->audience > 0;
}

static void check_policy(struct dice_policy *dice, bool zones,
    uint64_t *state)
{
	struct dp_policy *policy = NULL;
	struct client clients[CLIENTS];
	struct dp_diag diag;
	uint8_t *bytes;
	size_t size_b;

	dice_policy(dice, state);
	bytes = compile(dice, &size_b);
	if (dp_policy_from_bytes(&policy, bytes, size_b, NULL, "dice", &diag) !=
	    DP_OK)
		fail(diag.reason, dice);
	if (zones)
		check_zones(dice, bytes, size_b);
	for (unsigned i = 0; i < CLIENTS; i++)
		meet(&clients[i], dice, policy, state);
	for (unsigned i = 0; i < NAMES; i++)
		check_name(dice, policy, &clients[i % CLIENTS], state);
	dp_policy_close(&policy);
	free(bytes);
}

static uint64_t number(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

int main(void)
{
	static struct dice_policy dice;
	const char *sanitizer = getenv("DNSPIN_SANITIZER");
	bool sanitized = sanitizer && *sanitizer;
	uint64_t seed = number("DNSPIN_MATCH_SEED", 1);
	uint64_t pairs = number("DNSPIN_MATCH_PAIRS",
	    sanitized		      ? PAIRS_SANITIZED :
		getenv("DNSPIN_QUICK") ? PAIRS_QUICK :
					 PAIRS);
	uint64_t policies = (pairs + NAMES - 1) / NAMES, state = seed;

	printf("seed %" PRIu64 ", %" PRIu64 " pairs of name and policy%s\n",
	    seed, policies * NAMES, sanitized ? ", fewer under a sanitizer"
					      : "");
	fflush(stdout);
	for (uint64_t i = 0; i < policies; i++)
		check_policy(&dice, i % ZONES == 0, &state);
	printf("%" PRIu64 " policies: %" PRIu64 " names decided by their own "
	    "rule, %" PRIu64 " by a wildcard, %" PRIu64 " by none; %" PRIu64
	    " allowed; %" PRIu64 " for limited groups: no difference\n",
	    policies, seen.exact, seen.wildcard, seen.none, seen.allowed,
	    seen.limited);
	/* Few of one kind would mean dice that prove nothing. */
	return seen.exact < pairs / 20 || seen.wildcard < pairs / 20 ||
	    seen.none < pairs / 20 || seen.allowed < pairs / 20;
}
