/* dnspin show: a compiled policy as text. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "tools/show.h"
#include "tools/verb.h"

typedef enum dp_err format_fn(FILE *out, const struct dp_policy *policy);

static format_fn *find_format(const char *name)
{
	static const struct {
		const char *name;
		format_fn *format;
	} formats[] = {
		{ "zone", dp_show_zone },
		{ "json", dp_show_json },
		{ "rpz", dp_show_rpz },
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].format;
	return NULL;
}

int dp_verb_show(const struct dp_cli *cli, int argc, char **argv)
{
	format_fn *format = dp_show_zone;
	struct dp_policy *policy;
	enum dp_err err;
	int code = DP_EXIT_OK, letter;

	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		if (letter != 'f')
			return DP_EXIT_USAGE;
		format = find_format(optarg);
		if (!format)
			return dp_cli_usage("show", "unknown format %s: there "
			    "are zone, json and rpz", optarg);
	}
	if (argc - optind > 1)
		return dp_cli_usage("show", "one POLICY only");
	policy = argc == optind ? dp_cli_policy(cli, &code)
				: dp_cli_policy_at(cli, argv[optind], &code);
	if (!policy)
		return code;
	err = format(stdout, policy);
	dp_policy_close(&policy);
	if (err)
		return dp_cli_fail(DP_EXIT_FAILED, "show", "%s",
		    dp_err_text(err));
	return DP_EXIT_OK;
}
