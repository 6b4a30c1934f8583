#include "module/compat.h"

#include "module/keeper_private.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "module/barrier.h"
#include "module/cache.h"
#include "module/core/file.h"
#include "module/core/key.h"
#include "module/core/sync.h"
#include "module/opener.h"
#include "module/watch.h"
#include "module/worker.h"

#define LOOK_MS 500   /* between two looks at the policy file */
#define LEAK_SAID_S 60

void dp_keeper_say(char trouble[DP_STATUS_TEXT_B], const struct dp_diag *diag)
{
	char text[DP_STATUS_TEXT_B];

	snprintf(text, sizeof(text), "%.160s: %.340s", diag->object,
	    diag->reason);
	if (strcmp(text, trouble) == 0)
		return;
	memcpy(trouble, text, sizeof(text));
	log_err("dnspin: %s", text);
}

/* The same for a policy that cannot be taken. */
static void say_policy(struct dp_keeper *k, const struct dp_diag *diag)
{
	bool has_one = atomic_load(&k->m->policy) != NULL;
	struct dp_diag d = *diag;

	dp_diag_set(&d, NULL, 0, "%.250s; %s", diag->reason,
	    has_one ? "the last good policy stays in force" :
		      "every query is answered SERVFAIL until there is one");
	dp_keeper_say(k->policy_trouble, &d);
}

bool dp_keeper_path(const struct dp_keeper *k, char path[DP_PATH_MAX],
    const char *name, char trouble[DP_STATUS_TEXT_B])
{
	struct dp_diag diag = { .object = "" };

	if (dp_state_path(path, k->m->place.dir, name, &diag) == DP_OK)
		return true;
	dp_keeper_say(trouble, &diag);
	return false;
}

static void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

void dp_keeper_make_folder(struct dp_keeper *k)
{
	char path[DP_PATH_MAX];

	if (dp_keeper_path(k, path, DP_STATE_UNBOUND, k->status_trouble))
		(void)mkdir(path, 0755); /* what goes there says the rest */
}

static void open_status(struct dp_keeper *k)
{
	struct dp_module *m = k->m;
	struct dp_diag diag = { .object = "" };
	struct dp_status *status;
	char path[DP_PATH_MAX];

	if (atomic_load(&m->status) != k->spare)
		return;
	dp_keeper_make_folder(k);
	if (!dp_keeper_path(k, path, DP_STATE_STATUS, k->status_trouble))
		return;
	if (dp_status_create(&status, path, &diag) != DP_OK) {
		dp_keeper_say(k->status_trouble, &diag);
		return;
	}
	k->status_trouble[0] = '\0';
	for (unsigned c = 0; c < DP_COUNTER_COUNT; c++)
		dp_status_add(status, DP_STATUS_ANYBODY, (enum dp_counter)c,
		    dp_status_count(k->spare, (enum dp_counter)c));
	atomic_store(&m->status, status);
}

void dp_keeper_wait_for_all(struct dp_module *m)
{
	uint64_t epoch = dp_epoch_advance(&m->epoch);

	while (!dp_epoch_passed(&m->epoch, epoch))
		sleep_ms(1);
}

static bool read_key(struct dp_keeper *k)
{
	struct dp_diag diag = { .object = "" };

	if (k->has_key || !k->m->place.trusted[0])
		return true;
	if (dp_key_public_read(k->key, k->m->place.trusted, &diag) != DP_OK) {
		dp_keeper_say(k->policy_trouble, &diag);
		return false;
	}
	k->has_key = true;
	return true;
}

static bool is_strict(const struct dp_policy *p)
{
	return dp_policy_settings(p)->value[DP_SET_MODE] == DP_MODE_STRICT;
}

/*
 * Put p in force. When this returns, no thread uses the old policy, and, unless
 * the module is still settling, no answer that it passed can come from the
 * cache.
 */
static void enforce(struct dp_keeper *k, struct dp_policy *p)
{
	struct dp_module *m = k->m;
	bool settling = atomic_exchange(&m->settling, true);
	struct dp_policy *old;

	dp_keeper_open_map(k, p);
	dp_keeper_open_events(k, p);
	dp_keeper_meet_agent(k, p);
	k->fit_map_s = 0;
	old = atomic_exchange(&m->policy, p);
	dp_keeper_wait_for_all(m);
	dp_cache_clear(m);
	if (old && !is_strict(old))
		settling = true; /* see settle */
	if (!is_strict(p) || !settling)
		atomic_store(&m->settling, false);
	dp_policy_close(&old);
}

static void report(struct dp_keeper *k, const struct dp_policy *p)
{
	uint32_t rules = dp_policy_rule_count(p);
	uint32_t groups = dp_policy_group_count(p);
	struct dp_status_head *h = &k->head;
	char barrier[16];

	dp_setting_word(DP_SET_BARRIER,
	    dp_policy_settings(p)->value[DP_SET_BARRIER], barrier,
	    sizeof(barrier));
	h->generation++;
	h->applied_s = (uint64_t)time(NULL);
	h->mode = dp_policy_settings(p)->value[DP_SET_MODE];
	memcpy(h->digest, dp_policy_digest(p), sizeof(h->digest));
	log_info("dnspin: policy %02x%02x%02x%02x in force: %u rule%s in %u "
		 "group%s, mode %s, barrier %s",
	    h->digest[0], h->digest[1], h->digest[2], h->digest[3], rules,
	    rules == 1 ? "" : "s", groups, groups == 1 ? "" : "s",
	    is_strict(p) ? "strict" : "observe", barrier);
}

/*
 * Observing is over, but recursion that was under way could still store its
 * internal answers where clients are answered from. It is over for good when
 * that is cleared after every thread had turned to the other cache.
 */
static void settle(struct dp_keeper *k)
{
	struct dp_module *m = k->m;
	bool apart;

	if (!atomic_load(&m->settling))
		return;
	apart = dp_worker_all_apart(m);
	if (!apart)
		dp_worker_part_all(m);
	dp_cache_clear(m);
	if (!apart)
		return;
	atomic_store(&m->settling, false);
	report(k, atomic_load(&m->policy));
}

/* A strict policy is not put in force where others answer before the module,
 * unless it says that this is known; nor one that withholds answers where those
 * of others cannot be. */
static bool is_passed_by(struct dp_keeper *k, const struct dp_policy *p)
{
	const uint32_t *set = dp_policy_settings(p)->value;
	const char *in_front = k->m->around.in_front;
	struct dp_diag diag = { .object = "" };

	if (is_strict(p) && in_front[0] &&
	    set[DP_SET_MODULE_ORDER] != DP_ORDER_ACCEPT)
		dp_diag_set(&diag, "unbound.conf", 0,
		    "module-config has \"%.100s\" in front of dynlib, whose "
		    "answers would pass the policy by: put dynlib first, or "
		    "compile with module-order=accept", in_front);
	else if (k->m->id > 0 && dp_barrier_of(p) == DP_BARRIER_FAIL_CLOSED)
		dp_diag_set(&diag, "unbound.conf", 0,
		    "module-config has a module in front of dynlib, whose "
		    "answers cannot wait for the firewall: put dynlib first, "
		    "or compile with barrier=fail-open");
	else if (k->m->guest && dp_barrier_of(p) != DP_BARRIER_OFF)
		dp_diag_set(&diag, "unbound.conf", 0,
		    "in pythonmod answers cannot wait for the firewall: "
		    "compile with barrier=off, or use an Unbound with dynlib");
	else if (k->m->guest && is_strict(p) && dp_policy_audience_count(p) > 1)
		dp_diag_set(&diag, "unbound.conf", 0,
		    "in pythonmod all clients get the same answers: leave out "
		    "the groups that are for some clients, or use an Unbound "
		    "with dynlib");
	else
		return false;
	say_policy(k, &diag);
	return true;
}

/* In init nobody is answered before it is open; later nobody waits for it. */
static enum dp_err open_policy(const struct dp_keeper *k,
    struct dp_policy **out, const char *path, struct dp_diag *diag)
{
	const uint8_t *trusted = k->has_key ? k->key : NULL;

	return k->started ? dp_policy_open(out, path, trusted, diag) :
			    dp_opener_open(out, path, trusted, diag);
}

/* A policy file that was not there at the last look, or is another one. */
static void look_for_policy(struct dp_keeper *k)
{
	struct dp_diag diag = { .object = "" };
	char path[DP_PATH_MAX];
	uint64_t id[4] = { 0 };
	struct dp_policy *p;
	enum dp_err err;

	if (!read_key(k) ||
	    !dp_keeper_path(k, path, DP_STATE_POLICY, k->policy_trouble))
		return;
	err = dp_file_identify(id, path);
	if (!err && memcmp(id, k->seen, sizeof(id)) == 0)
		return;
	memset(k->seen, 0, sizeof(k->seen));
	err = open_policy(k, &p, path, &diag);
	if (err) {
		say_policy(k, &diag);
		/* What can be read will not get better by itself; what cannot
		 * may, without becoming another file (chmod). */
		if (err != DP_ERR_NOTFOUND && err != DP_ERR_NOMEM &&
		    err != DP_ERR_IO)
			memcpy(k->seen, id, sizeof(id));
		return;
	}
	memcpy(k->seen, dp_policy_file_id(p), sizeof(k->seen));
	if (is_passed_by(k, p)) {
		dp_policy_close(&p);
		return;
	}
	k->policy_trouble[0] = '\0';
	enforce(k, p);
	if (!atomic_load(&k->m->settling))
		report(k, p);
}

/* Of what is wrong, what has the worst consequences. */
static const char *worst(const struct dp_keeper *k)
{
	const char *const troubles[] = { k->policy_trouble, k->map_trouble,
		k->sync_trouble, k->events_trouble, k->key_trouble };
	size_t i = 0;

	while (i + 1 < sizeof(troubles) / sizeof(troubles[0]) &&
	    !troubles[i][0])
		i++;
	return troubles[i];
}

static void write_status(struct dp_keeper *k)
{
	const struct dp_policy *p = atomic_load(&k->m->policy);
	struct dp_status_head *h = &k->head;
	bool mapped = atomic_load(&k->m->map) != NULL;

	h->heartbeat_s = (uint64_t)time(NULL);
	h->ready = p && (mapped || h->mode == DP_MODE_OBSERVE);
	snprintf((char *)h->trouble, sizeof(h->trouble), "%s", worst(k));
	dp_status_publish(atomic_load(&k->m->status), h);
}

/* The counter tells of each, the log of one a minute. */
static void stop_leak(struct dp_keeper *k)
{
	struct timespec now;

	dp_cache_clear(k->m);
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (k->leak_said_s && now.tv_sec - k->leak_said_s < LEAK_SAID_S)
		return;
	k->leak_said_s = now.tv_sec;
	log_err("dnspin: an answer that the policy refuses was found in the "
		"cache (load_cache?); the cache was cleared");
}

/* Threads that have run no query yet answer from the server's own cache. Only
 * load_cache puts anything there. Not touched any more once all have run one: a
 * reload with another msg-cache-size deletes it while this thread still runs. */
static void empty_server_cache(struct dp_module *m)
{
	const struct dp_policy *p = atomic_load(&m->policy);
	struct slabhash *own = m->env->msg_cache;

	if (!own || own == m->admitted ||
	    atomic_load(&m->worker_count) >= m->threads ||
	    (p && dp_policy_settings(p)->value[DP_SET_MODE] != DP_MODE_STRICT))
		return;
	slabhash_clear(own);
}

void dp_keeper_look(struct dp_module *m)
{
	struct dp_keeper *k = m->keeper;

	empty_server_cache(m);
	open_status(k);
	settle(k);
	look_for_policy(k);
	dp_keeper_look_at_map(k);
	dp_keeper_look_at_agent(k);
	dp_keeper_look_at_events(k);
	if (atomic_exchange(&m->leaked, false))
		stop_leak(k);
	write_status(k);
}

static bool wait_for_next(struct dp_keeper *k)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&k->lock);
	if (!k->stop)
		pthread_cond_timedwait(&k->wake, &k->lock, &until);
	stop = k->stop;
	pthread_mutex_unlock(&k->lock);
	return !stop;
}

static void *run(void *arg)
{
	struct dp_keeper *k = arg;

	while (wait_for_next(k))
		dp_keeper_look(k->m);
	return NULL;
}

static bool start_thread(struct dp_keeper *k)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	sigdelset(&all, SIGBUS); /* core/fault.h */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&k->thread, NULL, run, k);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err == 0;
}

/* Half a second stays that, also when somebody sets the clock back. */
static bool make_wake(pthread_cond_t *wake)
{
	pthread_condattr_t attr;
	bool made;

	if (pthread_condattr_init(&attr) != 0)
		return false;
	made = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
	    pthread_cond_init(wake, &attr) == 0;
	pthread_condattr_destroy(&attr);
	return made;
}

bool dp_keeper_create(struct dp_module *m)
{
	struct dp_keeper *k = calloc(1, sizeof(*k));

	if (!k)
		return false;
	if (!make_wake(&k->wake)) {
		free(k);
		return false;
	}
	if (dp_status_create_private(&k->spare) != DP_OK) {
		pthread_cond_destroy(&k->wake);
		free(k);
		return false;
	}
	pthread_mutex_init(&k->lock, NULL);
	k->m = m;
	k->head.pid = (uint64_t)getpid();
	k->head.started_s = (uint64_t)time(NULL);
	snprintf((char *)k->head.notes, sizeof(k->head.notes), "%s",
	    m->around.notes);
	snprintf((char *)k->head.unbound, sizeof(k->head.unbound), "%s",
	    PACKAGE_VERSION);
	atomic_store(&m->status, k->spare);
	m->keeper = k;
	return true;
}

void dp_keeper_start(struct dp_module *m)
{
	struct dp_keeper *k = m->keeper;

	k->started = start_thread(k);
	if (!k->started)
		log_err("dnspin: no thread for the keeper: a new policy will "
			"not be noticed until Unbound is reloaded");
}

void dp_keeper_wake(struct dp_module *m)
{
	/* Without the lock a thread that is about to wait can miss it: then it
	 * looks half a second later. */
	if (m->keeper)
		pthread_cond_signal(&m->keeper->wake);
}

void dp_keeper_destroy(struct dp_module *m)
{
	struct dp_keeper *k = m->keeper;
	struct dp_status *status;
	struct dp_policy *policy;
	struct dp_sync *sync;
	struct dp_map *map;

	if (!k)
		return;
	if (k->started) {
		pthread_mutex_lock(&k->lock);
		k->stop = true;
		pthread_cond_signal(&k->wake);
		pthread_mutex_unlock(&k->lock);
		pthread_join(k->thread, NULL);
	}
	dp_watch_destroy(m); /* which uses what is closed here */
	dp_keeper_close_events(k);
	status = atomic_exchange(&m->status, NULL);
	if (status != k->spare)
		dp_status_close(&status);
	dp_status_close(&k->spare);
	policy = atomic_exchange(&m->policy, NULL);
	dp_policy_close(&policy);
	map = atomic_exchange(&m->map, NULL);
	dp_map_close(&map);
	sync = atomic_exchange(&m->sync, NULL);
	dp_sync_close(&sync);
	pthread_cond_destroy(&k->wake);
	pthread_mutex_destroy(&k->lock);
	free(k);
	m->keeper = NULL;
}
