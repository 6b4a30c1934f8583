/*
 * The part of the policy reader that distrusts rules, their names and the table
 * that leads to them: nearly all bytes of a large policy. So each name is gone
 * through once, and what it shares with the one before it, which among sorted
 * names is most of it, is neither compared nor hashed again.
 */
#include <string.h>

#include "module/core/policy_hash.h"
#include "module/core/policy_view.h"

/* Rules are read in order, but their places in the table are anywhere: as many
 * are under way from memory, or a million would be waited for one by one. */
#define AHEAD 32u

/* The base name of a rule, where it stands. */
struct base {
	const uint8_t *wire;
	unsigned len;
	unsigned labels; /* without the root's */
	uint8_t start[DP_NAME_LABELS_MAX]; /* of each, the leftmost first */
};

struct walk {
	const struct dp_policy_view *v;
	struct base bases[2];
	struct base *base; /* of them, that of the last rule */
	uint64_t hash[DP_NAME_LABELS_MAX]; /* of its suffixes, by labels */
	uint64_t told; /* the audiences of its pattern so far */
	unsigned depth; /* of wildcards, with the root label */
	uint64_t depths[2]; /* of exact rules, of wildcards */
	uint64_t patterns;
	struct {
		uint64_t key;
		uint32_t rule;
	} asked[AHEAD];
	bool lost; /* a pattern is not in the table */
};

static bool has_star_label(const struct base *b)
{
	for (unsigned i = 0; i < b->labels; i++)
		if (b->wire[b->start[i]] == 1 &&
		    b->wire[b->start[i] + 1] == '*')
			return true;
	return false;
}

/* False: the name is not canonical, or no base. */
static bool base_read(struct base *b, const uint8_t *wire, unsigned len)
{
	unsigned at = 0, n = 0;
	bool short_label = false;

	for (; at < len && wire[at]; at += 1u + wire[at]) {
		if (wire[at] > DP_LABEL_MAX)
			return false;
		short_label |= wire[at] == 1;
		b->start[n++] = (uint8_t)at;
	}
	/* Its one empty label is the last octet. */
	if (at + 1 != len || !dp_name_is_lower(wire, len))
		return false;
	b->wire = wire;
	b->len = len;
	b->labels = n;
	return !short_label || !has_star_label(b);
}

/* How many octets a and b end in alike. */
static unsigned shared_octets(const struct base *a, const struct base *b)
{
	unsigned most = a->len < b->len ? a->len : b->len, n = 0;
	const uint8_t *end_a = a->wire + a->len, *end_b = b->wire + b->len;

	for (; n + 8 <= most; n += 8) {
		uint64_t wa, wb;

		memcpy(&wa, end_a - n - 8, 8);
		memcpy(&wb, end_b - n - 8, 8);
		if (wa != wb) /* the last octet is the highest */
			return n + (unsigned)__builtin_clzll(wa ^ wb) / 8;
	}
	while (n < most && end_a[-1 - (int)n] == end_b[-1 - (int)n])
		n++;
	return n;
}

/* How many labels, without the root's, a and b end in alike; *order is as
 * dp_name_compare tells. */
static unsigned shared_labels(const struct base *a, const struct base *b,
    int *order)
{
	unsigned octets = shared_octets(a, b), n = 0;
	const uint8_t *la, *lb;

	for (; n < a->labels && n < b->labels; n++) {
		unsigned start_a = a->start[a->labels - 1 - n];
		unsigned start_b = b->start[b->labels - 1 - n];

		la = a->wire + start_a;
		lb = b->wire + start_b;
		/* Octets alone can be alike in the middle of a label. */
		if (a->len - start_a == b->len - start_b &&
		    a->len - start_a <= octets)
			continue;
		*order = memcmp(la + 1, lb + 1, *la < *lb ? *la : *lb);
		if (*order == 0)
			*order = (int)*la - (int)*lb;
		return n;
	}
	*order = (a->labels > n) - (b->labels > n);
	return n;
}

/* Go on to the name of rule, the first of all or not. *order: of the name
 * before and this one. False: it is none. */
static bool next_base(struct walk *w, const struct dp_rule_d *rule, bool first,
    int *order)
{
	struct base *last = w->base;
	struct base *b = last == w->bases ? &w->bases[1] : &w->bases[0];
	uint64_t names_b = w->v->head->names.count;
	unsigned n = 0;

	if (!first && rule->name_off == rule[-1].name_off &&
	    rule->name_len == rule[-1].name_len) {
		*order = 0; /* often: x and *.x */
		return true;
	}
	if (rule->name_off > names_b ||
	    rule->name_len > names_b - rule->name_off ||
	    !base_read(b, w->v->names + rule->name_off, rule->name_len))
		return false;
	*order = -1;
	if (!first)
		n = shared_labels(last, b, order);
	for (; n < b->labels; n++)
		w->hash[n + 1] = dp_hash_label(w->hash[n],
		    b->wire + b->start[b->labels - 1 - n]);
	w->base = b;
	return true;
}

static const char *rule_wrong(const struct walk *w,
    const struct dp_rule_d *rule)
{
	const struct dp_trait_d *trait;

	if (rule->zero != 0 || (rule->flags &
	    ~(DP_RULE_WILDCARD | DP_RULE_DENY | DP_RULE_MORE)) != 0)
		return "a rule has unknown flags";
	/* "*." must fit in front. */
	if ((rule->flags & DP_RULE_WILDCARD) &&
	    rule->name_len > DP_NAME_MAX - 2)
		return "a wildcard's name is too long";
	if (rule->trait >= w->v->head->traits.count)
		return "a rule has no trait";
	trait = &w->v->traits[rule->trait];
	if ((rule->flags & DP_RULE_DENY) &&
	    (trait->service_count > 0 || trait->pin_count > 0))
		return "a rule that denies has services or pins";
	return NULL;
}

static uint64_t audiences_of(const struct dp_policy_view *v,
    const struct dp_rule_d *rule)
{
	return v->traits[rule->trait].audiences;
}

/* Does rule belong behind the one before it? order: of the names of both. */
static bool rule_follows(struct walk *w, const struct dp_rule_d *rule,
    int order)
{
	const struct dp_rule_d *before = rule - 1;
	uint64_t set = audiences_of(w->v, rule), lowest = set & -set;
	bool wildcard = rule->flags & DP_RULE_WILDCARD;
	bool was_wildcard = before->flags & DP_RULE_WILDCARD;
	bool fits;

	if (!(before->flags & DP_RULE_MORE)) {
		w->told = set;
		/* At the same name only the wildcard after the exact rule. */
		return order < 0 || (order == 0 && wildcard && !was_wildcard);
	}
	fits = order == 0 && wildcard == was_wildcard &&
	    (set & w->told) == 0 &&
	    (audiences_of(w->v, before) & (lowest - 1)) != 0;
	w->told |= set;
	return fits;
}

/*
 * Is the pattern that was asked about in the table? dp_policy_find, which goes
 * by names, finds the same: when every pattern is there, and there are as many
 * entries as patterns, then no other entry leads to a rule of this one.
 */
static void settle(struct walk *w, unsigned slot)
{
	const struct dp_policy_view *v = w->v;
	uint64_t key = w->asked[slot].key;
	uint32_t place = (uint32_t)key & v->table_mask;
	uint32_t tag = (uint32_t)(key >> 32);

	for (unsigned i = 0; i < DP_POLICY_PROBE_MAX; i++) {
		const struct dp_entry_d *e = &v->table[place];

		if (e->rule == w->asked[slot].rule + 1 && e->hash == tag)
			return;
		if (e->rule == 0)
			break;
		place = (place + 1) & v->table_mask;
	}
	w->lost = true;
}

/* A new pattern, whose first rule is i: the memory where a search for it begins
 * is asked for, and looked at AHEAD patterns later. */
static void ask(struct walk *w, uint32_t i)
{
	unsigned slot = (unsigned)(w->patterns % AHEAD);
	uint64_t key = dp_hash_key(w->hash[w->base->labels],
	    w->v->rules[i].flags & DP_RULE_WILDCARD ? DP_HASH_WILDCARD :
						      DP_HASH_EXACT);

	if (w->patterns >= AHEAD)
		settle(w, slot);
	__builtin_prefetch(&w->v->table[(uint32_t)key & w->v->table_mask]);
	w->asked[slot].key = key;
	w->asked[slot].rule = i;
	w->patterns++;
}

static const char *rules_wrong(struct walk *w)
{
	const struct dp_policy_view *v = w->v;

	for (uint32_t i = 0; i < v->rule_count; i++) {
		const struct dp_rule_d *rule = &v->rules[i];
		const char *wrong;
		int order;

		if (!next_base(w, rule, i == 0, &order))
			return "a rule's name is none";
		wrong = rule_wrong(w, rule);
		if (wrong)
			return wrong;
		if (i == 0)
			w->told = audiences_of(v, rule);
		else if (!rule_follows(w, rule, order))
			return "the rules are not sorted";
		w->depths[(rule->flags & DP_RULE_WILDCARD) != 0] |=
		    dp_policy_depth(w->base->labels);
		if ((rule->flags & DP_RULE_WILDCARD) &&
		    w->base->labels + 1 > w->depth)
			w->depth = w->base->labels + 1;
		if (i == 0 || !(rule[-1].flags & DP_RULE_MORE))
			ask(w, i);
	}
	for (unsigned k = 0; k < AHEAD && k < w->patterns; k++)
		settle(w, k);
	if (v->rule_count > 0 &&
	    (v->rules[v->rule_count - 1].flags & DP_RULE_MORE))
		return "the last rule announces one more";
	if (w->depth != v->head->wildcard_depth_max)
		return "the depth of the wildcards is wrong";
	return NULL;
}

/* Which entries are empty cannot be foretold: no branch asks. */
static const char *entries_wrong(const struct dp_policy_view *v,
    uint64_t patterns)
{
	uint32_t count = v->table_mask + 1;
	uint32_t used = 0, half_empty = 0, no_rule = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t rule = v->table[i].rule;

		used += rule != 0;
		half_empty |= (rule == 0) & (v->table[i].hash != 0);
		no_rule |= rule > v->rule_count;
	}
	if (half_empty)
		return "an empty entry that is not empty";
	if (no_rule)
		return "an entry of the table has no rule";
	if (used != patterns || used >= count)
		return "the table has too many or too few entries";
	return NULL;
}

const char *dp_policy_rules_wrong(struct dp_policy_view *v)
{
	struct walk w = { .v = v, .hash = { DP_HASH_ROOT } };
	const char *wrong;

	w.base = w.bases;
	wrong = rules_wrong(&w);
	v->exact_depths = w.depths[0];
	v->wildcard_depths = w.depths[1];
	if (!wrong)
		wrong = entries_wrong(v, w.patterns);
	return wrong || !w.lost ? wrong : "a rule is not in the table";
}
