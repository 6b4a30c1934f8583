#include "tools/policy/audience.h"

#include <stdlib.h>
#include <string.h>

#include "tools/intern.h"
#include "tools/vec.h"

#define NESTED_MAX 129 /* prefixes around each other: lengths 0 to 128 */

struct maker {
	struct dp_audiences a;
	struct dp_intern sets; /* of groups, sorted; numbers are audiences */
	uint32_t *set; /* that is being made */
	size_t set_count, set_room;
	uint32_t around[NESTED_MAX + 1]; /* index of the client prefix + 1 */
	unsigned depth;
};

static int compare_limits(const void *va, const void *vb)
{
	const struct dp_limit *a = va, *b = vb;
	int order = dp_prefix_compare(&a->prefix, &b->prefix);

	return order ? order : (a->group > b->group) - (a->group < b->group);
}

static int compare_groups(const void *va, const void *vb)
{
	uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;

	return (a > b) - (a < b);
}

/* The groups of audience, as the set that is being made. */
static enum dp_err set_begin(struct maker *m, uint32_t audience)
{
	size_t size_b;
	const uint8_t *groups = dp_intern_get(&m->sets, audience, &size_b);

	m->set_count = size_b / sizeof(*m->set);
	if (dp_vec_room(&m->set, &m->set_room, m->set_count + 1,
		sizeof(*m->set)) != DP_OK)
		return DP_ERR_NOMEM;
	memcpy(m->set, groups, size_b);
	return DP_OK;
}

static enum dp_err set_add(struct maker *m, uint32_t group)
{
	for (size_t i = 0; i < m->set_count; i++)
		if (m->set[i] == group)
			return DP_OK;
	if (dp_vec_room(&m->set, &m->set_room, m->set_count + 1,
		sizeof(*m->set)) != DP_OK)
		return DP_ERR_NOMEM;
	m->set[m->set_count++] = group;
	return DP_OK;
}

static enum dp_err set_end(struct maker *m, uint32_t *audience)
{
	qsort(m->set, m->set_count, sizeof(*m->set), compare_groups);
	return dp_intern_add(&m->sets, m->set, m->set_count * sizeof(*m->set),
	    audience);
}

/* Is client the region around prefix, or one around that? */
static bool lies_in(const struct dp_client_d *client,
    const struct dp_prefix *prefix)
{
	struct dp_prefix outer = { .len = client->len };

	outer.addr.family = client->family;
	memcpy(outer.addr.bytes, client->bytes, sizeof(client->bytes));
	return dp_prefix_has(&outer, &prefix->addr);
}

/* The prefix of limits[0..count), which comes behind all that lie around it. */
static enum dp_err add_prefix(struct maker *m, const struct dp_limit *limits,
    size_t count)
{
	const struct dp_prefix *prefix = &limits[0].prefix;
	struct dp_client_d client = { .family = prefix->addr.family,
		.len = prefix->len };
	uint32_t around = 0;
	enum dp_err err;

	while (m->depth > 0 &&
	    !lies_in(&m->a.clients[m->around[m->depth] - 1], prefix))
		m->depth--;
	client.parent = m->around[m->depth];
	if (client.parent > 0)
		around = m->a.clients[client.parent - 1].audience;
	err = set_begin(m, around);
	for (size_t i = 0; i < count && !err; i++)
		err = set_add(m, limits[i].group);
	if (!err)
		err = set_end(m, &client.audience);
	if (!err)
		err = dp_vec_room(&m->a.clients, &m->a.client_room,
		    m->a.client_count + 1, sizeof(client));
	if (err || client.audience == around)
		return err;
	memcpy(client.bytes, prefix->addr.bytes, dp_addr_size_b(&prefix->addr));
	m->a.clients[m->a.client_count++] = client;
	m->around[++m->depth] = (uint32_t)m->a.client_count;
	return DP_OK;
}

/* Cut the sorted limits into regions. */
static enum dp_err cut(struct maker *m, const struct dp_limit *limits,
    size_t count)
{
	uint32_t nobody;
	enum dp_err err = dp_intern_add(&m->sets, "", 0, &nobody);

	for (size_t i = 0, n; i < count && !err; i += n) {
		for (n = 1; i + n < count; n++)
			if (dp_prefix_compare(&limits[i].prefix,
				&limits[i + n].prefix) != 0)
				break;
		err = add_prefix(m, limits + i, n);
	}
	return err;
}

/* By group the audiences that it applies to. */
static enum dp_err apply(struct maker *m, const struct dp_limit *limits,
    size_t limit_count, uint32_t group_count)
{
	uint64_t *groups = malloc((group_count + 1u) * sizeof(*groups));

	if (!groups)
		return DP_ERR_NOMEM;
	for (uint32_t g = 0; g < group_count; g++)
		groups[g] = UINT64_MAX >> (DP_AUDIENCES_MAX - m->sets.count);
	for (size_t i = 0; i < limit_count; i++)
		groups[limits[i].group] = 0;
	for (uint32_t audience = 0; audience < m->sets.count; audience++) {
		if (set_begin(m, audience) != DP_OK) {
			free(groups);
			return DP_ERR_NOMEM;
		}
		for (size_t i = 0; i < m->set_count; i++)
			groups[m->set[i]] |= (uint64_t)1 << audience;
	}
	m->a.groups = groups;
	m->a.count = (uint32_t)m->sets.count;
	return DP_OK;
}

static enum dp_err failed(const struct maker *m, enum dp_err err,
    struct dp_diag *diag)
{
	if (err == DP_ERR_NOMEM)
		dp_diag_set(diag, "clients", 0, "out of memory");
	else if (m->sets.count > DP_AUDIENCES_MAX)
		dp_diag_set(diag, "clients", 0, "the prefixes that zones are "
		    "limited to (APL at the apex) make %zu kinds of clients, "
		    "each with other zones, and a policy holds %u: limit zones "
		    "to the same prefixes, or put their rules into one zone",
		    m->sets.count, DP_AUDIENCES_MAX);
	else
		dp_diag_set(diag, "clients", 0, "too many prefixes that zones "
		    "are limited to: they take more than 4 GiB");
	return err;
}

enum dp_err dp_audiences_make(struct dp_audiences *out,
    const struct dp_limit *limits, size_t limit_count, uint32_t group_count,
    struct dp_diag *diag)
{
	struct dp_limit *sorted =
	    malloc((limit_count + 1) * sizeof(*sorted));
	struct maker m = { .depth = 0 };
	enum dp_err err = sorted ? DP_OK : DP_ERR_NOMEM;

	if (!err && limit_count > 0) {
		memcpy(sorted, limits, limit_count * sizeof(*sorted));
		qsort(sorted, limit_count, sizeof(*sorted), compare_limits);
	}
	if (!err)
		err = cut(&m, sorted, limit_count);
	if (!err && m.sets.count > DP_AUDIENCES_MAX)
		err = DP_ERR_LIMIT;
	if (!err)
		err = apply(&m, limits, limit_count, group_count);
	if (err) {
		failed(&m, err, diag);
		dp_audiences_free(&m.a);
	} else {
		*out = m.a;
	}
	dp_intern_free(&m.sets);
	free(m.set);
	free(sorted);
	return err;
}

void dp_audiences_free(struct dp_audiences *a)
{
	free(a->groups);
	free(a->clients);
	memset(a, 0, sizeof(*a));
}
