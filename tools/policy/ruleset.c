#include "tools/policy/ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/policy/sort_key.h"
#include "tools/policy/policy_write.h"
#include "tools/policy/trait.h"
#include "tools/policy/unite.h"
#include "tools/vec.h"

#define NONE DP_ADDED_NONE

struct dp_ruleset {
	struct dp_policy_group *groups;
	size_t group_count, group_room;
	struct dp_limit *limits;
	size_t limit_count, limit_room;
	struct dp_intern patterns; /* keys of sort_key.h */
	uint32_t *first;	   /* by pattern: its first struct dp_added */
	size_t first_room;
	struct dp_added *added;
	size_t added_count, added_room;
	struct dp_intern traits; /* of added: without members */
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
	free(r->limits);
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

enum dp_err dp_ruleset_limit(struct dp_ruleset *rs, uint32_t group,
    const struct dp_prefix *prefixes, size_t count, struct dp_diag *diag)
{
	if (dp_vec_room(&rs->limits, &rs->limit_room, rs->limit_count + count,
		sizeof(*rs->limits)) != DP_OK)
		return no_memory(diag);
	for (size_t i = 0; i < count; i++)
		rs->limits[rs->limit_count++] =
		    (struct dp_limit){ prefixes[i], group };
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
	rs->added[rs->added_count] = (struct dp_added){ trait, group,
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

/* The limits with groups as they stand in the file, and what they make. */
static enum dp_err make_audiences(const struct dp_ruleset *rs,
    const uint32_t *rank, struct dp_audiences *out, struct dp_diag *diag)
{
	struct dp_limit *limits =
	    malloc((rs->limit_count + 1) * sizeof(*limits));
	enum dp_err err;

	if (!limits)
		return no_memory(diag);
	for (size_t i = 0; i < rs->limit_count; i++)
		limits[i] = (struct dp_limit){ rs->limits[i].prefix,
			rank[rs->limits[i].group] };
	err = dp_audiences_make(out, limits, rs->limit_count,
	    (uint32_t)rs->group_count, diag);
	free(limits);
	return err;
}

/* Everything but the groups' order and audiences. */
static enum dp_err write_rules(const struct dp_ruleset *rs,
    const struct dp_unite_source *united, struct dp_policy_source *source,
    uint8_t **bytes, size_t *size_b, struct dp_diag *diag)
{
	struct dp_intern traits = { .count = 0 };
	struct dp_policy_rule *rules = NULL;
	size_t rule_count = 0;
	enum dp_err err = dp_unite(united, &rules, &rule_count, &traits);

	if (!err && rule_count > DP_RULE_MAX)
		err = DP_ERR_LIMIT;
	if (err) {
		err = intern_failed(err, diag);
	} else {
		source->rules = rules;
		source->rule_count = (uint32_t)rule_count;
		source->patterns = &rs->patterns;
		source->traits = &traits;
		err = dp_policy_write(source, bytes, size_b, diag);
	}
	dp_intern_free(&traits);
	free(rules);
	return err;
}

enum dp_err dp_ruleset_write(struct dp_ruleset *rs,
    const struct dp_settings *settings, uint8_t **bytes, size_t *size_b,
    struct dp_diag *diag)
{
	const struct dp_policy_group **groups = NULL;
	struct dp_audiences audiences = { .count = 0 };
	const char *wrong = dp_settings_wrong(settings);
	struct dp_policy_source source;
	struct dp_unite_source united;
	uint32_t *rank = NULL;
	enum dp_err err;

	if (wrong) {
		dp_diag_set(diag, "settings", 0, "%s", wrong);
		return DP_ERR_SYNTAX;
	}
	if (rank_groups(rs, &groups, &rank) != DP_OK)
		return no_memory(diag);
	err = make_audiences(rs, rank, &audiences, diag);
	if (err)
		goto out;
	united = (struct dp_unite_source){ &rs->patterns, rs->first, rs->added,
		&rs->traits, rank, &audiences };
	source = (struct dp_policy_source){
		.settings = settings,
		.groups = groups,
		.group_count = (uint32_t)rs->group_count,
		.audiences = &audiences,
	};
	err = write_rules(rs, &united, &source, bytes, size_b, diag);
out:
	dp_audiences_free(&audiences);
	free(rank);
	free(groups);
	return err;
}
