#include "tools/policy/trait.h"

#include <stdlib.h>
#include <string.h>

#include "tools/vec.h"

/* What a packed trait begins with; the three lists follow. All sizes are
 * multiples of 4, so that the lists are aligned behind each other. */
struct packed {
	uint32_t audiences[2]; /* the lower half first */
	uint32_t deny;
	uint32_t member_count;
	uint32_t service_count;
	uint32_t pin_count;
};

void dp_trait_clear(struct dp_trait *t)
{
	t->deny = false;
	t->audiences = 0;
	t->any_service = false;
	t->member_count = 0;
	t->service_count = 0;
	t->pin_count = 0;
}

void dp_trait_free(struct dp_trait *t)
{
	free(t->members);
	free(t->services);
	free(t->pins);
	free(t->packed);
	memset(t, 0, sizeof(*t));
}

enum dp_err dp_trait_add_member(struct dp_trait *t, uint32_t group)
{
	enum dp_err err = dp_vec_room(&t->members, &t->member_room,
	    t->member_count + 1, sizeof(*t->members));

	if (err == DP_OK)
		t->members[t->member_count++] = group;
	return err;
}

/* Append n services. */
static enum dp_err add_services(struct dp_trait *t,
    const struct dp_service_d *services, size_t n)
{
	enum dp_err err = dp_vec_room(&t->services, &t->service_room,
	    t->service_count + n, sizeof(*services));

	if (err == DP_OK && n > 0) {
		memcpy(t->services + t->service_count, services,
		    n * sizeof(*services));
		t->service_count += n;
	}
	return err;
}

/* Append n pins. */
static enum dp_err add_pins(struct dp_trait *t, const struct dp_pin_d *pins,
    size_t n)
{
	enum dp_err err = dp_vec_room(&t->pins, &t->pin_room,
	    t->pin_count + n, sizeof(*pins));

	if (err == DP_OK && n > 0) {
		memcpy(t->pins + t->pin_count, pins, n * sizeof(*pins));
		t->pin_count += n;
	}
	return err;
}

enum dp_err dp_trait_add_service(struct dp_trait *t, struct dp_service s)
{
	struct dp_service_d d = { .protocol = s.protocol, .port = s.port };

	return add_services(t, &d, 1);
}

enum dp_err dp_trait_add_pin(struct dp_trait *t, const struct dp_prefix *pin)
{
	struct dp_pin_d d = { .family = pin->addr.family, .len = pin->len };

	memcpy(d.bytes, pin->addr.bytes, dp_addr_size_b(&pin->addr));
	return add_pins(t, &d, 1);
}

enum dp_err dp_trait_unite(struct dp_trait *t, const struct dp_trait_lists *l)
{
	if (l->deny) {
		t->deny = true;
		return DP_OK;
	}
	if (l->service_count == 0)
		t->any_service = true;
	if (add_services(t, l->services, l->service_count) != DP_OK)
		return DP_ERR_NOMEM;
	return dp_trait_inherit(t, l);
}

enum dp_err dp_trait_inherit(struct dp_trait *t, const struct dp_trait_lists *l)
{
	return add_pins(t, l->pins, l->pin_count);
}

bool dp_trait_settle(struct dp_trait *t)
{
	bool deny = t->deny;

	if (deny) {
		t->service_count = 0;
		t->pin_count = 0;
		t->deny = false;
	}
	return deny;
}

static int compare_members(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int compare_services(const void *a, const void *b)
{
	const struct dp_service_d *x = a, *y = b;

	return x->protocol != y->protocol ? x->protocol - y->protocol
					  : x->port - y->port;
}

/* As dp_prefix_compare: family, octets, length. */
static int compare_pins(const void *a, const void *b)
{
	const struct dp_pin_d *x = a, *y = b;
	int order = x->family - y->family;

	if (order == 0)
		order = memcmp(x->bytes, y->bytes, sizeof(x->bytes));
	return order != 0 ? order : x->len - y->len;
}

/* Sort and drop doubles; returns how many are left. */
static size_t sort_unique(void *items, size_t n, size_t item_b,
    int (*compare)(const void *, const void *))
{
	uint8_t *p = items;
	size_t kept = 1;

	if (n < 2)
		return n;
	qsort(items, n, item_b, compare);
	for (size_t i = 1; i < n; i++) {
		if (compare(p + (kept - 1) * item_b, p + i * item_b) == 0)
			continue;
		memmove(p + kept * item_b, p + i * item_b, item_b);
		kept++;
	}
	return kept;
}

void dp_trait_sort(struct dp_trait *t)
{
	if (t->any_service)
		t->service_count = 0;
	t->member_count = sort_unique(t->members, t->member_count,
	    sizeof(*t->members), compare_members);
	t->service_count = sort_unique(t->services, t->service_count,
	    sizeof(*t->services), compare_services);
	t->pin_count = sort_unique(t->pins, t->pin_count, sizeof(*t->pins),
	    compare_pins);
}

static bool same_list(const void *a, size_t a_count, const void *b,
    size_t b_count, size_t item_b)
{
	return a_count == b_count &&
	    (a_count == 0 || memcmp(a, b, a_count * item_b) == 0);
}

bool dp_trait_same(const struct dp_trait *a, const struct dp_trait *b)
{
	return a->deny == b->deny &&
	    same_list(a->members, a->member_count, b->members,
		b->member_count, sizeof(*a->members)) &&
	    same_list(a->services, a->service_count, b->services,
		b->service_count, sizeof(*a->services)) &&
	    same_list(a->pins, a->pin_count, b->pins, b->pin_count,
		sizeof(*a->pins));
}

enum dp_err dp_trait_pack(struct dp_trait *t, struct dp_intern *in,
    uint32_t *number)
{
	struct packed head;
	size_t members_b, services_b, pins_b, size_b;
	uint8_t *p;

	dp_trait_sort(t);
	if (t->member_count > UINT32_MAX || t->service_count > UINT32_MAX ||
	    t->pin_count > UINT32_MAX)
		return DP_ERR_LIMIT;
	head = (struct packed){
		{ (uint32_t)t->audiences, (uint32_t)(t->audiences >> 32) },
		t->deny, (uint32_t)t->member_count,
		(uint32_t)t->service_count, (uint32_t)t->pin_count
	};
	members_b = t->member_count * sizeof(*t->members);
	services_b = t->service_count * sizeof(*t->services);
	pins_b = t->pin_count * sizeof(*t->pins);
	size_b = sizeof(head) + members_b + services_b + pins_b;
	if (dp_vec_room(&t->packed, &t->packed_room, size_b, 1) != DP_OK)
		return DP_ERR_NOMEM;
	p = t->packed;
	memcpy(p, &head, sizeof(head));
	p += sizeof(head);
	if (members_b > 0)
		memcpy(p, t->members, members_b);
	p += members_b;
	if (services_b > 0)
		memcpy(p, t->services, services_b);
	p += services_b;
	if (pins_b > 0)
		memcpy(p, t->pins, pins_b);
	return dp_intern_add(in, t->packed, size_b, number);
}

void dp_trait_unpack(const struct dp_intern *in, uint32_t number,
    struct dp_trait_lists *out)
{
	size_t size_b;
	const uint8_t *p = dp_intern_get(in, number, &size_b);
	const struct packed *head = (const void *)p;

	out->deny = head->deny;
	out->audiences = (uint64_t)head->audiences[1] << 32 |
	    head->audiences[0];
	out->member_count = head->member_count;
	out->service_count = head->service_count;
	out->pin_count = head->pin_count;
	p += sizeof(*head);
	out->members = (const void *)p;
	p += out->member_count * sizeof(*out->members);
	out->services = (const void *)p;
	p += out->service_count * sizeof(*out->services);
	out->pins = (const void *)p;
}
