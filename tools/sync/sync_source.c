#include "dp_config.h"

#include "tools/sync/sync_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "module/core/fault.h"
#include "module/core/file.h"
#include "module/core/state.h"
#include "tools/choice.h"
#include "tools/export/bindings.h"

/* Bindings that the agent believes a map to hold whose writers had another
 * map-capacity before. */
#define LIVE_MIN 1048576u
#define STIR (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_TO)

struct dp_sync_source {
	const struct dp_cli *cli;
	const struct dp_sync_options *options;
	int notice; /* inotify; -1: none */
	char policy_path[DP_PATH_MAX];
	char map_path[DP_PATH_MAX];
	struct dp_policy *policy;
	uint64_t tried[4]; /* the policy file that was looked at last */
	bool policy_bad;   /* that one was */
	struct dp_map *map;
	struct dp_mirror *mirror;
	bool *groups; /* that are wanted; NULL: all */
	uint64_t audiences;
	struct dp_bindings *news;
};

static void watch(const struct dp_sync_source *s, const char *dir,
    const char *name)
{
	struct dp_diag diag;
	char path[DP_PATH_MAX];

	/* Without notice a change is seen a little later. */
	if (!dp_state_path(path, dir, name, &diag))
		(void)inotify_add_watch(s->notice, path, STIR);
}

enum dp_err dp_sync_source_open(struct dp_sync_source **out,
    const struct dp_cli *cli, const struct dp_sync_options *o,
    struct dp_diag *diag)
{
	struct dp_sync_source *s = calloc(1, sizeof(*s));
	enum dp_err err = DP_ERR_NOMEM;

	if (s)
		err = dp_bindings_new(&s->news);
	if (err) {
		free(s);
		dp_diag_set(diag, "sync", 0, "%s", dp_err_text(err));
		return err;
	}
	s->cli = cli;
	s->options = o;
	dp_fault_catch();
	s->notice = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	err = dp_state_path(s->policy_path, cli->state_dir, DP_STATE_POLICY,
	    diag);
	if (!err)
		err = dp_state_path(s->map_path, cli->state_dir, DP_STATE_MAP,
		    diag);
	if (err) {
		dp_sync_source_close(&s);
		return err;
	}
	watch(s, cli->state_dir, "");
	watch(s, cli->state_dir, DP_STATE_UNBOUND);
	*out = s;
	return DP_OK;
}

void dp_sync_source_close(struct dp_sync_source **s)
{
	if (!*s)
		return;
	if ((*s)->notice >= 0)
		close((*s)->notice);
	dp_mirror_close(&(*s)->mirror);
	dp_map_close(&(*s)->map);
	dp_policy_close(&(*s)->policy);
	dp_bindings_close(&(*s)->news);
	free((*s)->groups);
	free(*s);
	*s = NULL;
}

static enum dp_err mirror_take(struct dp_sync_source *s,
    const struct dp_policy *policy, struct dp_diag *diag)
{
	const char *table = s->options->table
	    ? s->options->table : dp_policy_settings(policy)->nft_table;
	struct dp_mirror *mirror = NULL;
	enum dp_err err;

	if (s->mirror && strcmp(dp_mirror_table(s->mirror), table) == 0)
		return DP_OK;
	err = dp_mirror_open(&mirror, table, diag);
	if (err)
		return err;
	/* What is in another table's sets times out there. */
	dp_mirror_close(&s->mirror);
	s->mirror = mirror;
	return DP_OK;
}

/* The map is limited by its writers' setting, but they may be hostile: all
 * places of an honest one may be taken, and they are twice as many. */
static size_t live_most(const struct dp_policy *policy)
{
	size_t places =
	    2u * dp_policy_settings(policy)->value[DP_SET_MAP_CAPACITY];

	return places > LIVE_MIN ? places : LIVE_MIN;
}

static size_t elements_most(const struct dp_policy *policy)
{
	uint32_t each = 1;

	for (uint32_t i = 0; i < dp_policy_rule_count(policy); i++) {
		struct dp_rule_info info;

		dp_policy_rule(policy, i, &info);
		if (info.service_count > each)
			each = info.service_count;
	}
	return each * live_most(policy);
}

/* The policy and what was chosen by its words; all or nothing. What is wrong
 * was said. */
static enum dp_err policy_take(struct dp_sync_source *s, struct dp_diag *diag)
{
	const struct dp_sync_options *o = s->options;
	bool *groups = NULL;
	int code = DP_EXIT_OK;
	struct dp_policy *policy = dp_cli_policy(s->cli, &code);

	if (policy)
		code = dp_choice_groups("sync", policy, o->groups,
		    o->group_count, &groups);
	if (!policy || code != DP_EXIT_OK) {
		dp_policy_close(&policy);
		dp_diag_set(diag, s->policy_path, 0, s->policy ? "cannot be "
		    "used (the agent's log says why): the old one stays in use"
		    : "cannot be used (the agent's log says why)");
		return DP_ERR_FORMAT;
	}
	if (mirror_take(s, policy, diag)) {
		dp_policy_close(&policy);
		free(groups);
		return DP_ERR_IO;
	}
	dp_mirror_limit(s->mirror, elements_most(policy));
	dp_policy_close(&s->policy);
	free(s->groups);
	s->policy = policy;
	s->groups = groups;
	s->audiences = o->has_client
	    ? (uint64_t)1 << dp_policy_audience(policy, &o->client)
	    : dp_policy_audiences(policy);
	return DP_OK;
}

/* Opened, not asked for: who may read is changed without a change of the file
 * that dp_file_identify would see. */
static enum dp_err policy_readable(const struct dp_sync_source *s,
    struct dp_diag *diag)
{
	int fd = open(s->policy_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		dp_diag_set(diag, s->policy_path, 0, "cannot be read by the "
		    "agent's user: %s%s", strerror(errno), s->policy
		    ? ": the old one stays in use" : "");
		return DP_ERR_IO;
	}
	close(fd);
	return DP_OK;
}

static enum dp_err policy_look(struct dp_sync_source *s, bool *changed,
    struct dp_diag *diag)
{
	uint64_t id[4] = { 0 };
	enum dp_err err = dp_file_identify(id, s->policy_path);

	if (err) {
		dp_diag_set(diag, s->policy_path, 0, err == DP_ERR_NOTFOUND
		    ? "there is no policy: make it with dnspin compile"
		    : "cannot be read");
		memset(s->tried, 0, sizeof(s->tried));
		return err;
	}
	if (memcmp(id, s->tried, sizeof(id)) != 0) {
		err = policy_readable(s, diag);
		if (err)
			return err;
		memcpy(s->tried, id, sizeof(id));
		err = policy_take(s, diag);
		s->policy_bad = err != DP_OK;
		*changed = *changed || !err;
		return err;
	}
	if (!s->policy_bad)
		return DP_OK;
	dp_diag_set(diag, s->policy_path, 0, s->policy ? "cannot be used (the "
	    "agent's log says why): the old one stays in use"
	    : "cannot be used (the agent's log says why)");
	return DP_ERR_FORMAT;
}

/* The resolver's user may do anything to the file at any moment. */
static enum dp_err map_take(struct dp_sync_source *s, struct dp_diag *diag)
{
	struct dp_map *map = NULL;
	enum dp_err err;

	dp_fault_forget();
	err = dp_map_open_ro(&map, s->map_path, diag);
	if (!err && dp_map_is_left(map)) {
		/* Honest writers put the next one there before they say so. */
		dp_diag_set(diag, s->map_path, 0, "is a map that its writers "
		    "have left");
		dp_map_close(&map);
		err = DP_ERR_FORMAT;
	}
	if (!err)
		s->map = map;
	return err;
}

static enum dp_err map_look(struct dp_sync_source *s, bool *changed,
    struct dp_diag *diag)
{
	enum dp_err err;

	if (s->map && !dp_map_is_left(s->map) && !dp_fault_seen() &&
	    dp_map_is_at(s->map, s->map_path))
		return DP_OK;
	if (s->map)
		*changed = true;
	dp_map_close(&s->map);
	err = map_take(s, diag);
	if (err == DP_ERR_NOTFOUND)
		dp_diag_set(diag, s->map_path, 0, "there is no map: does the "
		    "resolver run, and with this state directory?");
	*changed = *changed || !err;
	return err;
}

enum dp_err dp_sync_source_look(struct dp_sync_source *s, bool *changed,
    struct dp_diag *diag)
{
	struct dp_diag other = { .line = 0 };
	enum dp_err err, map_err;

	*changed = false;
	err = policy_look(s, changed, diag);
	map_err = map_look(s, changed, err ? &other : diag);
	return err ? err : map_err;
}

void dp_sync_source_again(struct dp_sync_source *s)
{
	if (s->policy_bad)
		memset(s->tried, 0, sizeof(s->tried));
}

bool dp_sync_source_stirred(struct dp_sync_source *s)
{
	bool stirred = s->map && (dp_map_is_left(s->map) || dp_fault_seen());
	char events[4096];

	while (s->notice >= 0 && read(s->notice, events, sizeof(events)) > 0)
		stirred = true;
	return stirred;
}

int dp_sync_source_fd(const struct dp_sync_source *s)
{
	return s->notice;
}

bool dp_sync_source_ready(const struct dp_sync_source *s)
{
	return s->policy && s->map && s->mirror;
}

struct dp_map *dp_sync_source_map(const struct dp_sync_source *s)
{
	return s->map;
}

const struct dp_policy *dp_sync_source_policy(const struct dp_sync_source *s)
{
	return s->policy;
}

struct dp_mirror *dp_sync_source_mirror(const struct dp_sync_source *s)
{
	return s->mirror;
}

uint32_t dp_sync_source_max_life_s(const struct dp_sync_source *s)
{
	return dp_policy_settings(s->policy)->value[DP_SET_MAX_LIFETIME];
}

bool dp_sync_source_barrier(const struct dp_sync_source *s)
{
	return dp_policy_settings(s->policy)->value[DP_SET_BARRIER] !=
	    DP_BARRIER_OFF;
}

static struct dp_bindings_filter filter_of(const struct dp_sync_source *s)
{
	return (struct dp_bindings_filter){
		.groups = s->groups,
		.v4 = true,
		.v6 = true,
		.audiences = s->options->has_client ? s->audiences : 0,
	};
}

static enum dp_err elements_of(const struct dp_sync_source *s,
    const struct dp_bindings *list, struct dp_elements *out, uint32_t now_s)
{
	struct dp_export x = {
		.policy = s->policy,
		.bindings = list,
		.now_s = now_s,
		.audiences = s->audiences,
	};

	return dp_elements_make(out, &x, true);
}

/* In no order and not united, which dp_elements_make does. */
static enum dp_err collect(struct dp_sync_source *s,
    struct dp_bindings **list, uint32_t now_s)
{
	struct dp_bindings_filter filter = filter_of(s);
	size_t most = live_most(s->policy);
	enum dp_err err = dp_bindings_new(list);
	struct dp_binding b;
	uint32_t cursor = 0;

	while (!err && dp_map_next(s->map, &cursor, now_s, &b)) {
		err = dp_bindings_add(*list, &b, s->policy, &filter, now_s);
		if (!err && dp_bindings_tally(*list)->live > most)
			err = DP_ERR_LIMIT;
	}
	return err;
}

enum dp_err dp_sync_source_all(struct dp_sync_source *s,
    struct dp_elements *out, uint32_t now_s, struct dp_diag *diag)
{
	struct dp_bindings *list = NULL;
	enum dp_err err = collect(s, &list, now_s);

	if (!err && dp_fault_seen()) {
		dp_bindings_close(&list);
		dp_diag_set(diag, s->map_path, 0, "was cut short while it was "
		    "read");
		return DP_ERR_FORMAT;
	}
	if (!err)
		err = elements_of(s, list, out, now_s);
	dp_bindings_close(&list);
	if (err == DP_ERR_LIMIT)
		dp_diag_set(diag, s->map_path, 0, "holds more than %zu live "
		    "bindings, too many for this map-capacity",
		    live_most(s->policy));
	else if (err)
		dp_diag_set(diag, s->map_path, 0, "%s", dp_err_text(err));
	return err;
}

enum dp_err dp_sync_source_news(struct dp_sync_source *s, uint64_t *seq,
    struct dp_elements *out, uint32_t now_s, size_t *refused,
    struct dp_diag *diag)
{
	struct dp_bindings_filter filter = filter_of(s);
	const struct dp_bindings_tally *t = dp_bindings_tally(s->news);
	uint64_t next = *seq;
	struct dp_binding b;
	enum dp_err err = DP_OK, feed = DP_OK;

	dp_bindings_clear(s->news);
	for (size_t i = 0; !err && i < DP_SYNC_NEWS_MAX; i++) {
		feed = dp_map_feed(s->map, &next, &b);
		if (feed)
			break;
		err = dp_bindings_add(s->news, &b, s->policy, &filter, now_s);
	}
	if (feed == DP_ERR_LIMIT || dp_fault_seen())
		return DP_ERR_LIMIT;
	if (!err && dp_bindings_count(s->news) > 0)
		err = elements_of(s, s->news, out, now_s);
	if (err) {
		dp_diag_set(diag, s->map_path, 0, "%s", dp_err_text(err));
		return err;
	}
	*refused = t->denied + t->special + t->outside;
	*seq = next;
	return DP_OK;
}
