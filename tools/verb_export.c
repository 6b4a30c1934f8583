/* dnspin export: the bindings of the map as input for firewalls. */
#include "tools/export/export.h"

#include <time.h>

#include "tools/export/export_round.h"
#include "tools/export/export_watch.h"

int dp_export_at(const struct dp_cli *cli, int argc, char **argv,
    uint32_t now_s)
{
	struct dp_export_seen seen = { .map = NULL };
	struct dp_export_options o;
	int code = dp_export_options_parse(&o, argc, argv);

	if (code == DP_EXIT_OK)
		code = o.watch_s > 0 ? dp_export_watch(cli, &o)
				     : dp_export_round(cli, &o, now_s, &seen);
	dp_export_seen_free(&seen);
	dp_export_options_free(&o);
	return code;
}

int dp_verb_export(const struct dp_cli *cli, int argc, char **argv)
{
	return dp_export_at(cli, argc, argv, (uint32_t)time(NULL));
}
