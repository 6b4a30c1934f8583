#include "tests/fuzz/naive.h"

#include <string.h>

unsigned naive_octets(const struct naive_name *name)
{
	unsigned sum = 1;

	for (unsigned i = 0; i < name->labels; i++)
		sum += 1u + name->len[i];
	return sum;
}

bool naive_prepend(struct naive_name *name, const unsigned char *label,
    unsigned len, unsigned max)
{
	struct naive_name longer = { .labels = 1 };
	unsigned next = len;

	if (len == 0 || len > NAIVE_LABEL ||
	    naive_octets(name) + 1 + len > max)
		return false;
	longer.len[0] = (unsigned char)len;
	memcpy(longer.octets, label, len);
	for (unsigned i = 0; i < name->labels; i++) {
		longer.at[longer.labels] = (unsigned char)next;
		longer.len[longer.labels++] = name->len[i];
		memcpy(longer.octets + next, name->octets + name->at[i],
		    name->len[i]);
		next += name->len[i];
	}
	*name = longer;
	return true;
}

/* "Letters match in either case": those of ASCII, which DNS knows. */
static int lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool labels_equal(const struct naive_name *a, unsigned i,
    const struct naive_name *b, unsigned j)
{
	if (a->len[i] != b->len[j])
		return false;
	for (unsigned k = 0; k < a->len[i]; k++)
		if (lower(a->octets[a->at[i] + k]) !=
		    lower(b->octets[b->at[j] + k]))
			return false;
	return true;
}

/* Are the last labels of name those of base, all of them? */
static bool ends_with(const struct naive_name *name,
    const struct naive_name *base)
{
	if (name->labels < base->labels)
		return false;
	for (unsigned i = 1; i <= base->labels; i++)
		if (!labels_equal(name, name->labels - i, base,
			base->labels - i))
			return false;
	return true;
}

bool naive_equal(const struct naive_name *a, const struct naive_name *b)
{
	return a->labels == b->labels && ends_with(a, b);
}

/* "A name matches itself. *.x matches every name below x, however deep, and
 * never x itself". */
static bool matches(const struct naive_rule *rule,
    const struct naive_name *name)
{
	if (rule->wildcard)
		return name->labels > rule->base.labels &&
		    ends_with(name, &rule->base);
	return naive_equal(name, &rule->base);
}

/* "The rule for the very name first, then the wildcard with the longest
 * name." */
static bool comes_before(const struct naive_rule *a,
    const struct naive_rule *b)
{
	if (a->wildcard != b->wildcard)
		return !a->wildcard;
	return a->base.labels > b->base.labels;
}

/* "The same pattern in several zones is one rule of several groups: deny beats
 * allow". Of two that match one name, neither comes before the other. */
static void unite(struct naive_verdict *out, const struct naive_rule *rule)
{
	out->allow = out->allow && rule->allow;
	out->groups[rule->group] = true;
}

void naive_judge(struct naive_verdict *out, const struct naive_rule *rules,
    size_t count, const bool *applies, const struct naive_name *name)
{
	*out = (struct naive_verdict){ .allow = false };
	for (size_t i = 0; i < count; i++) {
		const struct naive_rule *rule = &rules[i];

		if (!applies[rule->group] || !matches(rule, name))
			continue;
		if (!out->rule || comes_before(rule, out->rule))
			*out = (struct naive_verdict){ .rule = rule,
				.allow = true };
		else if (comes_before(out->rule, rule))
			continue;
		unite(out, rule);
	}
}

static int bit(const unsigned char *bytes, unsigned i)
{
	return bytes[i / 8] >> (7 - i % 8) & 1;
}

bool naive_holds(const struct naive_prefix *prefix, int family,
    const unsigned char bytes[16])
{
	if (prefix->family != family)
		return false;
	for (unsigned i = 0; i < prefix->len; i++)
		if (bit(prefix->bytes, i) != bit(bytes, i))
			return false;
	return true;
}
