/*
 * Unbound's headers and all that differs between its versions: the only place
 * that asks for them. Sources that see Unbound include this before anything
 * else, since its config.h decides what the system's headers declare.
 */
#ifndef DP_COMPAT_H
#define DP_COMPAT_H

#include "config.h"
#include <stdbool.h>
#include "daemon/worker.h"
#include "dynlibmod/dynlibmod.h"
#include "services/cache/dns.h"
#include "services/mesh.h"
#include "sldns/rrdef.h"
#include "util/config_file.h"
#include "util/data/msgparse.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/locks.h"
#include "util/log.h"
#include "util/module.h"
#include "util/netevent.h"
#include "util/net_help.h"
#include "util/regional.h"
#include "util/storage/slabhash.h"
#include "util/ub_event.h"

#ifdef THREADS_DISABLED
#error "Unbound without threads forks its workers, and the keeper would stay \
behind: build Unbound with --with-pthreads"
#endif

/* The built-in event loop calls only functions that it knows, and ends the
 * process at others. */
#ifdef USE_MINI_EVENT
#define DP_OWN_EVENTS 0
#else
#define DP_OWN_EVENTS 1
#endif

/* What the validator continues a query with: a callback that timers may have.
 * Not in 1.17.1 before distributions took it there. */
extern void validate_suspend_timer_cb(void *qstate) __attribute__((weak));

/* What comes over QUIC, which not every version speaks and not every build. */
static inline bool dp_is_quic(const struct comm_point *c)
{
#ifdef HAVE_NGTCP2
	return c->type == comm_doq;
#else
	(void)c;
	return false;
#endif
}

static inline bool dp_is_dnscrypt(const struct comm_reply *client)
{
#ifdef USE_DNSCRYPT
	return client->is_dnscrypted;
#else
	(void)client;
	return false;
#endif
}

/* RFC 9460; not every version has names for them. */
#define DP_TYPE_SVCB 64
#define DP_TYPE_HTTPS 65

/*
 * Admit the answer of q to the cache of env. Later versions (1.26) are also
 * told whether the query is one of the validator's own. The type of the
 * function tells which it is, not the version: distributions take changes into
 * older versions. A third type is an error of the compiler here, and nowhere
 * else.
 */
typedef int dp_store_fn(struct module_env *env, struct query_info *qinfo,
    struct reply_info *rep, int is_referral, time_t leeway, int pside,
    struct regional *region, uint32_t flags, time_t qstarttime);
typedef int dp_store_valrec_fn(struct module_env *env,
    struct query_info *qinfo, struct reply_info *rep, int is_referral,
    time_t leeway, int pside, struct regional *region, uint32_t flags,
    time_t qstarttime, int is_valrec);

static inline int dp_store(dp_store_fn *store, struct module_env *env,
    struct module_qstate *q)
{
	return store(env, &q->qinfo, q->return_msg->rep, 0, q->prefetch_leeway,
	    0, NULL, q->query_flags, q->qstarttime);
}

static inline int dp_store_valrec(dp_store_valrec_fn *store,
    struct module_env *env, struct module_qstate *q)
{
	return store(env, &q->qinfo, q->return_msg->rep, 0, q->prefetch_leeway,
	    0, NULL, q->query_flags, q->qstarttime, q->is_valrec);
}

#define DP_STORE_BY_TYPE(store) \
	_Generic(&(store), \
	    dp_store_fn *: dp_store, \
	    dp_store_valrec_fn *: dp_store_valrec)
#define dp_cache_store(env, q) \
	DP_STORE_BY_TYPE(dns_cache_store)(&dns_cache_store, (env), (q))

/* Is it one that module/cache.c can do without? What later versions look at
 * first is not known there. */
#define DP_STORE_IS_KNOWN \
	_Generic(&dns_cache_store, \
	    dp_store_fn *: true, \
	    dp_store_valrec_fn *: false)

/* A reply for a cache with what rep says, and room for records in the same
 * sections: none is there yet. NULL: out of memory. Later versions have more to
 * say: of bogus answers (1.18), and of those that have expired (1.22). */
typedef struct reply_info *dp_reply_fn(struct regional *region, uint16_t flags,
    size_t qd, time_t ttl, time_t prettl, time_t expttl, size_t an, size_t ns,
    size_t ar, size_t total, enum sec_status sec);
typedef struct reply_info *dp_reply_bogus_fn(struct regional *region,
    uint16_t flags, size_t qd, time_t ttl, time_t prettl, time_t expttl,
    size_t an, size_t ns, size_t ar, size_t total, enum sec_status sec,
    sldns_ede_code reason_bogus);
typedef struct reply_info *dp_reply_norec_fn(struct regional *region,
    uint16_t flags, size_t qd, time_t ttl, time_t prettl, time_t expttl,
    time_t norecttl, size_t an, size_t ns, size_t ar, size_t total,
    enum sec_status sec, sldns_ede_code reason_bogus);

static inline struct reply_info *dp_reply(dp_reply_fn *make,
    const struct reply_info *rep)
{
	return make(NULL, rep->flags, rep->qdcount, rep->ttl,
	    rep->prefetch_ttl, rep->serve_expired_ttl, rep->an_numrrsets,
	    rep->ns_numrrsets, rep->ar_numrrsets, rep->rrset_count,
	    rep->security);
}

static inline struct reply_info *dp_reply_bogus(dp_reply_bogus_fn *make,
    const struct reply_info *rep)
{
	return make(NULL, rep->flags, rep->qdcount, rep->ttl,
	    rep->prefetch_ttl, rep->serve_expired_ttl, rep->an_numrrsets,
	    rep->ns_numrrsets, rep->ar_numrrsets, rep->rrset_count,
	    rep->security, rep->reason_bogus);
}

static inline struct reply_info *dp_reply_norec(dp_reply_norec_fn *make,
    const struct reply_info *rep)
{
	return make(NULL, rep->flags, rep->qdcount, rep->ttl,
	    rep->prefetch_ttl, rep->serve_expired_ttl, 0, rep->an_numrrsets,
	    rep->ns_numrrsets, rep->ar_numrrsets, rep->rrset_count,
	    rep->security, rep->reason_bogus);
}

#define DP_REPLY_BY_TYPE(make) \
	_Generic(&(make), \
	    dp_reply_fn *: dp_reply, \
	    dp_reply_bogus_fn *: dp_reply_bogus, \
	    dp_reply_norec_fn *: dp_reply_norec)
#define dp_reply_like(rep) \
	DP_REPLY_BY_TYPE(construct_reply_info_base)( \
	    &construct_reply_info_base, (rep))

#endif
