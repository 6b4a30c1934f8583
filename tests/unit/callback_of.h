/*
 * A module whose callbacks are in Unbound's own lists, to be called through
 * them.
 */
#ifndef DP_CALLBACK_OF_H
#define DP_CALLBACK_OF_H

#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/reply.h"
#include "tests/unit/module_of.h"
#include "tests/unit/reply_of.h"

#define CALLBACK_OF_NOW 1790000000

struct callback_of {
	struct module_of of;
	struct dynlibmod_env dynlib;
};

static inline void callback_of_open(struct callback_of *b, enum dp_mode mode,
    enum dp_pins pins)
{
	static const char *const rules[] = {
		"g.dnspin: manage.example allow 20.0.0.0/8",
		NULL,
	};
	struct dp_settings set;

	memset(b, 0, sizeof(*b));
	dp_settings_default(&set);
	set.value[DP_SET_MODE] = mode;
	set.value[DP_SET_PINS] = pins;
	module_of_open(&b->of, rules, &set, CALLBACK_OF_NOW);
	b->dynlib.inplace_cb_register_wrapped = &inplace_cb_register_wrapped;
	b->dynlib.inplace_cb_delete_wrapped = &inplace_cb_delete_wrapped;
	b->of.env.modinfo[0] = &b->dynlib;
	CU_ASSERT_TRUE_FATAL(dp_reply_register(&b->of.m));
}

static inline void callback_of_close(struct callback_of *b)
{
	dp_reply_unregister(&b->of.m);
	for (int i = 0; i < inplace_cb_types_total; i++)
		CU_ASSERT_PTR_NULL(b->of.env.inplace_cb_lists[i]);
	module_of_close(&b->of);
}

static inline uint64_t callback_of_counted(const struct callback_of *b,
    enum dp_counter c)
{
	return dp_status_count(atomic_load(&b->of.m.status), c);
}

/* The cache answers a question for name with this address; security: of the
 * message and of its record. */
static inline void callback_of_secured(struct callback_of *b, const char *text,
    const char *addr, enum sec_status message, enum sec_status record)
{
	struct comm_reply client = { .client_addrlen = 0 };
	struct timeval start = { .tv_sec = CALLBACK_OF_NOW };
	struct edns_data edns = { .edns_present = 0 };
	struct dp_name name = unit_name(text);
	struct query_info qinfo = { .qname = name.wire,
		.qname_len = name.len, .qtype = LDNS_RR_TYPE_A,
		.qclass = LDNS_RR_CLASS_IN };
	struct reply_of reply;
	struct dp_addr a;

	CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&a, addr, NULL), DP_OK);
	reply_of_begin(&reply);
	reply_of_add(&reply, text, LDNS_RR_TYPE_A, CALLBACK_OF_NOW + 600,
	    a.bytes, 4);
	reply.rep.ttl = CALLBACK_OF_NOW + 600;
	reply.rep.security = message;
	reply.packed[0]->data.security = record;
	CU_ASSERT_TRUE(inplace_cb_reply_cache_call(&b->of.env, &qinfo, NULL,
	    &reply.rep, LDNS_RCODE_NOERROR, &edns, &client, NULL, &start));
	reply_of_end(&reply);
}

static inline void callback_of_cached(struct callback_of *b, const char *text,
    const char *addr)
{
	callback_of_secured(b, text, addr, sec_status_insecure,
	    sec_status_insecure);
}

#endif
