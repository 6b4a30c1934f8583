/*
 * Unbound's headers and all that differs between its versions: the only place
 * that asks for them. Sources that see Unbound include this before anything
 * else, since its config.h decides what the system's headers declare.
 */
#ifndef DP_COMPAT_H
#define DP_COMPAT_H

#include "config.h"
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
#include "util/net_help.h"
#include "util/regional.h"
#include "util/storage/slabhash.h"

#ifdef THREADS_DISABLED
#error "Unbound without threads forks its workers, and the keeper would stay \
behind: build Unbound with --with-pthreads"
#endif

/* RFC 9460; not every version has names for them. */
#define DP_TYPE_SVCB 64
#define DP_TYPE_HTTPS 65

/* 1.26 stores whether the answer came from the validator's own recursion. */
#if DP_UNBOUND_NUMBER >= 1026000
#define dp_cache_store(env, q) \
	dns_cache_store((env), &(q)->qinfo, (q)->return_msg->rep, 0, \
	    (q)->prefetch_leeway, 0, NULL, (q)->query_flags, \
	    (q)->qstarttime, (q)->is_valrec)
#else
#define dp_cache_store(env, q) \
	dns_cache_store((env), &(q)->qinfo, (q)->return_msg->rep, 0, \
	    (q)->prefetch_leeway, 0, NULL, (q)->query_flags, \
	    (q)->qstarttime)
#endif

#endif
