#include "module/compat.h"

#include "module/answer.h"

struct walk {
	dp_item_fn *fn;
	void *arg;
	struct dp_item item;
};

static uint16_t read_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static bool give_name(struct walk *w)
{
	w->item.kind = DP_ITEM_NAME;
	return w->fn(w->arg, &w->item);
}

static bool give_addr(struct walk *w, const uint8_t *bytes, size_t size_b)
{
	w->item.kind = DP_ITEM_ADDR;
	w->item.addr = size_b == 4 ? dp_addr_v4(bytes) : dp_addr_v6(bytes);
	return w->fn(w->arg, &w->item);
}

/* The octets of an uncompressed name at p, 0 when none ends before size_b. */
static size_t name_size(const uint8_t *p, size_t size_b)
{
	size_t at = 0;

	while (at < size_b && p[at] != 0) {
		if (p[at] > DP_LABEL_MAX)
			return 0;
		at += p[at] + (size_t)1;
	}
	return at < size_b ? at + 1 : 0;
}

/* SvcParams of one HTTPS or SVCB record (RFC 9460, 2.2): ipv4hint, ipv6hint. */
static bool walk_hints(struct walk *w, const uint8_t *rdata, size_t size_b)
{
	size_t at, key, len, step;

	if (size_b < 2)
		return true;
	at = name_size(rdata + 2, size_b - 2);
	if (at == 0)
		return true;
	for (at += 2; size_b - at >= 4; at += len) {
		key = read_u16(rdata + at);
		len = read_u16(rdata + at + 2);
		at += 4;
		if (len > size_b - at)
			return true;
		step = key == 4 ? 4 : key == 6 ? 16 : 0;
		if (step == 0 || len % step != 0)
			continue;
		for (size_t k = 0; k < len; k += step)
			if (!give_addr(w, rdata + at + k, step))
				return false;
	}
	return true;
}

/* One record; rdata without its length. The owner stands in w->item.name. */
static bool walk_rr(struct walk *w, uint16_t type, const uint8_t *rdata,
    size_t size_b)
{
	switch (type) {
	case LDNS_RR_TYPE_A:
		return size_b != 4 || give_addr(w, rdata, 4);
	case LDNS_RR_TYPE_AAAA:
		return size_b != 16 || give_addr(w, rdata, 16);
	case LDNS_RR_TYPE_CNAME:
		if (dp_name_from_wire(&w->item.name, rdata, size_b) != DP_OK)
			return true;
		return give_name(w);
	case DP_TYPE_SVCB:
	case DP_TYPE_HTTPS:
		return walk_hints(w, rdata, size_b);
	default:
		return true;
	}
}

/*
 * The TTL that Unbound gives to clients (packed_rrset_encode): each record's
 * own, the whole of it with serve-original-ttl, and one of the configuration
 * for what has expired.
 */
static uint32_t given_ttl(const struct ub_packed_rrset_key *key, size_t i,
    time_t now)
{
	const struct packed_rrset_data *d = key->entry.data;
	time_t ttl = d->rr_ttl[i];

	if (now != 0 && !(key->rk.flags & PACKED_RRSET_FIXEDTTL))
		ttl -= SERVE_ORIGINAL_TTL ? d->ttl_add : now;
	if (ttl < 0)
		ttl = SERVE_EXPIRED ? SERVE_EXPIRED_REPLY_TTL : 0;
	return ttl > (time_t)UINT32_MAX ? UINT32_MAX : (uint32_t)ttl;
}

/* Record i of d, where its length fits. */
static bool walk_data(struct walk *w, uint16_t type,
    const struct packed_rrset_data *d, size_t i)
{
	const uint8_t *data = d->rr_data[i];

	if (d->rr_len[i] < 2 || read_u16(data) > d->rr_len[i] - 2)
		return true;
	return walk_rr(w, type, data + 2, read_u16(data));
}

static bool walk_rrset(struct walk *w, const struct ub_packed_rrset_key *key,
    time_t now)
{
	const struct packed_rrset_data *d = key->entry.data;
	uint16_t type = ntohs(key->rk.type);

	if (!d || !dp_name_copy_lower(&w->item.name, key->rk.dname,
		      key->rk.dname_len))
		return true;
	if (type != LDNS_RR_TYPE_DNAME && !give_name(w))
		return false;
	for (size_t i = 0; i < d->count; i++) {
		w->item.ttl_s = given_ttl(key, i, now);
		if (!walk_data(w, type, d, i))
			return false;
	}
	return true;
}

void dp_answer_walk(const struct reply_info *rep, time_t now, dp_item_fn *fn,
    void *arg)
{
	struct walk w = { .fn = fn, .arg = arg };

	for (size_t i = 0; i < rep->an_numrrsets; i++)
		if (!walk_rrset(&w, rep->rrsets[i], now))
			return;
}

static bool gather_item(void *arg, const struct dp_item *item)
{
	struct dp_gathered *g = arg;
	const uint8_t *bytes = item->addr.bytes;
	size_t count = g->v4_count + g->v6_count;

	if (count < DP_GATHERED_FIRST)
		g->first[count] = (struct dp_seen){ item->addr, item->ttl_s };
	if (item->addr.family == 4) {
		if (g->v4_count < DP_EVENT_ADDRESSES_MAX)
			memcpy(g->v4[g->v4_count], bytes, 4);
		g->v4_count++;
	} else {
		if (g->v6_count < DP_EVENT_ADDRESSES_MAX)
			memcpy(g->v6[g->v6_count], bytes, 16);
		g->v6_count++;
	}
	return true;
}

static bool has_addresses(uint16_t type)
{
	return type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA ||
	    type == DP_TYPE_SVCB || type == DP_TYPE_HTTPS;
}

void dp_answer_gather(const struct reply_info *rep, time_t now,
    struct dp_gathered *out)
{
	size_t count = rep->an_numrrsets;
	uint32_t lowest = UINT32_MAX;
	struct walk w;

	w.fn = gather_item;
	w.arg = out;
	out->v4_count = out->v6_count = 0;
	if (count == 0)
		count = rep->ns_numrrsets; /* which then come first */
	for (size_t i = 0; i < count; i++) {
		const struct ub_packed_rrset_key *key = rep->rrsets[i];
		const struct packed_rrset_data *d = key->entry.data;
		uint16_t type = ntohs(key->rk.type);

		for (size_t k = 0; d && k < d->count; k++) {
			uint32_t ttl_s = given_ttl(key, k, now);

			if (ttl_s < lowest)
				lowest = ttl_s;
			w.item.ttl_s = ttl_s;
			if (rep->an_numrrsets > 0 && has_addresses(type))
				(void)walk_data(&w, type, d, k);
		}
	}
	out->ttl_s = lowest == UINT32_MAX ? 0 : lowest;
}

enum dp_verdict dp_answer_judge(const struct reply_info *rep,
    const struct dp_policy *p, uint32_t audience, struct dp_match match)
{
	struct dp_verdict_answer a = { p, audience, match, DP_VERDICT_ALLOW };

	/* No TTL counts here. */
	if (dp_verdict_needs_answer(p))
		dp_answer_walk(rep, 0, dp_verdict_item, &a);
	return a.verdict;
}

static bool is_proof(const struct ub_packed_rrset_key *key)
{
	switch (ntohs(key->rk.type)) {
	case LDNS_RR_TYPE_SOA:
	case LDNS_RR_TYPE_NSEC:
	case LDNS_RR_TYPE_NSEC3:
		return true;
	default:
		return false;
	}
}

void dp_answer_trim(struct reply_info *rep)
{
	size_t answer = rep->an_numrrsets, kept = answer;

	for (size_t i = answer; i < answer + rep->ns_numrrsets; i++)
		if (is_proof(rep->rrsets[i]))
			rep->rrsets[kept++] = rep->rrsets[i];
	rep->ns_numrrsets = kept - answer;
	rep->ar_numrrsets = 0;
	rep->rrset_count = kept;
}

/* The lesser of ttl - age and most, not below 0. */
static time_t shorter(time_t ttl, time_t most, time_t age)
{
	ttl = ttl > age ? ttl - age : 0;
	return ttl < most ? ttl : most;
}

static void shorten_all(struct reply_info *rep, time_t most, time_t age)
{
	for (size_t i = 0; i < rep->rrset_count; i++) {
		struct packed_rrset_data *d = rep->rrsets[i]->entry.data;

		d->ttl = shorter(d->ttl, most, age);
		for (size_t k = 0; k < d->count + d->rrsig_count; k++)
			d->rr_ttl[k] = shorter(d->rr_ttl[k], most, age);
	}
	rep->serve_expired_ttl -= rep->ttl;
	rep->ttl = shorter(rep->ttl, most, age);
	rep->serve_expired_ttl += rep->ttl;
	rep->prefetch_ttl = PREFETCH_TTL_CALC(rep->ttl);
}

void dp_answer_limit(struct reply_info *rep, uint32_t ttl_s)
{
	if (rep->rrset_count > 0)
		shorten_all(rep, ttl_s, 0);
}

void dp_answer_age(struct reply_info *rep, uint32_t age_s)
{
	shorten_all(rep, INT32_MAX, age_s); /* RFC 2181, 8 */
}
