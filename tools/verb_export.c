/* dnspin export: the bindings of the map as input for firewalls. */
#include "dp_config.h"

#include "tools/export.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "module/core/map.h"
#include "module/core/state.h"
#include "tools/choice.h"
#include "tools/export_options.h"
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
static int text_make(const struct dp_export_options *o, const struct dp_export *x,
    char **text, size_t *size_b)
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

static int text_deliver(const struct dp_export_options *o, const char *text,
    size_t size_b)
{
	struct dp_diag diag = { .line = 0 };
	enum dp_err err;

	if (!o->file) {
		/* main says when standard output failed. */
		fwrite(text, 1, size_b, stdout);
		return DP_EXIT_OK;
	}
	err = dp_out_file(o->file, text, size_b, &diag);
	return err ? dp_cli_diag(err, &diag) : DP_EXIT_OK;
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

static int export_map(const struct dp_export_options *o, const struct dp_policy *policy,
    const struct dp_map *map, uint32_t now_s)
{
	struct dp_bindings_filter filter = { NULL, !o->v6_only, !o->v4_only,
		0 };
	struct dp_export_tally tally = { 0, 0 };
	struct dp_export x = { .policy = policy, .now_s = now_s,
		.audiences = dp_policy_audiences(policy),
		.name = o->name, .tally = &tally };
	struct dp_bindings *list = NULL;
	bool *wanted = NULL;
	char *text = NULL;
	size_t size_b = 0;
	enum dp_err err;
	int code = dp_choice_groups("export", policy, o->groups,
	    o->group_count, &wanted);

	if (code != DP_EXIT_OK)
		return code;
	filter.groups = wanted;
	if (o->has_client)
		x.audiences = filter.audiences =
		    (uint64_t)1 << dp_policy_audience(policy, &o->client);
	err = dp_bindings_collect(&list, map, policy, &filter, now_s);
	if (err) {
		code = dp_cli_fail(DP_EXIT_FAILED, "export", "%s",
		    dp_err_text(err));
		goto out;
	}
	if (dp_bindings_count(list) == 0 && !o->force) {
		code = empty_refuse(o, dp_bindings_tally(list));
		goto out;
	}
	x.bindings = list;
	code = text_make(o, &x, &text, &size_b);
	if (code == DP_EXIT_OK)
		code = say_left_out(o, &tally);
	if (code == DP_EXIT_OK)
		code = text_deliver(o, text, size_b);
out:
	free(text);
	dp_bindings_close(&list);
	free(wanted);
	return code;
}

int dp_export_at(const struct dp_cli *cli, int argc, char **argv,
    uint32_t now_s)
{
	struct dp_export_options o;
	struct dp_policy *policy = NULL;
	struct dp_map *map = NULL;
	int code;

	code = dp_export_options_parse(&o, argc, argv);
	if (code == DP_EXIT_OK) {
		policy = dp_cli_policy(cli, &code);
		if (policy)
			code = map_open(cli, &map);
	}
	if (map)
		code = export_map(&o, policy, map, now_s);
	dp_map_close(&map);
	dp_policy_close(&policy);
	dp_export_options_free(&o);
	return code;
}

int dp_verb_export(const struct dp_cli *cli, int argc, char **argv)
{
	return dp_export_at(cli, argc, argv, (uint32_t)time(NULL));
}
