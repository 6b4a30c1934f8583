#include "module/compat.h"

#include "module/keeper_private.h"

#include <sodium.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "module/client_key.h"
#include "module/core/file.h"
#include "module/core/ring.h"

#define EVENT_B 256u	  /* room in a ring for each event (setting.def) */
#define NUMBERS_MAX 1024u /* of ring files, as readers look for them */
#define DAY_S 86400

static bool make_random(void *to, size_t size_b)
{
	return getrandom(to, size_b, 0) == (ssize_t)size_b;
}

static uint32_t setting(const struct dp_policy *p, enum dp_setting s)
{
	return dp_policy_settings(p)->value[s];
}

/* --- rings ---------------------------------------------------------------- */

/* What tells this start of the machine. Where that cannot be read it is chance,
 * so that no ring of an earlier one is continued. */
static void find_boot(struct dp_keeper *k)
{
	unsigned a, b, c, d;
	unsigned long long e;
	FILE *f;

	if (k->boot[0] || k->boot[1])
		return;
	f = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (f && fscanf(f, "%8x-%4x-%4x-%4x-%12llx", &a, &b, &c, &d, &e) == 5) {
		k->boot[0] = (uint64_t)a << 32 | b << 16 | c;
		k->boot[1] = (uint64_t)d << 48 | e;
	} else {
		(void)make_random(k->boot, sizeof(k->boot));
	}
	if (f)
		(void)fclose(f);
}

/* Events tell who asked what: not for everybody to read. */
static void make_folder(struct dp_keeper *k)
{
	char path[DP_PATH_MAX];

	dp_keeper_make_folder(k);
	if (dp_keeper_path(k, path, DP_STATE_EVENTS, k->events_trouble) &&
	    mkdir(path, 0750) == 0)
		(void)chmod(path, 0750); /* what goes there says the rest */
}

static enum dp_err ring_path(char path[DP_PATH_MAX], const struct dp_keeper *k,
    unsigned number, struct dp_diag *diag)
{
	char name[sizeof(DP_STATE_EVENTS) + 16];

	snprintf(name, sizeof(name), "%s/%u", DP_STATE_EVENTS, number);
	return dp_state_path(path, k->m->place.dir, name, diag);
}

/* In the first file that nobody writes, a thread of this resolver or of another
 * one; what is there and cannot be used is passed over. Events that are there
 * unread are kept. */
static enum dp_err open_ring(struct dp_keeper *k, struct dp_ring **out,
    unsigned *number, uint64_t size_b, struct dp_diag *diag)
{
	struct dp_ring_made made = { .size_b = size_b };
	enum dp_err err = DP_ERR_BUSY;
	char path[DP_PATH_MAX];
	bool taken = true;
	uint64_t id[4];

	find_boot(k);
	memcpy(made.boot, k->boot, sizeof(made.boot));
	if (!make_random(&made.id, sizeof(made.id))) {
		dp_diag_set(diag, DP_STATE_EVENTS, 0, "no random numbers");
		return DP_ERR_IO;
	}
	make_folder(k);
	for (unsigned i = 0; taken && err != DP_OK && i < NUMBERS_MAX; i++) {
		err = ring_path(path, k, i, diag);
		if (err != DP_OK)
			break;
		err = dp_ring_open(out, path, &made, diag);
		taken = err == DP_ERR_BUSY || err == DP_ERR_FORMAT ||
		    dp_file_identify(id, path) == DP_OK;
		*number = i;
	}
	return err;
}

static unsigned ring_count(const struct dp_module *m)
{
	unsigned count = atomic_load(&m->worker_count);

	if (m->threads > count)
		count = m->threads;
	return count < DP_EPOCH_SLOTS ? count : DP_EPOCH_SLOTS;
}

/* Events that go to a file that is not there any more are found by nobody. */
static bool is_there(const struct dp_keeper *k, unsigned i)
{
	const struct dp_ring *ring = atomic_load(&k->m->trails.rings[i]);
	char path[DP_PATH_MAX];

	if (!ring || ring_path(path, k, k->rings[i].number, NULL) != DP_OK ||
	    dp_ring_is_at(ring, path))
		return true;
	log_err("dnspin: %s: removed or replaced, or cut short; the events in it "
		"that nobody has read are lost", path);
	return false;
}

/* Rings that nobody writes to any more. */
static void close_rings(struct dp_keeper *k, struct dp_ring **old,
    unsigned count)
{
	if (count > 0)
		dp_keeper_wait_for_all(k->m);
	while (count > 0)
		dp_ring_close(&old[--count]);
}

/* All of them, or those that are lost: the next ones take their numbers, so
 * that readers see that they are others. */
static void drop_rings(struct dp_keeper *k, bool all)
{
	struct dp_ring *old[DP_EPOCH_SLOTS];
	unsigned count = 0;

	for (unsigned i = 0; i < DP_EPOCH_SLOTS; i++) {
		_Atomic(struct dp_ring *) *at = &k->m->trails.rings[i];

		if (atomic_load(at) && (all || !is_there(k, i)))
			old[count++] = atomic_exchange(at, NULL);
	}
	close_rings(k, old, count);
}

static void say_unlogged(struct dp_keeper *k, const struct dp_diag *why)
{
	struct dp_diag diag = *why;

	dp_diag_set(&diag, NULL, 0, "%.250s; queries are answered, and those "
	    "without an event are counted as unlogged", why->reason);
	dp_keeper_say(k->events_trouble, &diag);
}

/*
 * A ring of this size for each thread that answers. One of another size is kept
 * as long as no new one can be had. A new one gets a file of its own, so that
 * nothing is lost when they change places.
 */
static void fit_rings(struct dp_keeper *k, uint64_t size_b)
{
	struct dp_ring *ring, *old[DP_EPOCH_SLOTS];
	unsigned old_count = 0, number, count = ring_count(k->m);
	struct dp_diag diag = { .object = "" };
	enum dp_err err = DP_OK;

	drop_rings(k, false);
	for (unsigned i = 0; i < count && err == DP_OK; i++) {
		_Atomic(struct dp_ring *) *at = &k->m->trails.rings[i];

		if (atomic_load(at) && k->rings[i].size_b == size_b)
			continue;
		err = open_ring(k, &ring, &number, size_b, &diag);
		if (err != DP_OK)
			break;
		k->rings[i].number = number;
		k->rings[i].size_b = size_b;
		ring = atomic_exchange(at, ring);
		if (ring)
			old[old_count++] = ring;
	}
	if (err != DP_OK)
		say_unlogged(k, &diag);
	else
		k->events_trouble[0] = '\0';
	close_rings(k, old, old_count);
}

/* --- the key of pseudonyms ------------------------------------------------ */

static void set_key(struct dp_module *m, struct dp_trail_key *key)
{
	struct dp_trail_key *old = atomic_exchange(&m->trails.key, key);

	if (!old)
		return;
	dp_keeper_wait_for_all(m);
	sodium_memzero(old, sizeof(*old));
	free(old);
}

static enum dp_err get_key(struct dp_keeper *k, struct dp_trail_key *key,
    struct dp_diag *diag)
{
	uint8_t fresh[DP_CLIENT_KEY_B];
	char path[DP_PATH_MAX];
	enum dp_err err;

	err = dp_state_path(path, k->m->place.dir, DP_STATE_CLIENT_KEY, diag);
	if (err == DP_OK && !make_random(fresh, sizeof(fresh))) {
		dp_diag_set(diag, path, 0, "no random numbers");
		err = DP_ERR_IO;
	}
	if (err == DP_OK) {
		dp_keeper_make_folder(k);
		err = dp_client_key_get(key->octets, path, key->day, fresh,
		    diag);
	}
	sodium_memzero(fresh, sizeof(fresh));
	return err;
}

/* Today's. Where there is none, events leave clients out. */
static void fit_key(struct dp_keeper *k)
{
	const struct dp_trail_key *has = atomic_load(&k->m->trails.key);
	uint64_t day = (uint64_t)time(NULL) / DAY_S;
	struct dp_diag diag = { .object = "" };
	struct dp_trail_key *key;

	if (has && has->day == day)
		return;
	key = calloc(1, sizeof(*key));
	if (!key)
		return;
	key->day = day;
	if (get_key(k, key, &diag) != DP_OK) {
		free(key);
		key = NULL;
		dp_keeper_say(k->key_trouble, &diag);
	} else {
		k->key_trouble[0] = '\0';
	}
	set_key(k->m, key);
}

/* -------------------------------------------------------------------------- */

void dp_keeper_open_events(struct dp_keeper *k, const struct dp_policy *p)
{
	uint64_t events = setting(p, DP_SET_EVENT_RING);

	if (events > 0)
		fit_rings(k, events * EVENT_B);
	if (setting(p, DP_SET_CLIENT_PRIVACY) == DP_PRIVACY_PSEUDONYM)
		fit_key(k);
}

void dp_keeper_look_at_events(struct dp_keeper *k)
{
	const struct dp_policy *p = atomic_load(&k->m->policy);

	if (!p)
		return;
	dp_keeper_open_events(k, p);
	if (setting(p, DP_SET_EVENT_RING) == 0) {
		drop_rings(k, true);
		k->events_trouble[0] = '\0';
	}
	if (setting(p, DP_SET_CLIENT_PRIVACY) != DP_PRIVACY_PSEUDONYM) {
		set_key(k->m, NULL);
		k->key_trouble[0] = '\0';
	}
}

void dp_keeper_close_events(struct dp_keeper *k)
{
	drop_rings(k, true);
	set_key(k->m, NULL);
}
