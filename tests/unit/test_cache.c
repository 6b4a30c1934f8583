/* module/cache.c: how answers are stored, and forgetting what was admitted, while
 * others look things up. What is admitted at all is tested with
 * module/query.c. */
#include "module/compat.h"

#include "module/cache.h"

#include <pthread.h>
#include <sched.h>

#include "tests/unit/query_of.h"

#define NAME_B 9u /* \7nNNNNNN\0 */

struct bench {
	struct config_file *cfg;
	struct dp_module m;
};

static void bench_open(struct bench *b, size_t slabs, size_t size_b)
{
	memset(b, 0, sizeof(*b));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->cfg = config_create());
	b->cfg->msg_cache_slabs = slabs;
	b->cfg->msg_cache_size = size_b;
	CU_ASSERT_TRUE_FATAL(dp_cache_create(&b->m, b->cfg));
}

static void bench_close(struct bench *b)
{
	dp_cache_destroy(&b->m);
	config_delete(b->cfg);
}

static struct query_info question(uint8_t name[NAME_B], unsigned number)
{
	struct query_info q = { .qname = name, .qname_len = NAME_B,
		.qtype = LDNS_RR_TYPE_A, .qclass = LDNS_RR_CLASS_IN };

	snprintf((char *)name, NAME_B, "\7n%06x", number & 0xffffffu);
	return q;
}

/* Threads, in which CUnit cannot count, come here, too. */
static void insert(struct slabhash *cache, unsigned number)
{
	uint8_t *name = malloc(NAME_B);
	struct reply_info *rep = calloc(1, sizeof(*rep));
	struct msgreply_entry *e;
	struct query_info q;
	hashvalue_type hash;

	if (!name || !rep)
		abort();
	q = question(name, number);
	hash = query_info_hash(&q, 0);
	e = query_info_entrysetup(&q, rep, hash);
	if (!e)
		abort();
	rep->ttl = 1000;
	slabhash_insert(cache, hash, &e->entry, rep, NULL);
}

static bool found(struct slabhash *cache, unsigned number)
{
	uint8_t name[NAME_B];
	struct query_info q = question(name, number);
	struct lruhash_entry *e =
	    slabhash_lookup(cache, query_info_hash(&q, 0), &q, 0);

	if (e)
		lock_rw_unlock(&e->lock);
	return e != NULL;
}

static unsigned count_found(struct slabhash *cache, unsigned end)
{
	unsigned count = 0;

	for (unsigned n = 0; n < end; n++)
		count += found(cache, n);
	return count;
}

static void nothing_is_found_after_clear(void)
{
	static const struct {
		size_t slabs;
		unsigned entries; /* more than bins at first, and fewer */
	} cases[] = { { 1, 0 }, { 1, 1 }, { 1, 5000 }, { 4, 300 },
		{ 64, 20000 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned entries = cases[i].entries;
		struct bench b;

		bench_open(&b, cases[i].slabs, 1 << 26);
		for (unsigned n = 0; n < entries; n++) {
			insert(b.m.admitted, n);
			insert(b.m.internal, n);
		}
		CU_ASSERT_EQUAL(count_found(b.m.admitted, entries), entries);
		dp_cache_clear(&b.m);
		CU_ASSERT_EQUAL(count_found(b.m.admitted, entries), 0);
		CU_ASSERT_EQUAL(count_found(b.m.internal, entries), entries);
		bench_close(&b);
	}
}

static void has_expired(struct lruhash_entry *e, void *count)
{
	const struct reply_info *rep = e->data;

	*(unsigned *)count += rep->ttl == 0;
}

/* As unbound-control dump_cache does, which what was forgotten must not get
 * into: load_cache could bring it back. */
static void what_is_forgotten_has_expired(void)
{
	unsigned expired = 0;
	struct bench b;

	bench_open(&b, 2, 1 << 20);
	for (unsigned n = 0; n < 100; n++)
		insert(b.m.admitted, n);
	dp_cache_clear(&b.m);
	slabhash_traverse(b.m.admitted, 0, has_expired, &expired);
	CU_ASSERT_EQUAL(expired, 100);
	bench_close(&b);
}

static void the_forgotten_make_room(void)
{
	struct bench b;
	unsigned holds;

	bench_open(&b, 1, 1 << 18);
	for (unsigned n = 0; n < 5000; n++)
		insert(b.m.admitted, n);
	holds = count_found(b.m.admitted, 5000);
	CU_ASSERT_TRUE(holds > 100);
	CU_ASSERT_TRUE(holds < 5000);
	for (unsigned round = 0; round < 3; round++) {
		dp_cache_clear(&b.m);
		for (unsigned n = 0; n < holds; n++)
			insert(b.m.admitted, n);
		CU_ASSERT_EQUAL(count_found(b.m.admitted, 5000), holds);
		CU_ASSERT_TRUE(slabhash_get_mem(b.m.admitted) < 1 << 19);
	}
	bench_close(&b);
}

static struct {
	struct slabhash *cache;
	_Atomic unsigned generation; /* names that may come in: its thousand */
	atomic_bool stop;
	_Atomic unsigned long hits;
} shared;

static void *answer(void *seed)
{
	uint64_t random = (uintptr_t)seed;

	while (!atomic_load(&shared.stop)) {
		unsigned number = atomic_load(&shared.generation) * 1000 +
		    (unsigned)(unit_random(&random) % 1000);

		if (found(shared.cache, number))
			atomic_fetch_add(&shared.hits, 1);
		else
			insert(shared.cache, number);
	}
	return NULL;
}

/* The slabs grow all the time; what was there before stays gone. */
static void others_look_up_and_insert_meanwhile(void)
{
	const unsigned rounds = unit_turns(30, 8);
	pthread_t threads[3];
	struct bench b;

	bench_open(&b, 2, 1 << 26);
	shared.cache = b.m.admitted;
	for (uintptr_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, answer,
		    (void *)(i + 1)), 0);
	for (unsigned round = 1; round <= rounds; round++) {
		unsigned long before = atomic_load(&shared.hits);

		while (atomic_load(&shared.hits) < before + 500)
			sched_yield();
		for (unsigned n = 0; n < 100; n++)
			insert(shared.cache, 900000 + n);
		dp_cache_clear(&b.m);
		for (unsigned n = 0; n < 100; n++)
			CU_ASSERT_FALSE(found(shared.cache, 900000 + n));
		atomic_store(&shared.generation, round);
	}
	atomic_store(&shared.stop, true);
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	bench_close(&b);
}

/* --- records that are in the cache ---------------------------------------- */

static const char *const rules[] = { "g.dnspin: manage.example allow", NULL };

/* Two records, in the order of the answer, of which a test changes the second:
 * as it was stored before, or as it is admitted. */
struct stored {
	const char *name;
	bool copied; /* by dns_cache_store */
	void (*before)(struct query_of *b, struct packed_rrset_data *d);
	void (*after)(struct query_of *b, struct packed_rrset_data *d);
};

static void is_short(struct query_of *b, struct packed_rrset_data *d)
{
	(void)b;
	d->ttl = d->rr_ttl[0] = 10;
}

static void time_goes_by(struct query_of *b, struct packed_rrset_data *d)
{
	(void)d;
	b->of.now += 11;
}

static void is_to_be_renewed(struct query_of *b, struct packed_rrset_data *d)
{
	(void)d;
	b->state.s.prefetch_leeway = 301;
}

static void is_trusted(struct query_of *b, struct packed_rrset_data *d)
{
	(void)b;
	d->trust = rrset_trust_validated;
}

static void is_secure(struct query_of *b, struct packed_rrset_data *d)
{
	(void)b;
	d->security = sec_status_secure;
}

static void is_another(struct query_of *b, struct packed_rrset_data *d)
{
	(void)b;
	d->rr_data[0][2]++;
}

static void has_no_ttl(struct query_of *b, struct packed_rrset_data *d)
{
	(void)d;
	b->reply.rep.ttl = 0;
}

static void is_bogus_for_a_reason(struct query_of *b,
    struct packed_rrset_data *d)
{
	(void)d;
	b->reply.rep.reason_bogus = LDNS_EDE_DNSSEC_BOGUS;
}

static void was_not_validated(struct query_of *b, struct packed_rrset_data *d)
{
	(void)d;
	b->reply.rep.reason_bogus = LDNS_EDE_DNSSEC_INDETERMINATE;
}

static void expired_is_served(struct query_of *b, struct packed_rrset_data *d)
{
	(void)b;
	(void)d;
	SERVE_EXPIRED = 1;
}

static void is_forgotten(struct query_of *b, struct packed_rrset_data *d)
{
	struct ub_packed_rrset_key *key = b->reply.rep.rrsets[1];

	(void)d;
	slabhash_remove(&b->of.env.rrset_cache->table, key->entry.hash, key);
}

static const struct stored stored[] = {
	{ .name = "the same" },
	{ .name = "not validated", .after = was_not_validated },
	{ .name = "shorter in the cache", .before = is_short,
	    .copied = true },
	{ .name = "longer in the cache", .after = is_short },
	{ .name = "better in the cache", .before = is_trusted },
	{ .name = "secure in the cache", .before = is_secure },
	{ .name = "secure", .after = is_secure, .copied = true },
	{ .name = "better", .after = is_trusted, .copied = true },
	{ .name = "other", .after = is_another, .copied = true },
	{ .name = "gone", .after = is_forgotten, .copied = true },
	{ "expired", true, is_short, time_goes_by },
	{ .name = "expires before it is fetched again",
	    .after = is_to_be_renewed, .copied = true },
	{ .name = "bogus", .after = is_bogus_for_a_reason, .copied = true },
	{ .name = "no TTL", .after = has_no_ttl, .copied = true },
	{ .name = "serve-expired", .after = expired_is_served,
	    .copied = true },
};

/* manage.example leads to b.example, which has an address; d: of that. */
static struct packed_rrset_data *answer_of(struct query_of *b)
{
	struct module_qstate *q = &b->state.s;
	struct reply_info *rep = &b->reply.rep;

	reply_of_begin(&b->reply);
	reply_of_cname(&b->reply, "manage.example", "b.example", 600);
	reply_of_add(&b->reply, "b.example", LDNS_RR_TYPE_A, 300,
	    "\24\1\2\3", 4);
	for (size_t i = 0; i < rep->rrset_count; i++)
		rep->rrsets[i]->entry.hash =
		    rrset_key_hash(&rep->rrsets[i]->rk);
	rep->flags = BIT_QR | BIT_AA | BIT_CD;
	rep->authoritative = 1;
	rep->ttl = 300;
	rep->prefetch_ttl = 270;
	rep->serve_expired_ttl = 500;
	rep->reason_bogus = LDNS_EDE_NONE;
	b->msg.qinfo = q->qinfo;
	b->msg.rep = rep;
	q->return_msg = &b->msg;
	return rep->rrsets[1]->entry.data;
}

static struct lruhash_entry *entry_in(struct slabhash *cache,
    const struct query_of *b)
{
	struct query_info asked = b->state.s.qinfo;
	struct lruhash_entry *e = slabhash_lookup(cache,
	    query_info_hash(&asked, b->state.s.query_flags), &asked, 0);

	if (e)
		lock_rw_unlock(&e->lock);
	return e;
}

/* Of what Unbound puts into a cache, with references. */
static void are_alike(const struct lruhash_entry *a,
    const struct lruhash_entry *b)
{
	const struct msgreply_entry *key = a->key;
	const struct reply_info *rep = a->data, *other = b->data;

	CU_ASSERT_EQUAL(a->hash, b->hash);
	CU_ASSERT_PTR_EQUAL(key->entry.data, rep);
	CU_ASSERT_EQUAL(rep->flags, other->flags);
	CU_ASSERT_EQUAL(rep->authoritative, other->authoritative);
	CU_ASSERT_EQUAL(rep->qdcount, other->qdcount);
	CU_ASSERT_EQUAL(rep->ttl, other->ttl);
	CU_ASSERT_EQUAL(rep->prefetch_ttl, other->prefetch_ttl);
	CU_ASSERT_EQUAL(rep->serve_expired_ttl, other->serve_expired_ttl);
	CU_ASSERT_EQUAL(rep->security, other->security);
	CU_ASSERT_EQUAL(rep->reason_bogus, other->reason_bogus);
	CU_ASSERT_EQUAL(rep->an_numrrsets, other->an_numrrsets);
	CU_ASSERT_EQUAL(rep->ns_numrrsets, other->ns_numrrsets);
	CU_ASSERT_EQUAL(rep->ar_numrrsets, other->ar_numrrsets);
	CU_ASSERT_EQUAL_FATAL(rep->rrset_count, other->rrset_count);
	for (size_t i = 0; i < rep->rrset_count; i++) {
		CU_ASSERT_PTR_EQUAL(rep->rrsets[i], other->rrsets[i]);
		CU_ASSERT_PTR_EQUAL(rep->ref[i].key, other->ref[i].key);
		CU_ASSERT_EQUAL(rep->ref[i].id, other->ref[i].id);
	}
}

/* What dns_cache_store copies gets new numbers. */
static bool admit(struct query_of *b)
{
	uint64_t next = b->of.alloc.next_id;

	dp_cache_admit(&b->of.m, b->of.w, &b->state.s, false);
	return b->of.alloc.next_id != next;
}

static void store(const struct stored *s)
{
	struct packed_rrset_data *d;
	struct module_qstate *q;
	struct query_of b;
	struct lruhash_entry *e;
	bool copied;

	query_of_open(&b, rules, DP_MODE_STRICT, DP_PINS_IGNORE);
	q = query_of_ask(&b, "manage.example", true);
	d = answer_of(&b);
	if (s->before)
		s->before(&b, d);
	CU_ASSERT_TRUE_FATAL(dp_cache_store(q->env, q));
	reply_of_end(&b.reply);
	d = answer_of(&b);
	if (s->after)
		s->after(&b, d);
	copied = admit(&b);
	CU_ASSERT_EQUAL(copied, s->copied);
	if (copied != s->copied)
		fprintf(stderr, "%s\n", s->name);
	/* What Unbound makes of it itself. */
	CU_ASSERT_TRUE_FATAL(dp_cache_store(q->env, q));
	e = entry_in(b.of.m.admitted, &b);
	CU_ASSERT_EQUAL(e == NULL, b.reply.rep.ttl == 0);
	if (e)
		are_alike(e, entry_in(b.of.m.internal, &b));
	SERVE_EXPIRED = 0;
	query_of_close(&b);
}

static void known_records_are_not_copied(void)
{
	for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++)
		store(&stored[i]);
}

/* As versions between those that this is built with make a reply (1.18). */
static struct reply_info *made;

static struct reply_info *make_bogus(struct regional *region, uint16_t flags,
    size_t qd, time_t ttl, time_t prettl, time_t expttl, size_t an, size_t ns,
    size_t ar, size_t total, enum sec_status sec, sldns_ede_code reason_bogus)
{
	*made = (struct reply_info){ .flags = flags, .qdcount = (uint8_t)qd,
		.ttl = ttl, .prefetch_ttl = prettl,
		.serve_expired_ttl = expttl, .an_numrrsets = an,
		.ns_numrrsets = ns, .ar_numrrsets = ar, .rrset_count = total,
		.security = sec, .reason_bogus = reason_bogus };
	return region ? NULL : made;
}

static void versions_between_make_replies_too(void)
{
	const struct reply_info rep = { .flags = 1, .qdcount = 2, .ttl = 3,
		.prefetch_ttl = 4, .serve_expired_ttl = 5, .an_numrrsets = 6,
		.ns_numrrsets = 7, .ar_numrrsets = 8, .rrset_count = 21,
		.security = sec_status_secure,
		.reason_bogus = LDNS_EDE_DNSSEC_INDETERMINATE };
	struct reply_info other;

	made = &other;
	CU_ASSERT_PTR_EQUAL_FATAL(
	    DP_REPLY_BY_TYPE(make_bogus)(&make_bogus, &rep), made);
	CU_ASSERT_EQUAL(other.flags, rep.flags);
	CU_ASSERT_EQUAL(other.qdcount, rep.qdcount);
	CU_ASSERT_EQUAL(other.ttl, rep.ttl);
	CU_ASSERT_EQUAL(other.prefetch_ttl, rep.prefetch_ttl);
	CU_ASSERT_EQUAL(other.serve_expired_ttl, rep.serve_expired_ttl);
	CU_ASSERT_EQUAL(other.an_numrrsets, rep.an_numrrsets);
	CU_ASSERT_EQUAL(other.ns_numrrsets, rep.ns_numrrsets);
	CU_ASSERT_EQUAL(other.ar_numrrsets, rep.ar_numrrsets);
	CU_ASSERT_EQUAL(other.rrset_count, rep.rrset_count);
	CU_ASSERT_EQUAL(other.security, rep.security);
	CU_ASSERT_EQUAL(other.reason_bogus, rep.reason_bogus);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		UNIT(known_records_are_not_copied),
		UNIT(versions_between_make_replies_too),
		UNIT(nothing_is_found_after_clear),
		UNIT(what_is_forgotten_has_expired),
		UNIT(the_forgotten_make_room),
		UNIT(others_look_up_and_insert_meanwhile),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cache", NULL, NULL, tests);
}
