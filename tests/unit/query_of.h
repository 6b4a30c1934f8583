/*
 * A module without a server, and a query state in a mesh state that no mesh
 * runs.
 */
#ifndef DP_QUERY_OF_H
#define DP_QUERY_OF_H

#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/query.h"
#include "tests/unit/module_of.h"
#include "tests/unit/reply_of.h"

#define NOW 1790000000

struct query_of {
	struct module_of of;
	struct mesh_state state;
	struct mesh_reply client;
	struct dp_name name;
	struct reply_of reply;
	struct dns_msg msg;
};

/* rules as unit_policy.h has them. */
static inline void query_of_open(struct query_of *b, const char *const *rules,
    enum dp_mode mode, enum dp_pins pins)
{
	struct dp_settings set;

	memset(b, 0, sizeof(*b));
	dp_settings_default(&set);
	set.value[DP_SET_MODE] = mode;
	set.value[DP_SET_PINS] = pins;
	module_of_open(&b->of, rules, &set, NOW);
}

static inline void query_of_end(struct query_of *b)
{
	if (b->state.s.region)
		regional_destroy(b->state.s.region);
	reply_of_end(&b->reply);
	b->state.s.region = NULL;
	b->reply.rep.an_numrrsets = 0;
}

/* A fresh query for name, with a client or not. */
static inline struct module_qstate *query_of_ask(struct query_of *b,
    const char *name, bool client)
{
	struct module_qstate *q = &b->state.s;

	query_of_end(b);
	memset(&b->state, 0, sizeof(b->state));
	rbtree_init(&b->state.super_set, &mesh_state_ref_compare);
	b->state.reply_list = client ? &b->client : NULL;
	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&b->name, name, NULL), DP_OK);
	q->mesh_info = &b->state;
	q->env = &b->of.env;
	CU_ASSERT_PTR_NOT_NULL_FATAL(q->region = regional_create());
	q->qinfo.qname = b->name.wire;
	q->qinfo.qname_len = b->name.len;
	q->qinfo.qtype = LDNS_RR_TYPE_A;
	q->qinfo.qclass = LDNS_RR_CLASS_IN;
	q->query_flags = BIT_RD;
	q->qstarttime = NOW;
	dp_worker_lend_env(&b->of.m, b->of.w, q);
	return q;
}

/* The modules behind found this address. */
static inline void query_of_found(struct query_of *b, const char *addr)
{
	struct module_qstate *q = &b->state.s;
	struct dp_addr a;

	CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&a, addr, NULL), DP_OK);
	reply_of_begin(&b->reply);
	reply_of_add(&b->reply, "manage.example", LDNS_RR_TYPE_A, 600, a.bytes,
	    4);
	b->reply.rep.ttl = 600;
	b->msg.qinfo = q->qinfo;
	b->msg.rep = &b->reply.rep;
	q->return_msg = &b->msg;
	q->return_rcode = LDNS_RCODE_NOERROR;
}

/* What the reply callbacks are told. */
static inline enum dp_verdict query_of_verdict(const struct query_of *b,
    const struct module_qstate *q)
{
	const struct dp_mark *mark = dp_query_mark(&b->of.m, q);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mark);
	return mark->verdict;
}

static inline void query_of_close(struct query_of *b)
{
	query_of_end(b);
	module_of_close(&b->of);
}

/* Does Unbound find the answer before the module is asked? */
static inline bool query_of_admitted(struct query_of *b)
{
	struct module_qstate *q = &b->state.s;
	struct module_env env = b->of.env;
	struct msgreply_entry *e;

	env.msg_cache = b->of.m.admitted;
	e = msg_cache_lookup(&env, q->qinfo.qname, q->qinfo.qname_len,
	    q->qinfo.qtype, q->qinfo.qclass, 0, NOW, 0);
	if (e)
		lock_rw_unlock(&e->entry.lock);
	return e != NULL;
}

#endif
