#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/answer.h"
#include "tests/unit/reply_of.h"

/* What a walk gives, as text: "name", "addr@owner/ttl", one a space. */
struct seen {
	char text[4096];
	size_t stop_after; /* items; 0: never */
	size_t count;
};

static bool see(void *arg, const struct dp_item *item)
{
	char name[DP_NAME_TEXT_MAX], addr[DP_ADDR_TEXT_MAX];
	struct seen *s = arg;
	size_t len = strlen(s->text);

	dp_name_to_text(&item->name, name);
	if (item->kind == DP_ITEM_NAME) {
		snprintf(s->text + len, sizeof(s->text) - len, "%s ", name);
	} else {
		dp_addr_to_text(&item->addr, addr);
		snprintf(s->text + len, sizeof(s->text) - len, "%s@%s/%u ",
		    addr, name, item->ttl_s);
	}
	return ++s->count != s->stop_after;
}

static const char *walk(struct seen *s, const struct reply_of *r, time_t now)
{
	memset(s, 0, sizeof(*s));
	dp_answer_walk(&r->rep, now, see, s);
	return s->text;
}

static void a_chain_is_walked_in_order(void)
{
	struct reply_of r;
	struct seen s;

	reply_of_begin(&r);
	reply_of_cname(&r, "A.example", "b.example", 30);
	reply_of_cname(&r, "b.example", "C.net", 30);
	reply_of_add(&r, "c.net", LDNS_RR_TYPE_A, 60, "\x14\1\2\3", 4);
	reply_of_add(&r, "c.net", LDNS_RR_TYPE_AAAA, 60,
	    "\x26\1\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	CU_ASSERT_STRING_EQUAL(walk(&s, &r, 0),
	    "a.example b.example b.example c.net c.net 20.1.2.3@c.net/60 "
	    "c.net 2601::1@c.net/60 ");
	s = (struct seen){ .stop_after = 3 };
	dp_answer_walk(&r.rep, 0, see, &s);
	CU_ASSERT_EQUAL(s.count, 3);
	reply_of_end(&r);
}

static void a_dname_owner_is_no_item(void)
{
	struct reply_of r;
	struct seen s;

	reply_of_begin(&r);
	reply_of_add(&r, "example", LDNS_RR_TYPE_DNAME, 30, "\3net", 5);
	reply_of_cname(&r, "a.example", "a.net", 30);
	reply_of_add(&r, "a.net", LDNS_RR_TYPE_A, 60, "\x14\1\2\3", 4);
	CU_ASSERT_STRING_EQUAL(walk(&s, &r, 0),
	    "a.example a.net a.net 20.1.2.3@a.net/60 ");
	reply_of_end(&r);
}

static void absolute_ttls_are_counted_from_now(void)
{
	struct reply_of r;
	struct seen s;

	reply_of_begin(&r);
	reply_of_add(&r, "a", LDNS_RR_TYPE_A, 1000, "\x14\1\2\3", 4);
	CU_ASSERT_STRING_EQUAL(walk(&s, &r, 990), "a 20.1.2.3@a/10 ");
	CU_ASSERT_STRING_EQUAL(walk(&s, &r, 2000), "a 20.1.2.3@a/0 ");
	reply_of_end(&r);
}

/* What the client keeps an address for must be recorded for as long. */
static void ttls_are_those_that_clients_are_given(void)
{
	static const struct {
		time_t ttl, rr_ttl, now, added;
		uint32_t flags;
		int original, expired;
		const char *seen;
	} cases[] = {
		{ 1000, 1000, 990, 900, 0, 0, 0, "a 20.1.2.3@a/10 " },
		{ 1000, 5000, 990, 900, 0, 0, 0, "a 20.1.2.3@a/4010 " },
		{ 1000, 1000, 990, 900, 0, 1, 0, "a 20.1.2.3@a/100 " },
		{ 1000, 1000, 1001, 900, 0, 0, 0, "a 20.1.2.3@a/0 " },
		{ 1000, 1000, 1001, 900, 0, 0, 1, "a 20.1.2.3@a/77 " },
		{ 1000, 1000, 1000, 900, 0, 0, 1, "a 20.1.2.3@a/0 " },
		{ 1000, 1000, 2000, 900, 0, 1, 1, "a 20.1.2.3@a/100 " },
		{ 300, 300, 2000, 0, PACKED_RRSET_FIXEDTTL, 0, 1,
		    "a 20.1.2.3@a/300 " },
		{ 300, 300, 0, 0, 0, 1, 1, "a 20.1.2.3@a/300 " },
	};
	time_t reply_ttl = SERVE_EXPIRED_REPLY_TTL;

	SERVE_EXPIRED_REPLY_TTL = 77;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply_of r;
		struct seen s;

		SERVE_ORIGINAL_TTL = cases[i].original;
		SERVE_EXPIRED = cases[i].expired;
		reply_of_begin(&r);
		reply_of_add(&r, "a", LDNS_RR_TYPE_A, cases[i].ttl,
		    "\x14\1\2\3", 4);
		r.packed[0]->ttl = cases[i].rr_ttl;
		r.packed[0]->data.ttl_add = cases[i].added;
		r.keys[0].rk.flags = cases[i].flags;
		CU_ASSERT_STRING_EQUAL(walk(&s, &r, cases[i].now),
		    cases[i].seen);
		reply_of_end(&r);
	}
	SERVE_EXPIRED_REPLY_TTL = reply_ttl;
	SERVE_ORIGINAL_TTL = SERVE_EXPIRED = 0;
}

/* priority 1, target "t", alpn=h2, ipv4hint two, ipv6hint one. */
static const uint8_t https[] = {
	0, 1, 1, 't', 0,
	0, 1, 0, 3, 2, 'h', '2',
	0, 4, 0, 8, 20, 1, 2, 3, 20, 1, 2, 4,
	0, 6, 0, 16, 0x26, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
};

static void hints_are_addresses(void)
{
	static const uint16_t types[] = { DP_TYPE_HTTPS, DP_TYPE_SVCB };

	for (size_t i = 0; i < 2; i++) {
		struct reply_of r;
		struct seen s;

		reply_of_begin(&r);
		reply_of_add(&r, "a", types[i], 7, https, sizeof(https));
		CU_ASSERT_STRING_EQUAL(walk(&s, &r, 0),
		    "a 20.1.2.3@a/7 20.1.2.4@a/7 2601::1@a/7 ");
		reply_of_end(&r);
	}
}

static void torn_records_do_no_harm(void)
{
	struct seen s;

	for (size_t n = 0; n <= sizeof(https); n++) {
		for (size_t flip = 0; flip <= n; flip++) {
			uint8_t bytes[sizeof(https)];
			struct reply_of r;

			memcpy(bytes, https, sizeof(https));
			if (flip < n)
				bytes[flip] ^= 0xff;
			reply_of_begin(&r);
			reply_of_add(&r, "a", DP_TYPE_HTTPS, 7, bytes, n);
			CU_ASSERT_EQUAL(strncmp(walk(&s, &r, 0), "a ", 2), 0);
			reply_of_end(&r);
		}
	}
}

static void wrong_lengths_are_passed_over(void)
{
	static const uint8_t junk[32];
	static const uint16_t types[] = { LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA,
		LDNS_RR_TYPE_CNAME, LDNS_RR_TYPE_TXT };

	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		for (size_t n = 0; n < sizeof(junk); n++) {
			struct reply_of r;
			struct seen s;

			if ((types[t] == LDNS_RR_TYPE_A && n == 4) ||
			    (types[t] == LDNS_RR_TYPE_AAAA && n == 16) ||
			    (types[t] == LDNS_RR_TYPE_CNAME && n > 0))
				continue;
			reply_of_begin(&r);
			reply_of_add(&r, "a", types[t], 7, junk, n);
			CU_ASSERT_STRING_EQUAL(walk(&s, &r, 0), "a ");
			/* the inner length beyond the outer one */
			r.packed[0]->bytes[0] = 0xff;
			CU_ASSERT_STRING_EQUAL(walk(&s, &r, 0), "a ");
			r.packed[0]->len = 1;
			CU_ASSERT_STRING_EQUAL(walk(&s, &r, 0), "a ");
			reply_of_end(&r);
		}
	}
}

static void only_what_was_asked_for_stays(void)
{
	static const struct {
		const char *owner;
		uint16_t type;
		bool stays;
	} rrsets[] = {
		{ "a", LDNS_RR_TYPE_NS, true }, /* the answer */
		{ "b", LDNS_RR_TYPE_A, true },
		{ "c", LDNS_RR_TYPE_NS, false }, /* authority */
		{ "d", LDNS_RR_TYPE_SOA, true },
		{ "e", LDNS_RR_TYPE_NSEC, true },
		{ "f", LDNS_RR_TYPE_DS, false },
		{ "g", LDNS_RR_TYPE_NSEC3, true },
		{ "h", LDNS_RR_TYPE_A, false }, /* additional */
		{ "i", LDNS_RR_TYPE_SOA, false },
	};
	size_t count = sizeof(rrsets) / sizeof(rrsets[0]), at = 0;
	struct reply_of r;

	reply_of_begin(&r);
	for (size_t i = 0; i < count; i++)
		reply_of_add(&r, rrsets[i].owner, rrsets[i].type, 7, "", 0);
	r.rep.an_numrrsets = 2;
	r.rep.ns_numrrsets = 5;
	r.rep.ar_numrrsets = 2;
	dp_answer_trim(&r.rep);
	CU_ASSERT_EQUAL(r.rep.an_numrrsets, 2);
	CU_ASSERT_EQUAL(r.rep.ns_numrrsets, 3);
	CU_ASSERT_EQUAL(r.rep.ar_numrrsets, 0);
	CU_ASSERT_EQUAL(r.rep.rrset_count, 5);
	for (size_t i = 0; i < count; i++)
		if (rrsets[i].stays)
			CU_ASSERT_PTR_EQUAL(r.rep.rrsets[at++], &r.keys[i]);
	CU_ASSERT_EQUAL(at, 5);
	dp_answer_trim(&r.rep);
	CU_ASSERT_EQUAL(r.rep.rrset_count, 5);
	r.rep.an_numrrsets = count; /* for reply_of_end */
	reply_of_end(&r);
}

/* A record of 600 s and one of 100 s, in a message of 100 s. */
static void ttls_are_cut_and_age(void)
{
	static const struct {
		uint32_t limit, age;
		time_t first, second, message;
	} cases[] = {
		{ 1000, 0, 600, 100, 100 },
		{ 340, 0, 340, 100, 100 },
		{ 60, 0, 60, 60, 60 },
		{ 0, 0, 0, 0, 0 },
		{ 340, 2, 338, 98, 98 },
		{ 1000, 200, 400, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply_of r;

		reply_of_begin(&r);
		reply_of_cname(&r, "a", "b", 600);
		reply_of_add(&r, "b", LDNS_RR_TYPE_A, 100, "\1\2\3\4", 4);
		r.rep.ttl = 100;
		r.rep.serve_expired_ttl = 150;
		dp_answer_limit(&r.rep, cases[i].limit);
		dp_answer_age(&r.rep, cases[i].age);
		CU_ASSERT_EQUAL(r.packed[0]->ttl, cases[i].first);
		CU_ASSERT_EQUAL(r.packed[0]->data.ttl, cases[i].first);
		CU_ASSERT_EQUAL(r.packed[1]->ttl, cases[i].second);
		CU_ASSERT_EQUAL(r.rep.ttl, cases[i].message);
		CU_ASSERT_EQUAL(r.rep.serve_expired_ttl,
		    cases[i].message + 50);
		CU_ASSERT_EQUAL(r.rep.prefetch_ttl,
		    PREFETCH_TTL_CALC(cases[i].message));
		reply_of_end(&r);
	}
}

/* As many as are there are counted, as many as fit are kept. */
static void what_events_say_is_gathered(void)
{
	const size_t most = DP_EVENT_ADDRESSES_MAX;
	uint8_t v4[4] = { 20, 0, 0, 0 };
	struct dp_gathered g;
	struct reply_of r;

	reply_of_begin(&r);
	dp_answer_gather(&r.rep, 0, &g);
	CU_ASSERT_EQUAL(g.ttl_s, 0);
	CU_ASSERT_EQUAL(g.v4_count + g.v6_count, 0);
	reply_of_cname(&r, "a.example", "b.example", 30);
	reply_of_add(&r, "b.example", LDNS_RR_TYPE_A, 60, v4, 4);
	reply_of_add(&r, "b.example", DP_TYPE_HTTPS, 40, https, sizeof(https));
	dp_answer_gather(&r.rep, 0, &g);
	CU_ASSERT_EQUAL(g.ttl_s, 30);
	CU_ASSERT_EQUAL(g.v4_count, 3);
	CU_ASSERT_EQUAL(memcmp(g.v4[0], v4, 4), 0);
	CU_ASSERT_EQUAL(g.v6_count, 1);
	for (size_t i = 0; i <= most; i++) {
		struct ub_packed_rrset_key *many[DP_EVENT_ADDRESSES_MAX + 1];
		struct reply_info rep = r.rep;

		for (size_t k = 0; k < i; k++)
			many[k] = r.rep.rrsets[2];
		rep.rrsets = many;
		rep.an_numrrsets = i;
		dp_answer_gather(&rep, 0, &g);
		CU_ASSERT_EQUAL(g.v4_count, 2 * i);
		CU_ASSERT_EQUAL(g.v6_count, i);
	}
	reply_of_end(&r);
}

UNIT_MAIN("answer", UNIT(a_chain_is_walked_in_order),
    UNIT(a_dname_owner_is_no_item), UNIT(absolute_ttls_are_counted_from_now),
    UNIT(ttls_are_those_that_clients_are_given),
    UNIT(hints_are_addresses), UNIT(torn_records_do_no_harm),
    UNIT(wrong_lengths_are_passed_over), UNIT(only_what_was_asked_for_stays),
    UNIT(ttls_are_cut_and_age), UNIT(what_events_say_is_gathered))
