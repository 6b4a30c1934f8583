/*
 * Clients: which audience one belongs to, which clients an audience has, and
 * whether what the file says of them is sound.
 */
#include <stdio.h>
#include <string.h>

#include "module/core/policy_view.h"

#define NESTED_MAX 129 /* prefixes around each other: lengths 0 to 128 */

struct dp_prefix dp_policy_client_prefix(const struct dp_client_d *client)
{
	struct dp_prefix prefix = { .len = client->len };

	prefix.addr.family = client->family;
	memcpy(prefix.addr.bytes, client->bytes, sizeof(client->bytes));
	return prefix;
}

/* How many client prefixes stand up to wanted, itself included. */
static uint32_t count_up_to(const struct dp_policy_view *v,
    const struct dp_prefix *wanted)
{
	uint32_t low = 0, high = v->client_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct dp_prefix p =
		    dp_policy_client_prefix(&v->clients[middle]);

		if (dp_prefix_compare(&p, wanted) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t dp_policy_audience_count(const struct dp_policy *p)
{
	return p->view.audience_count;
}

uint64_t dp_policy_audiences(const struct dp_policy *p)
{
	return dp_audiences_all(p->view.audience_count);
}

uint32_t dp_policy_audience(const struct dp_policy *p,
    const struct dp_addr *client)
{
	const struct dp_policy_view *v = &p->view;
	struct dp_prefix host = { .addr = *client };
	uint32_t i;

	if (v->audience_count == 1)
		return 0;
	dp_addr_unmap(&host.addr);
	host.len = host.addr.family == 4 ? 32 : 128;
	/* Of the prefixes in front of the host's own, the last one holds it or
	 * lies in all that do. */
	for (i = count_up_to(v, &host); i > 0; i = v->clients[i - 1].parent) {
		struct dp_prefix prefix =
		    dp_policy_client_prefix(&v->clients[i - 1]);

		if (dp_prefix_has(&prefix, &host.addr))
			return v->clients[i - 1].audience;
	}
	return 0;
}

static bool has(uint64_t audiences, uint32_t audience)
{
	return audiences >> audience & 1;
}

/* Is the region around client's in the set? */
static bool has_around(const struct dp_policy_view *v, uint64_t audiences,
    const struct dp_client_d *client)
{
	return has(audiences, client->parent == 0
		? 0 : v->clients[client->parent - 1].audience);
}

/* The whole of a family: audience 0, where no group is limited to it. */
static bool whole_family(const struct dp_policy_view *v, uint64_t audiences,
    uint8_t family, struct dp_client *out)
{
	struct dp_prefix whole = { .addr = { .family = family } };
	uint32_t audience = 0, i = count_up_to(v, &whole);

	if (i > 0) {
		const struct dp_client_d *last = &v->clients[i - 1];

		if (last->family == family && last->len == 0)
			audience = last->audience;
	}
	*out = (struct dp_client){ whole, !has(audiences, audience) };
	return !out->excepted || has(audiences, 0);
}

bool dp_policy_client_next(const struct dp_policy *p, uint64_t audiences,
    uint32_t *cursor, struct dp_client *out)
{
	const struct dp_policy_view *v = &p->view;

	while (*cursor < 2)
		if (whole_family(v, audiences, (*cursor)++ == 0 ? 4 : 6, out))
			return true;
	while (*cursor - 2 < v->client_count) {
		const struct dp_client_d *client = &v->clients[*cursor - 2];
		bool inside = has(audiences, client->audience);

		(*cursor)++;
		if (client->len == 0 ||
		    inside == has_around(v, audiences, client))
			continue;
		out->prefix = dp_policy_client_prefix(client);
		out->excepted = !inside;
		return true;
	}
	return false;
}

size_t dp_client_to_text(const struct dp_client *c,
    char text[DP_CLIENT_TEXT_MAX])
{
	text[0] = '!';
	return c->excepted + dp_prefix_to_text(&c->prefix, text + c->excepted);
}

/*
 * By audience: those to which all groups of it apply, itself among them. NULL,
 * or what is wrong. Audiences with the same groups would be one.
 */
static const char *compare_audiences(const struct dp_policy_view *v,
    uint64_t wider[DP_AUDIENCES_MAX])
{
	const uint64_t all = dp_audiences_all(v->audience_count);

	for (uint32_t a = 0; a < v->audience_count; a++)
		wider[a] = all;
	for (uint32_t i = 0; i < v->group_count; i++) {
		uint64_t set = v->groups[i].audiences;

		if (set == 0 || (set & ~all) != 0 ||
		    (has(set, 0) && set != all))
			return "a group's audiences are wrong";
		for (uint32_t a = 0; a < v->audience_count; a++)
			if (has(set, a))
				wider[a] &= set;
	}
	for (uint32_t a = 0; a < v->audience_count; a++)
		for (uint32_t b = 0; b < a; b++)
			if (has(wider[a], b) && has(wider[b], a))
				return "two audiences have the same groups";
	return NULL;
}

static bool prefix_fits(const struct dp_client_d *client,
    const struct dp_prefix *prefix)
{
	struct dp_addr addr = prefix->addr;

	return dp_prefix_valid(prefix) && client->zero[0] == 0 &&
	    client->zero[1] == 0 &&
	    !(prefix->len >= 96 && dp_addr_unmap(&addr));
}

const char *dp_policy_clients_wrong(const struct dp_policy_view *v)
{
	uint64_t wider[DP_AUDIENCES_MAX];
	const char *wrong = compare_audiences(v, wider);
	uint32_t around[NESTED_MAX + 1] = { 0 }; /* index + 1 */
	struct dp_prefix last = { .len = 0 };
	uint32_t depth = 0, seen = 1;

	if (wrong)
		return wrong;
	for (uint32_t i = 0; i < v->client_count; i++) {
		const struct dp_client_d *c = &v->clients[i];
		struct dp_prefix prefix = dp_policy_client_prefix(c);
		uint32_t outer = 0;

		if (!prefix_fits(c, &prefix))
			return "a client prefix is none";
		if (i > 0 && dp_prefix_compare(&last, &prefix) >= 0)
			return "the client prefixes are not sorted";
		for (; depth > 0; depth--) {
			struct dp_prefix p = dp_policy_client_prefix(
			    &v->clients[around[depth] - 1]);

			if (dp_prefix_has(&p, &prefix.addr))
				break;
		}
		if (c->parent != around[depth])
			return "a client prefix lies in another one";
		if (c->parent > 0)
			outer = v->clients[c->parent - 1].audience;
		/* Also: an audience that there is, and not 0. */
		if (c->audience > seen || c->audience >= v->audience_count ||
		    c->audience == outer || !has(wider[outer], c->audience))
			return "a client prefix has a wrong audience";
		seen += c->audience == seen;
		around[++depth] = i + 1;
		last = prefix;
	}
	return seen == v->audience_count ? NULL
					 : "an audience without clients";
}
