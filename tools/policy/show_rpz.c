#include "tools/policy/show.h"

#include <string.h>

/*
 * Response Policy Zones find a wildcard as DNS does (RFC 4592): a name that is
 * there, or that others stand below, hides the wildcards above it. In a policy
 * nothing hides a wildcard. So each name between a rule and the wildcard that
 * covers it gets a record and a wildcard of its own, with the verdict of that
 * one.
 */

static const char header[] =
    "; A compiled policy as Response Policy Zones, for resolvers without the\n"
    "; dnspin module. The two zones belong into two files, each named in the\n"
    "; line that begins with two semicolons:\n"
    ";\n"
    ";\tdnspin show -f rpz | awk '$1 == \";;\" { f = $2 } f { print > f }'\n"
    ";\n"
    "; and are loaded in this order, the first match decides (unbound.conf,\n"
    "; with respip in front of module-config):\n"
    ";\n"
    ";\tserver:\n"
    ";\t    define-tag: dnspin\n"
    ";\t    access-control-tag: 192.0.2.0/24 dnspin\n"
    ";\trpz:\n"
    ";\t    name: rules.rpz.dnspin\n"
    ";\t    zonefile: /etc/unbound/rules.rpz\n"
    ";\t    tags: dnspin\n"
    ";\trpz:\n"
    ";\t    name: rest.rpz.dnspin\n"
    ";\t    zonefile: /etc/unbound/rest.rpz\n"
    ";\t    tags: dnspin\n"
    ";\n"
    "; The tag belongs to every prefix of access-control that clients have; a\n"
    "; client without it is refused nothing. Unbound 1.20 and later apply zones\n"
    "; without tags also to their own questions for name servers and keys, and\n"
    "; resolve hardly a name then.\n"
    ";\n"
    "; Services, pins, the chain setting and the root as a name have no\n"
    "; counterpart in RPZ.\n";

static void say_zone(FILE *out, const char *file, const char *apex)
{
	fprintf(out, "\n;; %s\n$ORIGIN %s.\n$TTL 60\n"
	    "@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60\n"
	    "@ NS localhost.\n", file, apex);
}

static void say_rule(FILE *out, const char *pattern, bool allow)
{
	fprintf(out, "%s CNAME %s\n", pattern, allow ? "rpz-passthru." : ".");
}

static void parent(struct dp_name *name)
{
	unsigned skip = 1u + name->wire[0];

	name->len = (uint8_t)(name->len - skip);
	memmove(name->wire, name->wire + skip, name->len);
}

/* The rule that a name just below base falls under that no exact rule is for;
 * false: none. */
static bool match_below(const struct dp_policy *p, uint32_t audience,
    const struct dp_name *base, struct dp_rule_info *rule, bool *allow)
{
	struct dp_name child;

	for (unsigned octet = 0; octet < 256 && base->len <= DP_NAME_MAX - 2;
	     octet++) {
		struct dp_match match;

		child.wire[0] = 1;
		child.wire[1] = (uint8_t)octet;
		memcpy(child.wire + 2, base->wire, base->len);
		child.len = (uint8_t)(base->len + 2);
		if (octet >= 'A' && octet <= 'Z')
			continue;
		match = dp_policy_match(p, &child, audience);
		if (match.rule == DP_RULE_NONE)
			return false;
		dp_policy_rule(p, match.rule, rule);
		*allow = match.allow;
		if (rule->wildcard)
			return true;
	}
	return false;
}

/* What name needs lest a wildcard above is hidden from it and from what is
 * below; false: no wildcard is there. */
static bool say_hidden(FILE *out, const struct dp_policy *p,
    uint32_t audience, const struct dp_name *name)
{
	char text[DP_NAME_TEXT_MAX], pattern[DP_NAME_TEXT_MAX + 2];
	struct dp_match match = dp_policy_match(p, name, audience);
	struct dp_rule_info rule;
	bool allow;

	dp_name_to_text(name, text);
	if (match.rule != DP_RULE_NONE) {
		dp_policy_rule(p, match.rule, &rule);
		if (rule.wildcard)
			say_rule(out, text, match.allow);
	}
	if (!match_below(p, audience, name, &rule, &allow))
		return false;
	snprintf(pattern, sizeof(pattern), "*.%s", text);
	if (!dp_name_equal(&rule.base, name))
		say_rule(out, pattern, allow);
	return true;
}

enum dp_err dp_show_rpz(FILE *out, const struct dp_policy *p,
    uint32_t audience)
{
	struct dp_rule_info rule, before = { .base = { .len = 0 } };
	char text[DP_NAME_TEXT_MAX];
	struct dp_name name;

	fputs(header, out);
	say_zone(out, "rules.rpz", "rules.rpz.dnspin");
	for (uint32_t i = 0; i < dp_policy_rule_count(p); i++) {
		dp_policy_rule(p, i, &rule);
		if (!(rule.audiences >> audience & 1))
			continue;
		dp_policy_rule_text(p, i, text);
		say_rule(out, text, rule.allow);
		/* Rules are sorted: what stands above the rule before was
		 * dealt with there. */
		for (name = rule.base; name.len > 1 &&
		     !(before.base.len > 0 &&
			 dp_name_within(&before.base, &name));
		     parent(&name))
			if (!say_hidden(out, p, audience, &name))
				break;
		before = rule;
	}
	say_zone(out, "rest.rpz", "rest.rpz.dnspin");
	say_rule(out, "*", false);
	/* Unbound (1.17.1) finds a wildcard only where some owner stands in
	 * front of the name asked, in its own order, which has short labels
	 * first: without these the top-level domain "!" would not be denied,
	 * nor would what is below it. */
	say_rule(out, "\\000", false);
	say_rule(out, "*.\\000", false);
	return DP_OK;
}
