/* dnspin drift: where names have moved, and which rules nobody uses. */
#include "dp_config.h"

#include <getopt.h>
#include <time.h>

#include "module/core/map.h"
#include "module/core/state.h"
#include "tools/log/log_read.h"
#include "tools/report/drift.h"
#include "tools/verb.h"

struct options {
	bool json;
	bool unused;
};

static int options_parse(struct options *o, int argc, char **argv)
{
	int letter;

	*o = (struct options){ .json = false };
	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		if (letter == 'u')
			o->unused = true;
		else if (letter != 'f' ||
		    !dp_cli_json(&o->json, "drift", optarg))
			return DP_EXIT_USAGE;
	}
	return DP_EXIT_OK;
}

/* Given by upstream, to whom it may: what was off-list when it was logged may
 * have a rule today. */
static bool is_answer(const struct dp_log_line *line)
{
	return line->kind == DP_LOG_EVENT && line->name &&
	    (line->verdict == DP_EVENT_VERDICT_ALLOW ||
		line->verdict == DP_EVENT_VERDICT_WOULD_DENY);
}

/* A line of the log with all its addresses. */
static enum dp_err see_line(void *arg, const struct dp_log_line *line)
{
	struct dp_diag diag;
	struct dp_addr addr;
	struct dp_name name;
	enum dp_err err = DP_OK;
	size_t i;
	json_t *text;

	if (!is_answer(line) ||
	    dp_name_from_text(&name, line->name, &diag) != DP_OK)
		return DP_OK;
	dp_drift_answer(arg, &name);
	json_array_foreach(line->addresses, i, text) {
		const char *string = json_string_value(text);

		if (err == DP_OK && string &&
		    dp_addr_from_text(&addr, string, &diag) == DP_OK)
			err = dp_drift_address(arg, &name, &addr);
	}
	return err;
}

static enum dp_err see_map(struct dp_drift *d, const char *state_dir,
    uint32_t now_s, struct dp_diag *diag)
{
	uint32_t cursor = 0;
	char path[DP_PATH_MAX];
	struct dp_map *map = NULL;
	struct dp_binding b;
	enum dp_err err = dp_state_path(path, state_dir, DP_STATE_MAP, diag);

	if (err == DP_OK)
		err = dp_map_open_ro(&map, path, diag);
	while (err == DP_OK && dp_map_next(map, &cursor, now_s, &b)) {
		dp_drift_answer(d, &b.name); /* one at least */
		err = dp_drift_address(d, &b.name, &b.addr);
	}
	if (err == DP_ERR_NOMEM)
		dp_diag_set(diag, NULL, 0, "out of memory");
	dp_map_close(&map);
	return err;
}

static int see_all(const struct dp_cli *cli, struct dp_drift *d, int argc,
    char **argv, uint32_t now_s)
{
	struct dp_diag diag = { .line = 0 };
	enum dp_err err = DP_OK;

	if (optind == argc)
		err = see_map(d, cli->state_dir, now_s, &diag);
	for (int i = optind; err == DP_OK && i < argc; i++)
		err = dp_log_read_file(argv[i], see_line, d, &diag);
	return err == DP_OK ? DP_EXIT_OK : dp_cli_diag(err, &diag);
}

static int say(const struct options *o, struct dp_drift *d)
{
	json_t *rules;
	bool said;

	if (!o->json) {
		if (dp_drift_text(d, o->unused, stdout) != DP_OK)
			return dp_cli_fail(DP_EXIT_FAILED, NULL,
			    "out of memory");
	} else {
		rules = json_pack("{s:o}", "rules", dp_drift_json(d));
		said = rules && json_dumpf(rules, stdout, JSON_INDENT(2)) == 0;
		json_decref(rules);
		if (!said)
			return dp_cli_fail(DP_EXIT_FAILED, "drift",
			    "cannot print: out of memory, or no room");
		putchar('\n');
	}
	return dp_drift_moved(d) > 0 ? DP_EXIT_FINDING : DP_EXIT_OK;
}

int dp_drift_at(const struct dp_cli *cli, int argc, char **argv,
    uint32_t now_s)
{
	struct dp_policy *policy;
	struct dp_drift *d = NULL;
	struct options o;
	int code = options_parse(&o, argc, argv);

	if (code != DP_EXIT_OK)
		return code;
	policy = dp_cli_policy(cli, &code);
	if (!policy)
		return code;
	if (dp_drift_open(&d, policy) != DP_OK)
		code = dp_cli_fail(DP_EXIT_FAILED, NULL, "out of memory");
	else
		code = see_all(cli, d, argc, argv, now_s);
	if (code == DP_EXIT_OK)
		code = say(&o, d);
	dp_drift_close(&d);
	dp_policy_close(&policy);
	return code;
}

int dp_verb_drift(const struct dp_cli *cli, int argc, char **argv)
{
	return dp_drift_at(cli, argc, argv, (uint32_t)time(NULL));
}
