#include "tools/ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sort_key.h"
#include "tools/policy_write.h"
#include "tools/trait.h"
#include "tools/vec.h"

#define NONE UINT32_MAX

/* A pattern in one group. */
struct added {
	uint32_t trait; /* number in traits */
	uint32_t group;
	uint32_t line;
	uint32_t next; /* the same pattern in another group, or NONE */
};

struct dp_ruleset {
	struct dp_policy_group *groups;
	size_t group_count, group_room;
	struct dp_intern patterns; /* keys of sort_key.h */
	uint32_t *first;	   /* by pattern: its first struct added */
	size_t first_room;
	struct added *added;
	size_t added_count, added_room;
	struct dp_intern traits; /* of struct added: without members */
	struct dp_trait scratch;
};

static enum dp_err no_memory(struct dp_diag *diag)
{
	dp_diag_set(diag, "rules", 0, "out of memory");
	return DP_ERR_NOMEM;
}

/* err of an intern, said. */
static enum dp_err intern_failed(enum dp_err err, struct dp_diag *diag)
{
	if (err == DP_ERR_NOMEM)
		return no_memory(diag);
	dp_diag_set(diag, "rules", 0,
	    "too many rules: their names or pins take more than 4 GiB");
	return err;
}

enum dp_err dp_ruleset_new(struct dp_ruleset **out)
{
	struct dp_ruleset *rs = calloc(1, sizeof(*rs));

	if (!rs)
		return DP_ERR_NOMEM;
	*out = rs;
	return DP_OK;
}

void dp_ruleset_close(struct dp_ruleset **rs)
{
	struct dp_ruleset *r = *rs;

	if (!r)
		return;
	for (size_t i = 0; i < r->group_count; i++)
		free(r->groups[i].text);
	free(r->groups);
	dp_intern_free(&r->patterns);
	free(r->first);
	free(r->added);
	dp_intern_free(&r->traits);
	dp_trait_free(&r->scratch);
	free(r);
	*rs = NULL;
}

/* Octets of the name that a group is called by, see dp_policy_group_name():
 * those in front of a last label dnspin, or of the root's. */
static size_t called_b(const struct dp_name *apex)
{
	static const uint8_t tail[] = "\6dnspin"; /* the root's octet is NUL */
	struct dp_name parent = { .len = sizeof(tail) };

	memcpy(parent.wire, tail, sizeof(tail));
	if (apex->len > parent.len && dp_name_within(apex, &parent))
		return (size_t)apex->len - parent.len;
	return apex->len - 1u;
}

static bool same_group(const struct dp_name *a, const struct dp_name *b)
{
	return called_b(a) == called_b(b) &&
	    memcmp(a->wire, b->wire, called_b(a)) == 0;
}

enum dp_err dp_ruleset_group(struct dp_ruleset *rs, const struct dp_name *apex,
    uint32_t serial, const uint8_t *text, size_t text_b, uint32_t *group,
    struct dp_diag *diag)
{
	struct dp_policy_group *g;
	char name[DP_NAME_TEXT_MAX];

	dp_name_to_text(apex, name);
	for (size_t i = 0; i < rs->group_count; i++) {
		if (!same_group(&rs->groups[i].apex, apex))
			continue;
		dp_diag_set(diag, name, 0,
		    "a zone of this group was read before: give each zone "
		    "its own apex, where a last label dnspin does not count");
		return DP_ERR_SYNTAX;
	}
	if (rs->group_count >= NONE || text_b > DP_POLICY_FILE_MAX) {
		dp_diag_set(diag, name, 0, "too many zones or too much text");
		return DP_ERR_LIMIT;
	}
	if (dp_vec_room(&rs->groups, &rs->group_room, rs->group_count + 1,
		sizeof(*rs->groups)) != DP_OK)
		return no_memory(diag);
	g = &rs->groups[rs->group_count];
	g->text = malloc(text_b + 1);
	if (!g->text)
		return no_memory(diag);
	if (text_b > 0)
		memcpy(g->text, text, text_b);
	g->text_b = text_b;
	g->apex = *apex;
	g->serial = serial;
	*group = (uint32_t)rs->group_count++;
	return DP_OK;
}

static enum dp_err refuse(const struct dp_rule_source *rule,
    struct dp_diag *diag, const char *reason)
{
	struct dp_name name = rule->base;
	char text[DP_NAME_TEXT_MAX];

	if (rule->wildcard && name.len <= DP_NAME_MAX - 2) {
		memmove(name.wire + 2, name.wire, name.len);
		memcpy(name.wire, "\1*", 2);
		name.len = (uint8_t)(name.len + 2);
	}
	dp_name_to_text(&name, text);
	dp_diag_set(diag, text, rule->line, "%s", reason);
	return DP_ERR_SYNTAX;
}

static enum dp_err check_pattern(const struct dp_rule_source *rule,
    struct dp_diag *diag)
{
	const uint8_t *wire = rule->base.wire;

	for (unsigned at = 0; wire[at]; at += 1u + wire[at])
		if (wire[at] == 1 && wire[at + 1] == '*')
			return refuse(rule, diag,
			    "\"*\" stands for names only as the first label: "
			    "write *.NAME");
	if (rule->wildcard && rule->base.len > DP_NAME_MAX - 2)
		return refuse(rule, diag,
		    "longer than 255 octets with \"*.\" in front");
	return DP_OK;
}

/* Pack what the rule brings, without its group. */
static enum dp_err pack_source(struct dp_ruleset *rs,
    const struct dp_rule_source *rule, uint32_t *trait)
{
	struct dp_trait *t = &rs->scratch;
	enum dp_err err = DP_OK;

	dp_trait_clear(t);
	t->deny = !rule->allow;
	if (rule->allow) {
		for (size_t i = 0; i < rule->service_count && err == DP_OK;
		     i++)
			err = dp_trait_add_service(t, rule->services[i]);
		for (size_t i = 0; i < rule->pin_count && err == DP_OK; i++)
			err = dp_trait_add_pin(t, &rule->pins[i]);
	}
	return err != DP_OK ? err : dp_trait_pack(t, &rs->traits, trait);
}

/* The first line of a pattern in a group; NONE: it is not there. */
static uint32_t line_of(const struct dp_ruleset *rs, uint32_t first,
    uint32_t group)
{
	for (uint32_t i = first; i != NONE; i = rs->added[i].next)
		if (rs->added[i].group == group)
			return rs->added[i].line;
	return NONE;
}

enum dp_err dp_ruleset_add(struct dp_ruleset *rs, uint32_t group,
    const struct dp_rule_source *rule, struct dp_diag *diag)
{
	uint8_t key[DP_SORT_KEY_MAX];
	size_t patterns = rs->patterns.count;
	uint32_t pattern, trait, line;
	enum dp_err err = check_pattern(rule, diag);
	char reason[80];

	if (err != DP_OK)
		return err;
	if (patterns >= DP_RULE_MAX || rs->added_count >= NONE) {
		refuse(rule, diag, "too many rules: a policy holds 67108864");
		return DP_ERR_LIMIT;
	}
	if (dp_vec_room(&rs->first, &rs->first_room, patterns + 1,
		sizeof(*rs->first)) != DP_OK ||
	    dp_vec_room(&rs->added, &rs->added_room, rs->added_count + 1,
		sizeof(*rs->added)) != DP_OK)
		return no_memory(diag);
	err = pack_source(rs, rule, &trait);
	if (err == DP_OK)
		err = dp_intern_add(&rs->patterns, key,
		    dp_sort_key_make(key, &rule->base, rule->wildcard),
		    &pattern);
	if (err != DP_OK)
		return intern_failed(err, diag);
	if (rs->patterns.count > patterns)
		rs->first[pattern] = NONE;
	line = line_of(rs, rs->first[pattern], group);
	if (line != NONE) {
		snprintf(reason, sizeof(reason),
		    "duplicate of the rule in line %u: write one rule", line);
		return refuse(rule, diag, reason);
	}
	rs->added[rs->added_count] = (struct added){ trait, group,
		rule->line < NONE ? (uint32_t)rule->line : NONE - 1,
		rs->first[pattern] };
	rs->first[pattern] = (uint32_t)rs->added_count++;
	return DP_OK;
}

static int compare_groups(const void *a, const void *b)
{
	const struct dp_policy_group *const *x = a, *const *y = b;

	return dp_name_compare(&(*x)->apex, &(*y)->apex);
}

/* The groups as they stand in the file, and each one's place there. */
static enum dp_err rank_groups(const struct dp_ruleset *rs,
    const struct dp_policy_group ***sorted, uint32_t **rank)
{
	const struct dp_policy_group **s;
	uint32_t *r;

	s = malloc((rs->group_count + 1) * sizeof(const void *));
	r = malloc((rs->group_count + 1) * sizeof(*r));
	if (!s || !r) {
		free(s);
		free(r);
		return DP_ERR_NOMEM;
	}
	for (size_t i = 0; i < rs->group_count; i++)
		s[i] = &rs->groups[i];
	qsort(s, rs->group_count, sizeof(const void *), compare_groups);
	for (size_t i = 0; i < rs->group_count; i++)
		r[s[i] - rs->groups] = (uint32_t)i;
	*sorted = s;
	*rank = r;
	return DP_OK;
}

/* The wildcards with pins that cover the pattern at hand, the nearest last.
 * Each lies below the one before, so that a name's labels bound them. */
struct cover {
	const uint8_t *name_key[DP_NAME_LABELS_MAX]; /* key without its kind */
	size_t name_key_b[DP_NAME_LABELS_MAX];
	uint32_t trait[DP_NAME_LABELS_MAX];
	unsigned count;
};

/* Drop those that do not cover key. */
static void cover_leave(struct cover *c, const uint8_t *key, size_t key_b)
{
	while (c->count > 0) {
		size_t n = c->name_key_b[c->count - 1];

		if (n < key_b && memcmp(c->name_key[c->count - 1], key, n) == 0)
			return;
		c->count--;
	}
}

/* Collect in scratch what all groups say about the pattern. */
static enum dp_err unite_groups(struct dp_ruleset *rs, uint32_t pattern,
    const uint32_t *rank)
{
	struct dp_trait *t = &rs->scratch;
	enum dp_err err = DP_OK;

	dp_trait_clear(t);
	for (uint32_t i = rs->first[pattern]; i != NONE && err == DP_OK;
	     i = rs->added[i].next) {
		struct dp_trait_lists lists;

		dp_trait_unpack(&rs->traits, rs->added[i].trait, &lists);
		err = dp_trait_unite(t, &lists);
		if (err == DP_OK)
			err = dp_trait_add_member(t, rank[rs->added[i].group]);
	}
	return err;
}

/*
 * One rule for each pattern, in the given order. In that order a wildcard comes
 * before all that it covers, so that its pins, with those that it inherited
 * itself, are known when they are needed.
 */
static enum dp_err unite(struct dp_ruleset *rs, const uint32_t *order,
    const uint32_t *rank, struct dp_policy_rule *rules,
    struct dp_intern *traits)
{
	struct cover cover = { .count = 0 };
	struct dp_trait_lists lists;

	for (size_t i = 0; i < rs->patterns.count; i++) {
		size_t key_b;
		const uint8_t *key =
		    dp_intern_get(&rs->patterns, order[i], &key_b);
		enum dp_err err = unite_groups(rs, order[i], rank);
		bool deny = dp_trait_settle(&rs->scratch);

		if (i + DP_INTERN_AHEAD < rs->patterns.count)
			dp_intern_fetch(&rs->patterns,
			    order[i + DP_INTERN_AHEAD / 2],
			    order[i + DP_INTERN_AHEAD]);
		cover_leave(&cover, key, key_b);
		if (err == DP_OK && !deny && cover.count > 0) {
			dp_trait_unpack(traits, cover.trait[cover.count - 1],
			    &lists);
			err = dp_trait_inherit(&rs->scratch, &lists);
		}
		if (err == DP_OK)
			err = dp_trait_pack(&rs->scratch, traits,
			    &rules[i].trait);
		if (err != DP_OK)
			return err;
		rules[i].pattern = order[i];
		rules[i].flags = deny ? DP_RULE_DENY : 0;
		if (deny || !dp_sort_key_is_wildcard(key, key_b) ||
		    rs->scratch.pin_count == 0)
			continue;
		cover.name_key[cover.count] = key;
		cover.name_key_b[cover.count] = key_b - 1;
		cover.trait[cover.count++] = rules[i].trait;
	}
	return DP_OK;
}

/* The rules of rs, sorted and united; malloc'd. */
static enum dp_err make_rules(struct dp_ruleset *rs, const uint32_t *rank,
    struct dp_policy_rule **rules, struct dp_intern *traits)
{
	struct dp_policy_rule *r;
	uint32_t *order = NULL;
	enum dp_err err = dp_sort_keys(&order, &rs->patterns);

	if (err != DP_OK)
		return err;
	r = malloc((rs->patterns.count + 1) * sizeof(*r));
	err = r ? unite(rs, order, rank, r, traits) : DP_ERR_NOMEM;
	free(order);
	if (err == DP_OK)
		*rules = r;
	else
		free(r);
	return err;
}

enum dp_err dp_ruleset_write(struct dp_ruleset *rs,
    const struct dp_settings *settings, uint8_t **bytes, size_t *size_b,
    struct dp_diag *diag)
{
	const struct dp_policy_group **groups = NULL;
	struct dp_policy_rule *rules = NULL;
	struct dp_intern traits = { .count = 0 };
	struct dp_policy_source source;
	const char *wrong = dp_settings_wrong(settings);
	uint32_t *rank = NULL;
	enum dp_err err;

	if (wrong) {
		dp_diag_set(diag, "settings", 0, "%s", wrong);
		return DP_ERR_SYNTAX;
	}
	err = rank_groups(rs, &groups, &rank);
	if (err == DP_OK)
		err = make_rules(rs, rank, &rules, &traits);
	if (err != DP_OK) {
		err = intern_failed(err, diag);
		goto out;
	}
	source = (struct dp_policy_source){
		.settings = settings,
		.groups = groups,
		.group_count = (uint32_t)rs->group_count,
		.rules = rules,
		.rule_count = (uint32_t)rs->patterns.count,
		.patterns = &rs->patterns,
		.traits = &traits,
	};
	err = dp_policy_write(&source, bytes, size_b, diag);
out:
	dp_intern_free(&traits);
	free(rules);
	free(rank);
	free(groups);
	return err;
}
