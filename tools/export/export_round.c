#include "dp_config.h"

#include "tools/export/export_round.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/core/file.h"
#include "module/core/state.h"
#include "tools/choice.h"
#include "tools/out_file.h"

static int map_open(const struct dp_cli *cli, struct dp_map **map)
{
	struct dp_diag diag = { .line = 0 };
	char path[DP_PATH_MAX];
	enum dp_err err =
	    dp_state_path(path, cli->state_dir, DP_STATE_MAP, &diag);

	if (err)
		return dp_cli_diag(err, &diag);
	err = dp_map_open_ro(map, path, &diag);
	if (err == DP_ERR_NOTFOUND)
		return dp_cli_fail(DP_EXIT_FAILED, path,
		    "there is no map: does the resolver run, and with this "
		    "state directory (dnspin -d DIR, DNSPIN_DIR)?");
	if (err == DP_ERR_FORMAT)
		return dp_cli_fail(DP_EXIT_FAILED, path, "%s: the resolver "
		    "sets it aside at its next start and makes a new one",
		    diag.reason);
	return err ? dp_cli_diag(err, &diag) : DP_EXIT_OK;
}

static int empty_refuse(const struct dp_export_options *o,
    const struct dp_bindings_tally *t)
{
	return dp_cli_fail(DP_EXIT_FAILED, o->file ? o->file : "export",
	    "nothing to export, %s: of %zu live bindings %zu are off the "
	    "list, %zu special-purpose, %zu outside their pins, %zu not "
	    "chosen by -g, -4, -6; -F writes the empty list",
	    o->file ? "the file stays as it is" : "nothing is printed", t->live,
	    t->denied, t->special, t->outside, t->filtered);
}

/* All text before the first byte goes out: a reader never sees half a list. */
static int text_make(const struct dp_export_options *o,
    const struct dp_export *x, char **text, size_t *size_b)
{
	enum dp_err err = DP_ERR_NOMEM;
	FILE *out = open_memstream(text, size_b);

	if (out) {
		err = o->format->write(x, out);
		if (fclose(out) != 0 && !err)
			err = DP_ERR_NOMEM;
	}
	if (err)
		return dp_cli_fail(DP_EXIT_FAILED, "export", "%s",
		    dp_err_text(err));
	return DP_EXIT_OK;
}

static bool file_same(const char *path, const uint64_t id[4])
{
	uint64_t now[4];

	return dp_file_identify(now, path) == DP_OK &&
	    memcmp(now, id, sizeof(now)) == 0;
}

static int text_deliver(const struct dp_export_options *o, const char *text,
    size_t size_b, struct dp_export_seen *seen)
{
	uint8_t digest[DP_EXPORT_DIGEST_B];
	struct dp_diag diag = { .line = 0 };
	enum dp_err err;

	if (!o->file) {
		/* main says when standard output failed. */
		fwrite(text, 1, size_b, stdout);
		return DP_EXIT_OK;
	}
	crypto_generichash(digest, sizeof(digest), (const uint8_t *)text,
	    size_b, NULL, 0);
	if (memcmp(digest, seen->digest, sizeof(digest)) == 0 &&
	    file_same(o->file, seen->file_id))
		return DP_EXIT_OK;
	err = dp_out_file(o->file, text, size_b, &diag);
	if (!err)
		err = dp_file_identify(seen->file_id, o->file);
	if (err)
		return dp_cli_diag(err, &diag);
	memcpy(seen->digest, digest, sizeof(digest));
	return DP_EXIT_OK;
}

/* What is open to some only would be open to all through these lists. Where
 * nothing else is there, the list is an empty one. */
static int say_left_out(const struct dp_export_options *o,
    const struct dp_export_tally *t)
{
	if (t->left_out == 0)
		return DP_EXIT_OK;
	if (t->elements == 0 && !o->force)
		return dp_cli_fail(DP_EXIT_FAILED, o->file ? o->file : "export",
		    "nothing to export, %s: all of %zu elements are open to "
		    "some clients only; -c CLIENT exports what one client may "
		    "reach, -F writes the empty list",
		    o->file ? "the file stays as it is" : "nothing is printed",
		    t->left_out);
	return dp_cli_fail(DP_EXIT_OK, "export", "%zu element%s left out, open "
	    "to some clients only: -c CLIENT exports what one client may reach",
	    t->left_out, t->left_out == 1 ? " is" : "s are");
}

static uint32_t first_end(const struct dp_bindings *list)
{
	uint32_t end_s = UINT32_MAX;

	for (size_t i = 0; i < dp_bindings_count(list); i++)
		if (dp_bindings_row(list, i)->end_s < end_s)
			end_s = dp_bindings_row(list, i)->end_s;
	return end_s;
}

/* x has all but the bindings and the tally. */
static int list_deliver(const struct dp_export_options *o,
    struct dp_export *x, const struct dp_bindings *list,
    struct dp_export_seen *seen)
{
	struct dp_export_tally tally = { 0, 0 };
	char *text = NULL;
	size_t size_b = 0;
	int code;

	seen->end_s = first_end(list);
	if (dp_bindings_count(list) == 0 && !o->force)
		return empty_refuse(o, dp_bindings_tally(list));
	x->bindings = list;
	x->tally = &tally;
	code = text_make(o, x, &text, &size_b);
	if (code == DP_EXIT_OK)
		code = say_left_out(o, &tally);
	if (code == DP_EXIT_OK)
		code = text_deliver(o, text, size_b, seen);
	free(text);
	return code;
}

static int map_export(const struct dp_export_options *o,
    const struct dp_policy *policy, uint32_t now_s,
    struct dp_export_seen *seen)
{
	struct dp_bindings_filter filter = { NULL, !o->v6_only, !o->v4_only,
		0 };
	struct dp_export x = { .policy = policy, .now_s = now_s,
		.audiences = dp_policy_audiences(policy), .name = o->name };
	struct dp_bindings *list = NULL;
	bool *wanted = NULL;
	enum dp_err err;
	int code = dp_choice_groups("export", policy, o->groups,
	    o->group_count, &wanted);

	if (code != DP_EXIT_OK)
		return code;
	filter.groups = wanted;
	if (o->has_client)
		x.audiences = filter.audiences =
		    (uint64_t)1 << dp_policy_audience(policy, &o->client);
	/* First: what changes while the map is read is news again. */
	seen->seq = dp_map_seq(seen->map);
	err = dp_bindings_collect(&list, seen->map, policy, &filter, now_s);
	if (err)
		code = dp_cli_fail(DP_EXIT_FAILED, "export", "%s",
		    dp_err_text(err));
	else
		code = list_deliver(o, &x, list, seen);
	dp_bindings_close(&list);
	free(wanted);
	return code;
}

int dp_export_round(const struct dp_cli *cli,
    const struct dp_export_options *o, uint32_t now_s,
    struct dp_export_seen *seen)
{
	struct dp_policy *policy;
	int code = DP_EXIT_OK;

	dp_map_close(&seen->map);
	seen->done = false;
	policy = dp_cli_policy(cli, &code);
	if (!policy)
		return code;
	memcpy(seen->policy_id, dp_policy_file_id(policy),
	    sizeof(seen->policy_id));
	code = map_open(cli, &seen->map);
	if (code == DP_EXIT_OK)
		code = map_export(o, policy, now_s, seen);
	seen->done = code == DP_EXIT_OK;
	dp_policy_close(&policy);
	return code;
}

static bool at(const struct dp_cli *cli, const char *name,
    char path[DP_PATH_MAX])
{
	return dp_state_path(path, cli->state_dir, name, NULL) == DP_OK;
}

bool dp_export_news(const struct dp_cli *cli,
    const struct dp_export_options *o, uint32_t now_s,
    const struct dp_export_seen *seen)
{
	char path[DP_PATH_MAX];

	if (!seen->done || dp_map_is_left(seen->map) ||
	    dp_map_seq(seen->map) != seen->seq || now_s >= seen->end_s)
		return true;
	if (!at(cli, DP_STATE_MAP, path) || !dp_map_is_at(seen->map, path))
		return true;
	if (!at(cli, DP_STATE_POLICY, path) ||
	    !file_same(path, seen->policy_id))
		return true;
	return o->file && !file_same(o->file, seen->file_id);
}

void dp_export_seen_free(struct dp_export_seen *seen)
{
	dp_map_close(&seen->map);
}
