/*
 * The part of the policy reader that distrusts rules, their names and the table
 * that leads to them: nearly all bytes of a large policy. So each name is gone
 * through once, and what it shares with the one before it, which among sorted
 * names is most of it, is neither compared nor hashed again.
 *
 * It goes in parts, each with rules and as large a share of the table, that
 * need nothing of each other, so that several threads can do them. What is told
 * does not depend on who did which: parts are begun in their order, hence what
 * comes before a fault is always looked at.
 */
#include <string.h>

#include "module/core/policy_hash.h"
#include "module/core/policy_view.h"

/* Rules are read in order, but their places in the table are anywhere: as many
 * are under way from memory, or a million would be waited for one by one. */
#define AHEAD 32u

#define PART 16384u /* rules, or a few more */

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
	unsigned asked_count;
	struct {
		uint64_t key;
		uint32_t rule;
	} asked[AHEAD];
	struct dp_policy_found *found;
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
	w->found->lost = true;
}

/* A new pattern, whose first rule is i: the memory where a search for it begins
 * is asked for, and looked at AHEAD patterns later. */
static void ask(struct walk *w, uint32_t i)
{
	unsigned slot = w->asked_count % AHEAD;
	uint64_t key = dp_hash_key(w->hash[w->base->labels],
	    w->v->rules[i].flags & DP_RULE_WILDCARD ? DP_HASH_WILDCARD :
						      DP_HASH_EXACT);

	if (w->asked_count >= AHEAD)
		settle(w, slot);
	__builtin_prefetch(&w->v->table[(uint32_t)key & w->v->table_mask]);
	w->asked[slot].key = key;
	w->asked[slot].rule = i;
	w->asked_count++;
}

static const char *next_wrong(struct walk *w, uint32_t i, bool first)
{
	const struct dp_rule_d *rule = &w->v->rules[i];
	struct dp_policy_found *f = w->found;
	const char *wrong;
	int order;

	if (!next_base(w, rule, first, &order))
		return "a rule's name is none";
	wrong = rule_wrong(w, rule);
	if (wrong)
		return wrong;
	if (first)
		w->told = audiences_of(w->v, rule);
	else if (!rule_follows(w, rule, order))
		return "the rules are not sorted";
	f->depths[(rule->flags & DP_RULE_WILDCARD) != 0] |=
	    dp_policy_depth(w->base->labels);
	if ((rule->flags & DP_RULE_WILDCARD) && w->base->labels + 1 > f->depth)
		f->depth = w->base->labels + 1;
	return NULL;
}

/* Where a part begins: not inside a pattern. One of more rules than there can
 * be audiences is wrong, which the part before finds out. */
static uint32_t part_begin(const struct dp_policy_view *v, uint32_t part)
{
	uint64_t i = (uint64_t)part * PART, last = i + DP_AUDIENCES_MAX;

	while (i > 0 && i < v->rule_count && i < last &&
	    (v->rules[i - 1].flags & DP_RULE_MORE))
		i++;
	return i < v->rule_count ? (uint32_t)i : v->rule_count;
}

static void check_rules(const struct dp_policy_view *v, uint32_t part,
    struct dp_policy_found *f)
{
	uint32_t begin = part_begin(v, part), end = part_begin(v, part + 1);
	struct walk w = { .v = v, .hash = { DP_HASH_ROOT }, .found = f };
	/* The one before is looked at again: this one must follow it. */
	uint32_t i = begin > 0 && begin < end ? begin - 1 : begin;

	w.base = w.bases;
	for (bool first = true; i < end; i++, first = false) {
		const char *wrong = next_wrong(&w, i, first);

		if (wrong) {
			f->wrong = wrong;
			f->wrong_rule = i;
			return;
		}
		if (i >= begin &&
		    (i == 0 || !(v->rules[i - 1].flags & DP_RULE_MORE)))
			ask(&w, i);
	}
	for (unsigned k = 0; k < AHEAD && k < w.asked_count; k++)
		settle(&w, k);
	f->patterns += w.asked_count;
}

/* Which entries are empty cannot be foretold: no branch asks. */
static void check_entries(const struct dp_policy_view *v, uint32_t part,
    uint32_t parts, struct dp_policy_found *f)
{
	uint64_t count = (uint64_t)v->table_mask + 1;
	uint64_t end = count * (part + 1) / parts;
	uint32_t used = 0, half_empty = 0, no_rule = 0;

	for (uint64_t i = count * part / parts; i < end; i++) {
		uint32_t rule = v->table[i].rule;

		used += rule != 0;
		half_empty |= (rule == 0) & (v->table[i].hash != 0);
		no_rule |= rule > v->rule_count;
	}
	f->used += used;
	f->half_empty |= half_empty != 0;
	f->no_rule |= no_rule != 0;
}

void dp_policy_rules_begin(struct dp_policy_parts *parts,
    const struct dp_policy_view *v)
{
	parts->view = v;
	parts->count = v->rule_count / PART + 1;
	atomic_store_explicit(&parts->next, 0, memory_order_relaxed);
}

void dp_policy_rules_check(struct dp_policy_parts *parts,
    struct dp_policy_found *f)
{
	*f = (struct dp_policy_found){ .wrong = NULL };
	while (!f->wrong) {
		/* Nothing but the number passes from thread to thread. */
		uint32_t part = atomic_fetch_add_explicit(&parts->next, 1,
		    memory_order_relaxed);

		if (part >= parts->count)
			return;
		check_rules(parts->view, part, f);
		check_entries(parts->view, part, parts->count, f);
	}
}

static void add(struct dp_policy_found *f, const struct dp_policy_found *more)
{
	if (more->wrong && (!f->wrong || more->wrong_rule < f->wrong_rule)) {
		f->wrong = more->wrong;
		f->wrong_rule = more->wrong_rule;
	}
	f->depth = more->depth > f->depth ? more->depth : f->depth;
	f->depths[0] |= more->depths[0];
	f->depths[1] |= more->depths[1];
	f->patterns += more->patterns;
	f->used += more->used;
	f->lost |= more->lost;
	f->half_empty |= more->half_empty;
	f->no_rule |= more->no_rule;
}

const char *dp_policy_rules_wrong(struct dp_policy_view *v,
    struct dp_policy_found *f, const struct dp_policy_found *more)
{
	add(f, more);
	v->exact_depths = f->depths[0];
	v->wildcard_depths = f->depths[1];
	if (f->wrong)
		return f->wrong;
	if (v->rule_count > 0 &&
	    (v->rules[v->rule_count - 1].flags & DP_RULE_MORE))
		return "the last rule announces one more";
	if (f->depth != v->head->wildcard_depth_max)
		return "the depth of the wildcards is wrong";
	if (f->half_empty)
		return "an empty entry that is not empty";
	if (f->no_rule)
		return "an entry of the table has no rule";
	if (f->used != f->patterns || f->used > v->table_mask)
		return "the table has too many or too few entries";
	return f->lost ? "a rule is not in the table" : NULL;
}
