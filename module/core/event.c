#include "dp_config.h"

#include "module/core/event.h"

#include <stdio.h>
#include <string.h>

#define DP_EVENT_VERDICT(id, word, text) { word, text },
const struct dp_event_word dp_event_verdicts[DP_EVENT_VERDICT_COUNT] = {
#include "module/core/event.def"
};
#undef DP_EVENT_VERDICT
#define DP_EVENT_SOURCE(id, word, text) { word, text },
const struct dp_event_word dp_event_sources[DP_EVENT_SOURCE_COUNT] = {
#include "module/core/event.def"
};
#undef DP_EVENT_SOURCE
#define DP_EVENT_TRANSPORT(id, word, text) { word, text },
const struct dp_event_word dp_event_transports[DP_EVENT_TRANSPORT_COUNT] = {
#include "module/core/event.def"
};
#undef DP_EVENT_TRANSPORT
#define DP_EVENT_SECURITY(id, word, text) { word, text },
const struct dp_event_word dp_event_securities[DP_EVENT_SECURITY_COUNT] = {
#include "module/core/event.def"
};
#undef DP_EVENT_SECURITY
#define DP_EVENT_FLAG(id, bit, word, text) [bit] = { word, text },
const struct dp_event_word dp_event_flags[DP_EVENT_FLAGS_MAX + 1] = {
#include "module/core/event.def"
};
#undef DP_EVENT_FLAG

#define V4_B sizeof(((struct dp_event *)0)->v4[0])
#define V6_B sizeof(((struct dp_event *)0)->v6[0])

_Static_assert(sizeof(struct dp_event_d) + 2 * 255 +
	DP_EVENT_ADDRESSES_MAX * (V4_B + V6_B) + 8 <=
    DP_RING_PAYLOAD_MAX, "the longest event fits");

static size_t at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

static uint8_t *append(uint8_t *to, const void *bytes, size_t size_b)
{
	if (size_b > 0)
		memcpy(to, bytes, size_b);
	return to + size_b;
}

size_t dp_event_encode(uint64_t words[DP_EVENT_WORDS_MAX],
    const struct dp_event *e)
{
	struct dp_event_d d = e->fixed;
	uint8_t *begin = (uint8_t *)words;
	uint8_t *at = begin + sizeof(d);
	size_t v4_count = at_most(e->v4_count, DP_EVENT_ADDRESSES_MAX);
	size_t v6_count = at_most(e->v6_count, DP_EVENT_ADDRESSES_MAX);
	size_t size_b;

	d.name_b = (uint8_t)at_most(e->name_b, DP_NAME_MAX);
	d.group_b = (uint8_t)at_most(e->group_b, UINT8_MAX);
	d.v4_count = (uint8_t)v4_count;
	d.v6_count = (uint8_t)v6_count;
	if (v4_count < e->v4_count || v6_count < e->v6_count)
		d.flags |= DP_EVENT_CUT;
	memcpy(begin, &d, sizeof(d));
	at = append(at, e->name, d.name_b);
	at = append(at, e->group, d.group_b);
	at = append(at, e->v4, v4_count * V4_B);
	at = append(at, e->v6, v6_count * V6_B);
	size_b = (size_t)(at - begin);
	memset(at, 0, -size_b & 7);
	return (size_b + 7) / 8;
}

/* Does a label of the canonical name begin at octet `at`? */
static bool begins_label(const uint8_t *name, size_t name_b, size_t at)
{
	size_t i = 0;

	while (i < at && i < name_b)
		i += (size_t)name[i] + 1;
	return i == at && at < name_b;
}

static bool is_in_range(const struct dp_event_d *d)
{
	return d->verdict < DP_EVENT_VERDICT_COUNT &&
	    d->source < DP_EVENT_SOURCE_COUNT &&
	    d->transport < DP_EVENT_TRANSPORT_COUNT &&
	    d->security < DP_EVENT_SECURITY_COUNT &&
	    d->client_kind <= DP_EVENT_CLIENT_PSEUDONYM &&
	    d->rule_kind <= DP_EVENT_RULE_WILDCARD &&
	    d->v4_count <= DP_EVENT_ADDRESSES_MAX &&
	    d->v6_count <= DP_EVENT_ADDRESSES_MAX;
}

enum dp_err dp_event_decode(struct dp_event *out, const uint8_t *bytes,
    size_t size_b)
{
	struct dp_event e;
	size_t need_b;

	memset(&e, 0, sizeof(e));
	if (size_b < sizeof(e.fixed))
		return DP_ERR_FORMAT;
	memcpy(&e.fixed, bytes, sizeof(e.fixed));
	if (!is_in_range(&e.fixed))
		return DP_ERR_FORMAT;
	e.name_b = e.fixed.name_b;
	e.group_b = e.fixed.group_b;
	e.v4_count = e.fixed.v4_count;
	e.v6_count = e.fixed.v6_count;
	need_b = sizeof(e.fixed) + e.name_b + e.group_b + e.v4_count * V4_B +
	    e.v6_count * V6_B;
	if (size_b < need_b)
		return DP_ERR_FORMAT;
	e.name = bytes + sizeof(e.fixed);
	e.group = (const char *)e.name + e.name_b;
	e.v4 = (const void *)(e.group + e.group_b);
	e.v6 = (const void *)(e.v4 + e.v4_count);
	if (e.name_b > 0 && !dp_name_is_canonical(e.name, e.name_b))
		return DP_ERR_FORMAT;
	if (e.fixed.rule_kind != DP_EVENT_RULE_NONE &&
	    !begins_label(e.name, e.name_b, e.fixed.rule_at))
		return DP_ERR_FORMAT;
	*out = e;
	return DP_OK;
}

bool dp_event_name(const struct dp_event *e, struct dp_name *out)
{
	return dp_name_copy_lower(out, e->name, e->name_b);
}

bool dp_event_rule_text(const struct dp_event *e, char text[DP_NAME_TEXT_MAX])
{
	bool wildcard = e->fixed.rule_kind == DP_EVENT_RULE_WILDCARD;
	char base[DP_NAME_TEXT_MAX];
	struct dp_name name;

	if (e->fixed.rule_kind == DP_EVENT_RULE_NONE ||
	    !dp_name_copy_lower(&name, e->name + e->fixed.rule_at,
		e->name_b - e->fixed.rule_at))
		return false;
	if (!wildcard) {
		(void)dp_name_to_text(&name, text);
		return true;
	}
	(void)dp_name_to_text(&name, base);
	snprintf(text, DP_NAME_TEXT_MAX, "*.%.*s", DP_NAME_TEXT_MAX - 3,
	    name.len == 1 ? "" : base);
	return true;
}

static void prefix_text(const struct dp_event_d *d, bool v4,
    char text[DP_EVENT_CLIENT_TEXT_MAX])
{
	struct dp_prefix p = {
		.addr = v4 ? dp_addr_v4(d->client) : dp_addr_v6(d->client),
		.len = v4 ? 24 : 56,
	};

	(void)dp_prefix_to_text(&p, text);
}

static void addr_text(struct dp_addr a, char text[DP_EVENT_CLIENT_TEXT_MAX])
{
	(void)dp_addr_to_text(&a, text);
}

void dp_event_client_text(const struct dp_event *e,
    char text[DP_EVENT_CLIENT_TEXT_MAX])
{
	const struct dp_event_d *d = &e->fixed;

	text[0] = '\0';
	switch ((enum dp_event_client)d->client_kind) {
	case DP_EVENT_CLIENT_NONE:
		break;
	case DP_EVENT_CLIENT_V4:
		addr_text(dp_addr_v4(d->client), text);
		break;
	case DP_EVENT_CLIENT_V6:
		addr_text(dp_addr_v6(d->client), text);
		break;
	case DP_EVENT_CLIENT_PREFIX4:
	case DP_EVENT_CLIENT_PREFIX6:
		prefix_text(d, d->client_kind == DP_EVENT_CLIENT_PREFIX4,
		    text);
		break;
	case DP_EVENT_CLIENT_PSEUDONYM:
		for (int i = 0; i < 16; i++)
			snprintf(text + 2 * i, 3, "%02x", d->client[i]);
		break;
	}
}
