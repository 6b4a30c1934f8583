#include "module/compat.h"

#include "module/keeper_private.h"

#include "module/barrier.h"
#include "module/core/sync.h"
#include "module/watch.h"

static void let_go(struct dp_module *m)
{
	struct dp_sync *sync = atomic_exchange(&m->sync, NULL);

	if (!sync)
		return;
	dp_keeper_wait_for_all(m);
	dp_sync_close(&sync);
}

/* No file is the same as an agent that is dead. */
static bool open_sync(struct dp_module *m, const char *path,
    struct dp_diag *diag)
{
	struct dp_sync *sync = atomic_load(&m->sync);
	enum dp_err err;

	if (sync && !dp_sync_is_at(sync, path))
		let_go(m);
	if (atomic_load(&m->sync))
		return true;
	err = dp_sync_open_ro(&sync, path, diag);
	if (err == DP_OK)
		atomic_store(&m->sync, sync);
	return err == DP_OK || err == DP_ERR_NOTFOUND;
}

/* Is there somebody to wait for? False, with what is wrong in diag. */
static bool find(struct dp_module *m, const char *path, struct dp_diag *diag)
{
	struct dp_barrier_now now;

	if (!open_sync(m, path, diag))
		return false;
	dp_barrier_look(&now, m);
	if (now.alive)
		return true;
	dp_diag_set(diag, path, 0, "no dnspin sync is running; %s",
	    now.kind == DP_BARRIER_FAIL_CLOSED ?
		"answers with addresses are SERVFAIL until there is one" :
		"answers are given without the firewall's confirmation");
	return false;
}

void dp_keeper_meet_agent(struct dp_keeper *k, const struct dp_policy *p)
{
	struct dp_diag diag = { .object = "" };
	char path[DP_PATH_MAX];

	if (dp_barrier_of(p) == DP_BARRIER_OFF)
		return;
	/* Without the thread held queries ask for themselves. */
	(void)dp_watch_start(k->m);
	if (dp_keeper_path(k, path, DP_STATE_ACK, k->sync_trouble))
		(void)open_sync(k->m, path, &diag);
}

void dp_keeper_look_at_agent(struct dp_keeper *k)
{
	const struct dp_policy *policy = atomic_load(&k->m->policy);
	struct dp_diag diag = { .object = "" };
	char path[DP_PATH_MAX];

	if (!policy || dp_barrier_of(policy) == DP_BARRIER_OFF) {
		let_go(k->m);
		k->sync_trouble[0] = '\0';
		return;
	}
	(void)dp_watch_start(k->m);
	if (!atomic_load(&k->m->map)) {
		/* Nobody has anything to confirm: that is the trouble. */
		k->sync_trouble[0] = '\0';
		return;
	}
	if (!dp_keeper_path(k, path, DP_STATE_ACK, k->sync_trouble))
		return;
	if (!find(k->m, path, &diag)) {
		dp_keeper_say(k->sync_trouble, &diag);
		return;
	}
	if (k->sync_trouble[0])
		log_info("dnspin: the firewall agent is there");
	k->sync_trouble[0] = '\0';
}
