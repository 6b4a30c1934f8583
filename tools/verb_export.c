/* dnspin export: the bindings of the map as input for firewalls. */
#include "dp_config.h"

#include "tools/export.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "module/core/map.h"
#include "module/core/state.h"
#include "tools/choice.h"
#include "tools/out_file.h"
#include "tools/verb.h"
#include "tools/whom.h"

static const struct format {
	const char *name;
	dp_export_fn *write;
} formats[] = {
	{ "json", dp_export_json },
	{ "csv", dp_export_csv },
	{ "nft", dp_export_nft },
	{ "edl", dp_export_edl },
};

struct options {
	dp_export_fn *write;
	const char *file; /* NULL: standard output */
	const char *table; /* -t, NULL: that of the policy */
	bool has_client;
	struct dp_addr client; /* -c */
	const char **groups; /* as the user wrote them */
	size_t group_count;
	bool v4_only;
	bool v6_only;
	bool force;
};

static dp_export_fn *format_find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].write;
	return NULL;
}

/* o->groups has room for argc words. */
static int options_parse(struct options *o, int argc, char **argv)
{
	int letter;

	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		switch (letter) {
		case '4':
			o->v4_only = true;
			break;
		case '6':
			o->v6_only = true;
			break;
		case 'F':
			o->force = true;
			break;
		case 'O':
			o->file = strcmp(optarg, "-") == 0 ? NULL : optarg;
			break;
		case 'c':
			if (!dp_whom_option(&o->client, "export", optarg))
				return DP_EXIT_USAGE;
			o->has_client = true;
			break;
		case 't':
			if (!dp_choice_table("export", optarg))
				return DP_EXIT_USAGE;
			o->table = optarg;
			break;
		case 'f':
			o->write = format_find(optarg);
			if (!o->write)
				return dp_cli_usage("export",
				    "unknown format %s: json, csv, nft or edl",
				    optarg);
			break;
		case 'g':
			o->groups[o->group_count++] = optarg;
			break;
		default:
			return DP_EXIT_USAGE;
		}
	}
	if (optind < argc)
		return dp_cli_usage("export", "unexpected argument %s",
		    argv[optind]);
	if (o->table && o->write != dp_export_nft)
		return dp_cli_usage("export", "-t goes with -f nft only");
	if (o->v4_only && o->v6_only)
		return dp_cli_usage("export", "-4 and -6 exclude each other");
	return DP_EXIT_OK;
}

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

static int empty_refuse(const struct options *o,
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
static int text_make(const struct options *o, const struct dp_export *x,
    char **text, size_t *size_b)
{
	enum dp_err err = DP_ERR_NOMEM;
	FILE *out = open_memstream(text, size_b);

	if (out) {
		err = o->write(x, out);
		if (fclose(out) != 0 && !err)
			err = DP_ERR_NOMEM;
	}
	if (err)
		return dp_cli_fail(DP_EXIT_FAILED, "export", "%s",
		    dp_err_text(err));
	return DP_EXIT_OK;
}

static int text_deliver(const struct options *o, const char *text,
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
static int say_left_out(const struct options *o,
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

static int export_map(const struct options *o, const struct dp_policy *policy,
    const struct dp_map *map, uint32_t now_s)
{
	struct dp_bindings_filter filter = { NULL, !o->v6_only, !o->v4_only,
		0 };
	struct dp_export_tally tally = { 0, 0 };
	struct dp_export x = { .policy = policy, .now_s = now_s,
		.audiences = dp_policy_audiences(policy),
		.nft_table = o->table, .tally = &tally };
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
	struct options o = { .write = dp_export_json };
	struct dp_policy *policy = NULL;
	struct dp_map *map = NULL;
	int code;

	o.groups = calloc((size_t)argc, sizeof(*o.groups));
	if (!o.groups)
		return dp_cli_fail(DP_EXIT_FAILED, "export", "%s",
		    dp_err_text(DP_ERR_NOMEM));
	code = options_parse(&o, argc, argv);
	if (code == DP_EXIT_OK) {
		policy = dp_cli_policy(cli, &code);
		if (policy)
			code = map_open(cli, &map);
	}
	if (map)
		code = export_map(&o, policy, map, now_s);
	dp_map_close(&map);
	dp_policy_close(&policy);
	free(o.groups);
	return code;
}

int dp_verb_export(const struct dp_cli *cli, int argc, char **argv)
{
	return dp_export_at(cli, argc, argv, (uint32_t)time(NULL));
}
