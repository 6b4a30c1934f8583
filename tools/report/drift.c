#include "dp_config.h"

#include "tools/report/drift.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/intern.h"
#include "tools/vec.h"

struct moved { /* an address outside the pins of a rule, kept once */
	uint32_t rule;
	struct dp_addr addr;
};

struct found {
	struct moved what;
	uint32_t name; /* at which it was seen first */
};

struct dp_drift {
	const struct dp_policy *policy;
	uint64_t *seen; /* answers, by rule */
	struct dp_intern moved;
	struct dp_intern names; /* in wire form */
	uint32_t *name_of;	/* by number of moved */
	size_t name_room;
	struct found *sorted; /* of moved.count; NULL: to be made */
	size_t sorted_count;
};

enum dp_err dp_drift_open(struct dp_drift **out,
    const struct dp_policy *policy)
{
	struct dp_drift *d = calloc(1, sizeof(*d));

	if (d)
		d->seen = calloc((size_t)dp_policy_rule_count(policy) + 1,
		    sizeof(*d->seen));
	if (!d || !d->seen) {
		free(d);
		return DP_ERR_NOMEM;
	}
	d->policy = policy;
	*out = d;
	return DP_OK;
}

void dp_drift_close(struct dp_drift **d)
{
	if (!*d)
		return;
	dp_intern_free(&(*d)->moved);
	dp_intern_free(&(*d)->names);
	free((*d)->name_of);
	free((*d)->sorted);
	free((*d)->seen);
	free(*d);
	*d = NULL;
}

/* The first rule that allows name to anybody. */
static bool find_rule(const struct dp_policy *p, const struct dp_name *name,
    uint32_t *rule)
{
	uint64_t left = dp_policy_audiences(p);
	struct dp_match match;

	while (dp_policy_match_next(p, name, &left, &match)) {
		*rule = match.rule;
		if (match.allow)
			return true;
	}
	return false;
}

void dp_drift_answer(struct dp_drift *d, const struct dp_name *name)
{
	uint32_t rule;

	if (find_rule(d->policy, name, &rule))
		d->seen[rule]++;
}

static enum dp_err keep(struct dp_drift *d, const struct moved *moved,
    const struct dp_name *name)
{
	size_t before = d->moved.count;
	uint32_t number;
	enum dp_err err = dp_vec_room(&d->name_of, &d->name_room, before + 1,
	    sizeof(*d->name_of));

	if (err == DP_OK)
		err = dp_intern_add(&d->moved, moved, sizeof(*moved), &number);
	if (err == DP_OK && d->moved.count > before)
		err = dp_intern_add(&d->names, name->wire, name->len,
		    &d->name_of[number]);
	return err;
}

enum dp_err dp_drift_address(struct dp_drift *d, const struct dp_name *name,
    const struct dp_addr *addr)
{
	struct moved moved;
	uint32_t rule;

	if (!find_rule(d->policy, name, &rule) ||
	    dp_policy_pin(d->policy, rule, addr) != DP_PIN_OUTSIDE)
		return DP_OK;
	memset(&moved, 0, sizeof(moved)); /* octets between members, too */
	moved.rule = rule;
	moved.addr = *addr;
	free(d->sorted);
	d->sorted = NULL;
	return keep(d, &moved, name);
}

static int by_rule(const void *a, const void *b)
{
	const struct moved *x = &((const struct found *)a)->what;
	const struct moved *y = &((const struct found *)b)->what;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return dp_addr_compare(&x->addr, &y->addr);
}

static enum dp_err sort(struct dp_drift *d)
{
	size_t count = d->moved.count, size_b;

	if (d->sorted)
		return DP_OK;
	d->sorted = calloc(count + 1, sizeof(*d->sorted));
	if (!d->sorted)
		return DP_ERR_NOMEM;
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&d->sorted[i].what,
		    dp_intern_get(&d->moved, i, &size_b),
		    sizeof(d->sorted[i].what));
		d->sorted[i].name = d->name_of[i];
	}
	qsort(d->sorted, count, sizeof(*d->sorted), by_rule);
	d->sorted_count = count;
	return DP_OK;
}

/* After sort: those of rule, from *first on; returns how many. */
static size_t moved_of(const struct dp_drift *d, uint32_t rule, size_t *first)
{
	size_t low = 0, high = d->sorted_count, count = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->sorted[middle].what.rule < rule)
			low = middle + 1;
		else
			high = middle;
	}
	*first = low;
	while (low + count < d->sorted_count &&
	    d->sorted[low + count].what.rule == rule)
		count++;
	return count;
}

size_t dp_drift_moved(const struct dp_drift *d)
{
	size_t rules = 0;
	uint32_t *seen = calloc((size_t)dp_policy_rule_count(d->policy) + 1,
	    sizeof(*seen));
	struct moved moved;
	size_t size_b;

	for (uint32_t i = 0; seen && i < d->moved.count; i++) {
		memcpy(&moved, dp_intern_get(&d->moved, i, &size_b),
		    sizeof(moved));
		rules += seen[moved.rule]++ == 0;
	}
	free(seen);
	return rules;
}

static void found_name(const struct dp_drift *d, const struct found *f,
    char text[DP_NAME_TEXT_MAX])
{
	struct dp_name name;
	size_t len;
	const uint8_t *wire = dp_intern_get(&d->names, f->name, &len);

	text[0] = '\0';
	if (dp_name_copy_lower(&name, wire, len))
		(void)dp_name_to_text(&name, text);
}

/* --- for people ----------------------------------------------------------- */

static void say_rule(const struct dp_drift *d, uint32_t rule, FILE *out)
{
	char text[DP_NAME_TEXT_MAX];
	struct dp_rule_info info;

	dp_policy_rule(d->policy, rule, &info);
	dp_policy_rule_text(d->policy, rule, text);
	fprintf(out, "%s (", text);
	for (uint32_t k = 0; k < info.group_count; k++) {
		dp_policy_group_name(d->policy,
		    dp_policy_rule_group(d->policy, rule, k), text);
		fprintf(out, "%s%s", k ? "," : "", text);
	}
	fprintf(out, ")");
}

static void say_moved(const struct dp_drift *d, uint32_t rule, FILE *out)
{
	size_t first, count = moved_of(d, rule, &first);
	char text[DP_ADDR_TEXT_MAX], pattern[DP_NAME_TEXT_MAX];
	char name[DP_NAME_TEXT_MAX];
	struct dp_rule_info info;

	if (count == 0)
		return;
	dp_policy_rule_text(d->policy, rule, pattern);
	dp_policy_rule(d->policy, rule, &info);
	say_rule(d, rule, out);
	fprintf(out, ": %zu %s outside its %" PRIu32 " %s\n", count,
	    count == 1 ? "address" : "addresses", info.pin_count,
	    info.pin_count == 1 ? "pin" : "pins");
	for (size_t i = first; i < first + count; i++) {
		(void)dp_addr_to_text(&d->sorted[i].what.addr, text);
		found_name(d, &d->sorted[i], name);
		if (strcmp(name, pattern) == 0)
			fprintf(out, "    %s\n", text);
		else /* a wildcard: which of its names? */
			fprintf(out, "    %-15s %s\n", text, name);
	}
}

static bool is_allowing(const struct dp_drift *d, uint32_t rule)
{
	struct dp_rule_info info;

	dp_policy_rule(d->policy, rule, &info);
	return info.allow;
}

struct sums {
	unsigned rules, used, pinned, moved;
};

static void sum_up(const struct dp_drift *d, struct sums *sums)
{
	for (uint32_t i = 0; i < dp_policy_rule_count(d->policy); i++) {
		struct dp_rule_info info;
		size_t first;

		dp_policy_rule(d->policy, i, &info);
		for (uint32_t k = 0; info.allow && k < info.group_count;
		     k++) {
			struct sums *to =
			    &sums[dp_policy_rule_group(d->policy, i, k)];

			to->rules++;
			to->used += d->seen[i] > 0;
			to->pinned += info.pin_count > 0;
			to->moved += moved_of(d, i, &first) > 0;
		}
	}
}

static enum dp_err say_groups(const struct dp_drift *d, FILE *out)
{
	uint32_t count = dp_policy_group_count(d->policy);
	struct sums *sums = calloc((size_t)count + 1, sizeof(*sums));
	char text[DP_NAME_TEXT_MAX];
	int width = (int)sizeof("group") - 1;

	if (!sums)
		return DP_ERR_NOMEM;
	sum_up(d, sums);
	for (uint32_t i = 0; i < count; i++) {
		dp_policy_group_name(d->policy, i, text);
		if ((int)strlen(text) > width)
			width = (int)strlen(text);
	}
	fprintf(out, "%-*s %8s %8s %8s %8s\n", width, "group", "rules",
	    "used", "pinned", "outside");
	for (uint32_t i = 0; i < count; i++) {
		dp_policy_group_name(d->policy, i, text);
		fprintf(out, "%-*s %8u %8u %8u %8u\n", width, text,
		    sums[i].rules, sums[i].used, sums[i].pinned,
		    sums[i].moved);
	}
	free(sums);
	return DP_OK;
}

enum dp_err dp_drift_text(struct dp_drift *d, bool unused, FILE *out)
{
	enum dp_err err = sort(d);

	if (err != DP_OK)
		return err;
	for (uint32_t i = 0; i < dp_policy_rule_count(d->policy); i++)
		say_moved(d, i, out);
	for (uint32_t i = 0; unused && i < dp_policy_rule_count(d->policy);
	     i++) {
		if (d->seen[i] > 0 || !is_allowing(d, i))
			continue;
		say_rule(d, i, out);
		fprintf(out, ": not used\n");
	}
	return say_groups(d, out);
}

/* --- for programs --------------------------------------------------------- */

static json_t *groups_json(const struct dp_drift *d, uint32_t rule,
    uint32_t count)
{
	json_t *groups = json_array();
	char text[DP_NAME_TEXT_MAX];

	for (uint32_t k = 0; k < count; k++) {
		dp_policy_group_name(d->policy,
		    dp_policy_rule_group(d->policy, rule, k), text);
		json_array_append_new(groups, json_string(text));
	}
	return groups;
}

static json_t *moved_json(const struct dp_drift *d, uint32_t rule)
{
	size_t first, count = moved_of(d, rule, &first);
	json_t *moved = json_array();
	char text[DP_ADDR_TEXT_MAX];

	for (size_t i = first; i < first + count; i++) {
		(void)dp_addr_to_text(&d->sorted[i].what.addr, text);
		json_array_append_new(moved, json_string(text));
	}
	return moved;
}

/* At which name each address was seen first. */
static json_t *names_json(const struct dp_drift *d, uint32_t rule)
{
	size_t first, count = moved_of(d, rule, &first);
	json_t *names = json_object();
	char address[DP_ADDR_TEXT_MAX], name[DP_NAME_TEXT_MAX];

	for (size_t i = first; i < first + count; i++) {
		(void)dp_addr_to_text(&d->sorted[i].what.addr, address);
		found_name(d, &d->sorted[i], name);
		json_object_set_new(names, address, json_string(name));
	}
	return names;
}

json_t *dp_drift_json(struct dp_drift *d)
{
	json_t *rules = json_array();
	char text[DP_NAME_TEXT_MAX];

	if (!rules || sort(d) != DP_OK) {
		json_decref(rules);
		return NULL;
	}
	for (uint32_t i = 0; i < dp_policy_rule_count(d->policy); i++) {
		struct dp_rule_info info;
		json_t *rule;

		dp_policy_rule(d->policy, i, &info);
		if (!info.allow)
			continue;
		dp_policy_rule_text(d->policy, i, text);
		rule = json_pack("{s:s,s:o,s:I,s:I,s:o,s:o}", "rule", text,
		    "groups", groups_json(d, i, info.group_count), "pins",
		    (json_int_t)info.pin_count, "answers",
		    (json_int_t)d->seen[i], "outside", moved_json(d, i),
		    "names", names_json(d, i));
		if (!rule || json_array_append_new(rules, rule) != 0) {
			json_decref(rules);
			return NULL;
		}
	}
	return rules;
}
