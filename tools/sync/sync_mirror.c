#include "tools/sync/sync_mirror.h"

#include <stdlib.h>
#include <string.h>

#include "tools/sync/sync_table.h"

#define LOOKS 5	   /* at sets that others change all the time */
#define BORDER_S 2 /* the kernel may or may not have dropped it */

struct dp_mirror {
	struct dp_nft *nft;
	struct dp_sync_table *table;
	uint32_t slack_max_s;
	size_t slice;
	size_t count; /* of entries that count */
	size_t most;  /* of them; 0: any number */
	struct dp_mirror_counts counts;
	/* while the kernel is looked at */
	uint32_t now_s;
	bool no_memory;
};

enum dp_err dp_mirror_open(struct dp_mirror **out, const char *table,
    struct dp_diag *diag)
{
	struct dp_mirror *m = calloc(1, sizeof(*m));
	enum dp_err err = DP_ERR_NOMEM;

	if (m)
		err = dp_sync_table_open(&m->table);
	if (err)
		dp_diag_set(diag, table, 0, "%s", dp_err_text(err));
	else
		err = dp_nft_open(&m->nft, table, diag);
	if (err) {
		dp_mirror_close(&m);
		return err;
	}
	*out = m;
	return DP_OK;
}

void dp_mirror_close(struct dp_mirror **m)
{
	if (!*m)
		return;
	dp_nft_close(&(*m)->nft);
	dp_sync_table_close(&(*m)->table);
	free(*m);
	*m = NULL;
}

const char *dp_mirror_table(const struct dp_mirror *m)
{
	return dp_nft_table(m->nft);
}

const struct dp_mirror_counts *dp_mirror_counts(const struct dp_mirror *m)
{
	return &m->counts;
}

size_t dp_mirror_elements(const struct dp_mirror *m)
{
	return m->count;
}

void dp_mirror_limit(struct dp_mirror *m, size_t most)
{
	m->most = most;
}

static uint32_t slack_s(uint32_t left_s)
{
	uint32_t share_s = left_s / DP_MIRROR_SLACK_SHARE;

	return share_s > DP_MIRROR_SLACK_MIN_S ? share_s
					       : DP_MIRROR_SLACK_MIN_S;
}

enum dp_err dp_mirror_flush(struct dp_mirror *m, struct dp_diag *diag)
{
	enum dp_err err;

	if (dp_nft_queued(m->nft) == 0)
		return DP_OK;
	err = dp_nft_commit(m->nft, diag);
	if (err)
		return err;
	m->counts.batches++;
	return DP_OK;
}

static enum dp_err room_make(struct dp_mirror *m, struct dp_diag *diag)
{
	return dp_nft_queued(m->nft) < DP_NFT_BATCH ? DP_OK
						     : dp_mirror_flush(m, diag);
}

/* Bring the kernel to what e says. */
static enum dp_err settle(struct dp_mirror *m, struct dp_sync_entry *e,
    uint32_t now_s, struct dp_diag *diag)
{
	enum dp_err err = room_make(m, diag);
	uint32_t timeout_s;

	if (err)
		return err;
	if (e->end_s <= now_s) {
		dp_nft_remove(m->nft, &e->key);
		m->counts.removed++;
		m->count--;
		e->end_s = e->held_s = 0;
		return DP_OK;
	}
	timeout_s = e->end_s - now_s + slack_s(e->end_s - now_s);
	if (e->held_s == 0) {
		dp_nft_add(m->nft, &e->key, timeout_s);
		m->counts.added++;
	} else {
		dp_nft_replace(m->nft, &e->key, timeout_s);
		m->counts.prolonged++;
	}
	e->held_s = now_s + timeout_s;
	return DP_OK;
}

static struct dp_nft_key key_of(const struct dp_element *e)
{
	return (struct dp_nft_key){
		.set = (uint8_t)dp_nft_set_of(&e->addr, e->service),
		.addr = e->addr,
		.service = e->service,
	};
}

enum dp_err dp_mirror_want(struct dp_mirror *m, const struct dp_element *e,
    uint32_t now_s, struct dp_diag *diag)
{
	struct dp_nft_key key = key_of(e);
	struct dp_sync_entry *entry = dp_sync_table_get(m->table, &key);

	if (!entry) {
		dp_diag_set(diag, dp_nft_table(m->nft), 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	if (e->end_s <= entry->end_s)
		return DP_OK;
	if (entry->end_s == 0 && entry->held_s == 0) {
		if (m->most && m->count >= m->most) {
			dp_diag_set(diag, dp_nft_table(m->nft), 0, "holds %zu "
			    "elements, more than a map of this map-capacity "
			    "can mean", m->count);
			return DP_ERR_LIMIT;
		}
		m->count++;
	}
	entry->end_s = e->end_s;
	return entry->held_s >= entry->end_s ? DP_OK
					     : settle(m, entry, now_s, diag);
}

static void seen(void *arg, const struct dp_nft_key *key, uint64_t left_ms)
{
	struct dp_mirror *m = arg;
	struct dp_sync_entry *e = dp_sync_table_get(m->table, key);

	if (!e)
		m->no_memory = true;
	else if (left_ms / 1000 >= UINT32_MAX - m->now_s)
		e->held_s = UINT32_MAX;
	else
		e->held_s = m->now_s + (uint32_t)(left_ms / 1000);
}

/* What e wants and what the kernel has, in one account. */
static enum dp_err account_make(struct dp_mirror *m,
    const struct dp_elements *e, struct dp_diag *diag)
{
	enum dp_err err;

	dp_sync_table_clear(m->table);
	m->no_memory = false;
	for (size_t i = 0; i < e->count; i++) {
		struct dp_nft_key key = key_of(&e->items[i]);
		struct dp_sync_entry *entry = dp_sync_table_get(m->table, &key);

		if (entry)
			entry->end_s = e->items[i].end_s;
		else
			m->no_memory = true;
	}
	err = dp_nft_dump(m->nft, seen, m, diag);
	if (!err && m->no_memory) {
		dp_diag_set(diag, dp_nft_table(m->nft), 0, "out of memory");
		err = DP_ERR_NOMEM;
	}
	return err;
}

/* What others did before it shows in what is seen, what they do meanwhile may
 * not. DP_ERR_BUSY: they did something. */
static enum dp_err look_once(struct dp_mirror *m, const struct dp_elements *e,
    struct dp_diag *diag)
{
	bool changed, made;
	enum dp_err err = dp_nft_foreign(m->nft, &changed, diag);

	if (!err)
		err = dp_nft_frame(m->nft, &made, diag);
	if (!err)
		err = account_make(m, e, diag);
	if (!err)
		err = dp_nft_foreign(m->nft, &changed, diag);
	if (!err && changed) {
		dp_diag_set(diag, dp_nft_table(m->nft), 0, "somebody changes "
		    "the sets all the time");
		err = DP_ERR_BUSY;
	}
	return err;
}

static bool held_well(const struct dp_mirror *m, const struct dp_sync_entry *e)
{
	return e->end_s != 0 && e->held_s >= e->end_s &&
	    e->held_s - e->end_s <= m->slack_max_s;
}

enum dp_err dp_mirror_look(struct dp_mirror *m, const struct dp_elements *e,
    uint32_t now_s, uint32_t max_life_s, size_t *missing, struct dp_diag *diag)
{
	enum dp_err err = DP_ERR_BUSY;
	size_t cursor = 0, lacking = 0;
	struct dp_sync_entry *entry;

	m->now_s = now_s;
	/* A little more than honest timeouts have: clocks are read apart. */
	m->slack_max_s = slack_s(max_life_s) + DP_MIRROR_SLACK_MIN_S;
	/* What was queued when something failed is void. */
	dp_nft_forget(m->nft);
	for (int i = 0; err == DP_ERR_BUSY && i < LOOKS; i++)
		err = look_once(m, e, diag);
	if (err)
		return err;
	m->count = 0;
	while ((entry = dp_sync_table_next(m->table, &cursor, SIZE_MAX))) {
		m->count++;
		lacking += entry->end_s != 0 && entry->held_s < entry->end_s;
	}
	*missing = lacking;
	return DP_OK;
}

enum dp_err dp_mirror_repair(struct dp_mirror *m, uint32_t now_s,
    struct dp_diag *diag)
{
	struct dp_sync_entry *e;
	enum dp_err err = DP_OK;
	size_t cursor = 0;

	while (!err &&
	    (e = dp_sync_table_next(m->table, &cursor, SIZE_MAX)))
		if (!held_well(m, e))
			err = settle(m, e, now_s, diag);
	return err ? err : dp_mirror_flush(m, diag);
}

enum dp_err dp_mirror_expire(struct dp_mirror *m, uint32_t now_s,
    struct dp_diag *diag)
{
	size_t places = dp_sync_table_places(m->table);
	size_t cursor = places / DP_MIRROR_SLICES * m->slice;
	size_t end = cursor + places / DP_MIRROR_SLICES;
	struct dp_sync_entry *e;
	enum dp_err err = DP_OK;

	if (++m->slice == DP_MIRROR_SLICES) {
		m->slice = 0;
		end = places;
	}
	while (!err && (e = dp_sync_table_next(m->table, &cursor, end))) {
		if (e->end_s > now_s)
			continue;
		/* Asleep for long: the kernel was faster, or is just now. */
		if (e->held_s <= now_s - BORDER_S) {
			e->end_s = e->held_s = 0;
			m->count--;
		} else if (e->held_s > now_s + BORDER_S)
			err = settle(m, e, now_s, diag);
	}
	return err ? err : dp_mirror_flush(m, diag);
}

enum dp_err dp_mirror_disturbed(struct dp_mirror *m, bool *disturbed,
    struct dp_diag *diag)
{
	return dp_nft_foreign(m->nft, disturbed, diag);
}
