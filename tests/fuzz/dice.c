#include "dp_config.h"

#include "tests/fuzz/dice.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "tests/fuzz/random.h"

#define BASE_MAX (NAIVE_OCTETS - 4) /* with "*" and a group's label */

#define L62 "12345678901234567890123456789012345678901234567890123456789012"
#define LABEL(text) { text, sizeof(text) - 1 }

/* What is alike to a careless eye: case that is none, ends of octets, escapes,
 * dots and stars inside, parts of one another, xn--. */
static const struct {
	const char *octets;
	unsigned len;
} odd[] = {
	LABEL("a"), LABEL("A"), LABEL("b"), LABEL("c"), LABEL("aa"),
	LABEL("aA"), LABEL("ab"), LABEL("abc"), LABEL("a.b"), LABEL("."),
	LABEL("a."), LABEL("\\"), LABEL("\\."), LABEL("\0"), LABEL("\0\0"),
	LABEL("a\0"), LABEL("\1"), LABEL("\1a"), LABEL("\377"), LABEL("\200"),
	LABEL("\344"), LABEL("\304"), LABEL("["), LABEL("{"), LABEL("@"),
	LABEL("`"), LABEL("-"), LABEL("_"), LABEL("xn--a"), LABEL("7"),
	LABEL(L62 "x"), LABEL(L62 "y"), LABEL("12345678"), LABEL("123456789"),
	LABEL("1234567"), LABEL("12345678123456789"),
};

/* Names may have these, patterns not, or not everywhere. */
static const char only_asked[] = "*#/:";

static void dice_label(struct dice_label *out, uint64_t *state)
{
	unsigned i = below(state, 2 * sizeof(odd) / sizeof(odd[0]));

	if (i < sizeof(odd) / sizeof(odd[0])) {
		out->len = odd[i].len;
		memcpy(out->octets, odd[i].octets, out->len);
		return;
	}
	out->len = 1 + below(state, below(state, 8) ? 2 : NAIVE_LABEL);
	for (unsigned k = 0; k < out->len; k++) {
		do
			out->octets[k] = (unsigned char)below(state, 256);
		while (strchr(only_asked, out->octets[k]) && out->octets[k]);
	}
}

/* One of the policy's labels, most often. */
static bool prepend(struct naive_name *name, const struct dice_policy *policy,
    unsigned max, uint64_t *state)
{
	struct dice_label label =
	    policy->labels[below(state, policy->label_count)];

	if (below(state, 32) == 0)
		dice_label(&label, state);
	return naive_prepend(name, label.octets, label.len, max);
}

static void drop_first(struct naive_name *name)
{
	struct naive_name shorter = { .labels = 0 };

	for (unsigned i = name->labels; i-- > 1;)
		if (!naive_prepend(&shorter, name->octets + name->at[i],
			name->len[i], NAIVE_OCTETS))
			return;
	*name = shorter;
}

static unsigned depth(uint64_t *state)
{
	switch (below(state, 16)) {
	case 0:
		return NAIVE_OCTETS; /* as many as there is room for */
	case 1:
		return below(state, 40);
	default:
		return below(state, 4);
	}
}

/* From nothing, or from what another rule has. */
static void dice_base(struct naive_name *out, const struct dice_policy *policy,
    uint64_t *state)
{
	unsigned labels = depth(state);

	*out = (struct naive_name){ .labels = 0 };
	if (policy->rule_count > 0 && below(state, 3) > 0) {
		*out = policy->rules[below(state,
		    (unsigned)policy->rule_count)].base;
		labels = below(state, 3);
	}
	while (labels-- > 0 && prepend(out, policy, BASE_MAX, state))
		continue;
}

static bool is_new(const struct dice_policy *policy,
    const struct naive_rule *rule)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct naive_rule *old = &policy->rules[i];

		if (old->group == rule->group &&
		    old->wildcard == rule->wildcard &&
		    naive_equal(&old->base, &rule->base))
			return false;
	}
	return true;
}

/* The triggers of RPZ are no patterns, and no label here makes one. The root is
 * none either: a zone has no name for it. */
static void dice_rule(struct dice_policy *policy, uint64_t *state)
{
	struct naive_rule rule = { .wildcard = below(state, 2),
		.allow = below(state, 3) > 0,
		.group = below(state, policy->group_count) };

	dice_base(&rule.base, policy, state);
	if ((rule.wildcard || rule.base.labels > 0) && is_new(policy, &rule))
		policy->rules[policy->rule_count++] = rule;
}

/* Few octets, so that one holds the other. */
void dice_client(struct naive_prefix *out, uint64_t *state)
{
	static const unsigned char octets[] = { 0, 0, 1, 127, 128, 255 };
	static const unsigned char mapped[12] = { [10] = 255, [11] = 255 };

	memset(out, 0, sizeof(*out));
	out->family = below(state, 2) ? 4 : 6;
	out->len = out->family == 4 ? 32 : 128;
	for (unsigned i = 0; i < out->len / 8; i++)
		out->bytes[i] = octets[below(state, sizeof(octets))];
	/* 2000::/3, but for a few that are IPv4-mapped. */
	if (out->family == 6 && below(state, 4) == 0)
		memcpy(out->bytes, mapped, sizeof(mapped));
	else if (out->family == 6)
		out->bytes[0] = 32;
}

static void dice_prefix(struct naive_prefix *out, uint64_t *state)
{
	unsigned len;

	do
		dice_client(out, state);
	while (out->family == 6 && out->bytes[0] != 32);
	len = below(state, out->len + 1);
	if (below(state, 2))
		len = len / 8 * 8;
	for (unsigned i = len; i < out->len; i++)
		out->bytes[i / 8] &= (unsigned char)~(128u >> i % 8);
	out->len = len;
}

static void dice_clients(struct dice_policy *policy, uint64_t *state)
{
	for (unsigned g = 0; g < policy->group_count; g++) {
		policy->client_count[g] = below(state, DICE_CLIENTS + 1);
		for (unsigned i = 0; i < policy->client_count[g]; i++)
			dice_prefix(&policy->clients[g][i], state);
	}
}

void dice_policy(struct dice_policy *out, uint64_t *state)
{
	size_t rules = 1 + below(state, 40);

	if (below(state, 100) == 0)
		rules = DICE_RULES;
	out->rule_count = 0;
	out->group_count = 1 + below(state, NAIVE_GROUPS);
	memset(out->client_count, 0, sizeof(out->client_count));
	if (below(state, 4) == 0)
		dice_clients(out, state);
	out->label_count = 2 + below(state, DICE_LABELS - 1);
	for (unsigned i = 0; i < out->label_count; i++)
		dice_label(&out->labels[i], state);
	while (rules-- > 0)
		dice_rule(out, state);
}

/* A letter into the other case, or any octet into the one that would be its
 * other case. */
static void flip(struct naive_name *name, uint64_t *state)
{
	unsigned i = below(state, name->labels);
	unsigned char *octet =
	    &name->octets[name->at[i] + below(state, name->len[i])];

	if (isalpha(*octet) || below(state, 4) == 0)
		*octet ^= 0x20;
}

/* The first two labels become one, with a dot between. */
static void join(struct naive_name *name)
{
	unsigned first = name->len[0], second;
	unsigned char label[NAIVE_LABEL];
	struct naive_name rest = *name;

	if (name->labels < 2 || first + 1u + name->len[1] > NAIVE_LABEL)
		return;
	second = name->len[1];
	memcpy(label, name->octets + name->at[0], first);
	label[first] = '.';
	memcpy(label + first + 1, name->octets + name->at[1], second);
	drop_first(&rest);
	drop_first(&rest);
	if (naive_prepend(&rest, label, first + 1 + second, NAIVE_OCTETS))
		*name = rest;
}

void dice_name(struct naive_name *out, const struct dice_policy *policy,
    uint64_t *state)
{
	unsigned changes = below(state, 4);

	dice_base(out, policy, state);
	while (changes-- > 0) {
		unsigned change = below(state, 8);
		unsigned char star =
		    (unsigned char)only_asked[below(state, 4)];

		if (change < 3)
			(void)prepend(out, policy, NAIVE_OCTETS, state);
		else if (change == 3)
			(void)naive_prepend(out, &star, 1, NAIVE_OCTETS);
		else if (change == 4)
			drop_first(out);
		else if (change == 5)
			join(out);
		else if (out->labels > 0)
			flip(out, state);
	}
}

void dice_name_print(FILE *out, const struct naive_name *name)
{
	if (name->labels == 0)
		putc('.', out);
	for (unsigned i = 0; i < name->labels; i++) {
		const unsigned char *octet = name->octets + name->at[i];

		if (i > 0)
			putc('.', out);
		for (unsigned left = name->len[i]; left > 0; left--, octet++)
			fprintf(out, isalnum(*octet) ? "%c" : "\\%03u",
			    *octet);
	}
}

static void print_clients(FILE *out, const struct naive_prefix *clients,
    unsigned count)
{
	char text[INET6_ADDRSTRLEN];

	for (unsigned i = 0; i < count; i++) {
		const struct naive_prefix *p = &clients[i];
		bool v4 = p->family == 4;

		inet_ntop(v4 ? AF_INET : AF_INET6, p->bytes, text,
		    sizeof(text));
		fprintf(out, "@ APL %d:%s/%u\n", v4 ? 1 : 2, text, p->len);
	}
}

void dice_policy_print(FILE *out, const struct dice_policy *policy)
{
	for (unsigned g = 0; g < policy->group_count; g++) {
		fprintf(out, "$ORIGIN %c.\n@ SOA . . 1 1 1 1 1\n", 'a' + g);
		print_clients(out, policy->clients[g],
		    policy->client_count[g]);
		for (size_t i = 0; i < policy->rule_count; i++) {
			const struct naive_rule *rule = &policy->rules[i];

			if (rule->group != g)
				continue;
			if (rule->wildcard)
				putc('*', out);
			if (rule->wildcard && rule->base.labels > 0)
				putc('.', out);
			if (rule->base.labels > 0)
				dice_name_print(out, &rule->base);
			fprintf(out, " TXT \"%s\"\n",
			    rule->allow ? "allow" : "deny");
		}
	}
}
