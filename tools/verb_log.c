/* dnspin log: follow the events and write them down. */
#include "dp_config.h"

#include <time.h>

#include "tools/cli.h"
#include "tools/log/log_run.h"

int dp_verb_log(const struct dp_cli *cli, int argc, char **argv)
{
	struct dp_log_options o;
	int code = dp_log_options_parse(&o, argc, argv,
	    (uint64_t)time(NULL));

	if (code == DP_EXIT_OK)
		code = dp_log_run(cli->state_dir, &o);
	dp_log_options_free(&o);
	return code;
}
