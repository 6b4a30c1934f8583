#include "module/compat.h"

#include "module/mode.h"
#include "module/module.h"

void dp_mode_init(struct dp_module *m, const struct config_file *cfg)
{
	m->serve_expired = cfg->serve_expired;
	m->serve_expired_client_timeout = cfg->serve_expired_client_timeout;
	m->minimal_responses = cfg->minimal_responses;
}

bool dp_mode_set(struct dp_module *m, bool strict)
{
	struct slabhash *cache = strict ? m->internal : m->admitted;
	bool was_strict = atomic_exchange(&m->recursion_cache, cache) ==
	    m->internal;

	if (strict && m->serve_expired && !m->serve_expired_told) {
		m->serve_expired_told = true;
		log_warn("dnspin: serve-expired is off while the mode is "
			 "strict: expired answers pass the policy by");
	}
	return strict && !was_strict;
}

/* Other threads read these at any time: plain aligned ints, old or new. They
 * are written only when they change, for they are shared. */
static void force(int *setting, int value)
{
	if (__atomic_load_n(setting, __ATOMIC_RELAXED) != value)
		__atomic_store_n(setting, value, __ATOMIC_RELAXED);
}

void dp_mode_apply(const struct dp_module *m, struct config_file *cfg)
{
	bool strict = atomic_load(&m->recursion_cache) == m->internal;

	force(&cfg->serve_expired, strict ? 0 : m->serve_expired);
	force(&cfg->serve_expired_client_timeout,
	    strict ? 0 : m->serve_expired_client_timeout);
	force(&SERVE_EXPIRED, strict ? 0 : m->serve_expired);
	force(&MINIMAL_RESPONSES, strict ? 1 : m->minimal_responses);
}
