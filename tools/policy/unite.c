#include "tools/policy/unite.h"

#include <stdlib.h>
#include <string.h>

#include "tools/policy/sort_key.h"
#include "tools/policy/trait.h"
#include "tools/vec.h"

/* A wildcard with pins that covers the pattern at hand. */
struct cover {
	const uint8_t *name_key; /* key without its kind */
	size_t name_key_b;
	uint64_t audiences; /* that its rule is for */
	uint32_t trait;
};

struct work {
	const struct dp_unite_source *source;
	struct dp_intern *traits;
	struct dp_policy_rule *rules;
	size_t rule_count, rule_room;
	/* The nearest last; each lies below the one before or has the same
	 * name and other audiences. */
	struct cover *covers;
	size_t cover_count, cover_room;
	/* What the pattern at hand is for some audiences. */
	struct dp_trait variants[DP_AUDIENCES_MAX];
	size_t variant_count;
};

/* Drop the covers that do not cover key. */
static void cover_leave(struct work *w, const uint8_t *key, size_t key_b)
{
	while (w->cover_count > 0) {
		const struct cover *c = &w->covers[w->cover_count - 1];

		if (c->name_key_b < key_b &&
		    memcmp(c->name_key, key, c->name_key_b) == 0)
			return;
		w->cover_count--;
	}
}

static enum dp_err cover_enter(struct work *w, const uint8_t *key,
    size_t key_b, const struct dp_trait *t, uint32_t trait)
{
	enum dp_err err = dp_vec_room(&w->covers, &w->cover_room,
	    w->cover_count + 1, sizeof(*w->covers));

	if (err == DP_OK)
		w->covers[w->cover_count++] = (struct cover){ key, key_b - 1,
			t->audiences, trait };
	return err;
}

static uint64_t audiences_of(const struct work *w, const struct dp_added *a)
{
	return w->source->audiences->groups[w->source->rank[a->group]];
}

/* All audiences with a group that has the pattern. */
static uint64_t all_of(const struct work *w, uint32_t pattern)
{
	const struct dp_unite_source *s = w->source;
	uint64_t all = 0;

	for (uint32_t i = s->first[pattern]; i != DP_ADDED_NONE;
	     i = s->added[i].next)
		all |= audiences_of(w, &s->added[i]);
	return all;
}

/* Those of left that see the same groups and the same covers as the lowest of
 * them, whose nearest cover (NULL: none) is *cover. */
static uint64_t alike(const struct work *w, uint32_t pattern, uint64_t left,
    const struct cover **cover)
{
	const struct dp_unite_source *s = w->source;
	uint64_t lowest = left & -left, set;

	for (uint32_t i = s->first[pattern]; i != DP_ADDED_NONE;
	     i = s->added[i].next) {
		set = audiences_of(w, &s->added[i]);
		left &= set & lowest ? set : ~set;
	}
	*cover = NULL;
	for (size_t k = w->cover_count; k-- > 0;) {
		set = w->covers[k].audiences;
		if (set & lowest) {
			*cover = &w->covers[k];
			return left & set;
		}
		left &= ~set;
	}
	return left;
}

/* Collect in t what the groups say about the pattern that apply to an audience
 * of t. */
static enum dp_err unite_groups(struct work *w, uint32_t pattern,
    struct dp_trait *t)
{
	const struct dp_unite_source *s = w->source;
	enum dp_err err = DP_OK;

	for (uint32_t i = s->first[pattern]; i != DP_ADDED_NONE && !err;
	     i = s->added[i].next) {
		struct dp_trait_lists lists;

		if (!(audiences_of(w, &s->added[i]) & t->audiences))
			continue;
		dp_trait_unpack(s->traits, s->added[i].trait, &lists);
		err = dp_trait_unite(t, &lists);
		if (!err)
			err = dp_trait_add_member(t,
			    s->rank[s->added[i].group]);
	}
	return err;
}

/* A variant that is the same as one before is the same rule. */
static void join_last(struct work *w)
{
	struct dp_trait *last = &w->variants[w->variant_count];

	if (w->variant_count++ == 0)
		return;
	dp_trait_sort(&w->variants[0]);
	dp_trait_sort(last);
	for (struct dp_trait *t = w->variants; t < last; t++) {
		if (!dp_trait_same(t, last))
			continue;
		t->audiences |= last->audiences;
		w->variant_count--;
		return;
	}
}

/* Make the variants of a pattern. */
static enum dp_err unite(struct work *w, uint32_t pattern)
{
	uint64_t left = all_of(w, pattern);

	w->variant_count = 0;
	while (left != 0) {
		struct dp_trait *t = &w->variants[w->variant_count];
		const struct cover *cover;
		struct dp_trait_lists lists;
		enum dp_err err;

		dp_trait_clear(t);
		t->audiences = alike(w, pattern, left, &cover);
		left &= ~t->audiences;
		err = unite_groups(w, pattern, t);
		if (!err && !t->deny && cover) {
			dp_trait_unpack(w->traits, cover->trait, &lists);
			err = dp_trait_inherit(t, &lists);
		}
		if (err)
			return err;
		join_last(w);
	}
	return DP_OK;
}

/* The variants become rules. */
static enum dp_err put_rules(struct work *w, uint32_t pattern,
    const uint8_t *key, size_t key_b)
{
	enum dp_err err = dp_vec_room(&w->rules, &w->rule_room,
	    w->rule_count + w->variant_count, sizeof(*w->rules));

	for (size_t i = 0; i < w->variant_count && !err; i++) {
		struct dp_policy_rule *rule = &w->rules[w->rule_count];
		struct dp_trait *t = &w->variants[i];
		bool deny = dp_trait_settle(t);

		err = dp_trait_pack(t, w->traits, &rule->trait);
		if (err)
			return err;
		rule->pattern = pattern;
		rule->flags = deny ? DP_RULE_DENY : 0;
		if (i + 1 < w->variant_count)
			rule->flags |= DP_RULE_MORE;
		w->rule_count++;
		if (!deny && dp_sort_key_is_wildcard(key, key_b) &&
		    t->pin_count > 0)
			err = cover_enter(w, key, key_b, t, rule->trait);
	}
	return err;
}

/*
 * Pattern by pattern in the given order. In that order a wildcard comes before
 * all that it covers, so that its pins, with those that it inherited itself,
 * are known when they are needed.
 */
static enum dp_err unite_all(struct work *w, const uint32_t *order)
{
	const struct dp_intern *patterns = w->source->patterns;
	enum dp_err err = dp_vec_room(&w->rules, &w->rule_room,
	    patterns->count + 1, sizeof(*w->rules));

	for (size_t i = 0; i < patterns->count && !err; i++) {
		size_t key_b;
		const uint8_t *key = dp_intern_get(patterns, order[i], &key_b);

		if (i + DP_INTERN_AHEAD < patterns->count)
			dp_intern_fetch(patterns,
			    order[i + DP_INTERN_AHEAD / 2],
			    order[i + DP_INTERN_AHEAD]);
		cover_leave(w, key, key_b);
		err = unite(w, order[i]);
		if (!err)
			err = put_rules(w, order[i], key, key_b);
	}
	return err;
}

enum dp_err dp_unite(const struct dp_unite_source *source,
    struct dp_policy_rule **rules, size_t *rule_count,
    struct dp_intern *traits)
{
	struct work w = { .source = source, .traits = traits };
	uint32_t *order = NULL;
	enum dp_err err = dp_sort_keys(&order, source->patterns);

	if (!err)
		err = unite_all(&w, order);
	free(order);
	free(w.covers);
	for (size_t i = 0; i < DP_AUDIENCES_MAX; i++)
		dp_trait_free(&w.variants[i]);
	if (err) {
		free(w.rules);
		return err;
	}
	*rules = w.rules;
	*rule_count = w.rule_count;
	return DP_OK;
}
