/*
 * Where the agent's elements come from: the policy in force and the map, opened
 * again whenever another one takes their place, and the mirror of the table
 * that the policy names. Single-threaded.
 */
#ifndef DP_SYNC_SOURCE_H
#define DP_SYNC_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/map.h"
#include "tools/cli.h"
#include "tools/export/elements.h"
#include "tools/sync/sync_mirror.h"

#define DP_SYNC_NEWS_MAX 256 /* changes of the map at once */

struct dp_sync_options {
	const char *table;	    /* -t; NULL: that of the policy */
	const char *const *groups;  /* -g, as the user wrote them */
	size_t group_count;
	bool has_client;
	struct dp_addr client; /* -c */
	bool verbose;	       /* -v */
};

struct dp_sync_source;

/* Nothing is opened yet but the notice of changes. cli and o are borrowed until
 * close. */
enum dp_err dp_sync_source_open(struct dp_sync_source **out,
    const struct dp_cli *cli, const struct dp_sync_options *o,
    struct dp_diag *diag) DP_MUST_CHECK;
void dp_sync_source_close(struct dp_sync_source **s);

/*
 * Take what is new; *changed: policy, map or table are others than before. A
 * new policy that is no good leaves the old one in use. An error says what is
 * missing or no good, each time anew.
 */
enum dp_err dp_sync_source_look(struct dp_sync_source *s, bool *changed,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Let the next look try a policy again that was no good: what was wrong may have
 * been the settings or the trusted key. */
void dp_sync_source_again(struct dp_sync_source *s);

/* Is a look worth while before its time? */
bool dp_sync_source_stirred(struct dp_sync_source *s);
/* Readable when something stirred; -1: not to be had. */
int dp_sync_source_fd(const struct dp_sync_source *s);

/* Are policy, map and mirror there? What follows needs them, until the next
 * look. */
bool dp_sync_source_ready(const struct dp_sync_source *s);

struct dp_map *dp_sync_source_map(const struct dp_sync_source *s);
const struct dp_policy *dp_sync_source_policy(const struct dp_sync_source *s);
/* NULL when there is none. */
struct dp_mirror *dp_sync_source_mirror(const struct dp_sync_source *s);
uint32_t dp_sync_source_max_life_s(const struct dp_sync_source *s);
/* Do answers wait for the agent? */
bool dp_sync_source_barrier(const struct dp_sync_source *s);

/* What the whole map opens, without names; the caller frees. DP_ERR_NOMEM;
 * DP_ERR_LIMIT: more live in it than any resolver's would; DP_ERR_FORMAT: it was
 * spoilt meanwhile. */
enum dp_err dp_sync_source_all(struct dp_sync_source *s,
    struct dp_elements *out, uint32_t now_s,
    struct dp_diag *diag) DP_MUST_CHECK;

/* What the changes of the map from *seq on open, DP_SYNC_NEWS_MAX at most; *seq
 * moves behind them. *refused: how many of them open nothing. DP_ERR_LIMIT: the
 * map must be read as a whole. */
enum dp_err dp_sync_source_news(struct dp_sync_source *s, uint64_t *seq,
    struct dp_elements *out, uint32_t now_s, size_t *refused,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
