#include "dp_config.h"

#include "tools/export/export_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/verb.h"
#include "tools/whom.h"

#define WATCH_MAX_S 86400 /* a day */

static int format_unknown(const char *name)
{
	const struct dp_export_format *format;
	char text[160] = "";

	for (size_t k = 0; (format = dp_export_format_at(k)); k++) {
		size_t used_b = strlen(text);

		snprintf(text + used_b, sizeof(text) - used_b, "%s%s",
		    k > 0 ? ", " : "", format->name);
	}
	return dp_cli_usage("export", "unknown format %s: there are %s", name,
	    text);
}

/* DP_EXIT_OK: the option is taken. */
static int option_take(struct dp_export_options *o, int letter)
{
	switch (letter) {
	case '4':
		o->v4_only = true;
		return DP_EXIT_OK;
	case '6':
		o->v6_only = true;
		return DP_EXIT_OK;
	case 'F':
		o->force = true;
		return DP_EXIT_OK;
	case 'O':
		o->file = strcmp(optarg, "-") == 0 ? NULL : optarg;
		return DP_EXIT_OK;
	case 'c':
		o->has_client = true;
		return dp_whom_option(&o->client, "export", optarg)
		    ? DP_EXIT_OK : DP_EXIT_USAGE;
	case 't':
		o->name = optarg;
		return DP_EXIT_OK;
	case 'f':
		o->format = dp_export_format_find(optarg);
		return o->format ? DP_EXIT_OK : format_unknown(optarg);
	case 'g':
		o->groups[o->group_count++] = optarg;
		return DP_EXIT_OK;
	case 'w':
		return dp_cli_number(&o->watch_s, "export", "SECONDS", optarg,
			   WATCH_MAX_S) ? DP_EXIT_OK : DP_EXIT_USAGE;
	default:
		return DP_EXIT_USAGE;
	}
}

static int name_check(const struct dp_export_options *o)
{
	const char *wrong;

	if (!o->format->name_wrong)
		return dp_cli_usage("export", "-t does not go with -f %s, "
		    "where nothing has a name", o->format->name);
	wrong = o->format->name_wrong(o->name);
	if (wrong)
		return dp_cli_usage("export", "-t %s: %s", o->name, wrong);
	return DP_EXIT_OK;
}

int dp_export_options_parse(struct dp_export_options *o, int argc,
    char **argv)
{
	int letter, code;

	memset(o, 0, sizeof(*o));
	o->format = dp_export_format_find("json");
	o->groups = calloc((size_t)argc, sizeof(*o->groups));
	if (!o->groups)
		return dp_cli_fail(DP_EXIT_FAILED, "export", "%s",
		    dp_err_text(DP_ERR_NOMEM));
	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		code = option_take(o, letter);
		if (code != DP_EXIT_OK)
			return code;
	}
	if (optind < argc)
		return dp_cli_usage("export", "unexpected argument %s",
		    argv[optind]);
	if (o->v4_only && o->v6_only)
		return dp_cli_usage("export", "-4 and -6 exclude each other");
	if (o->watch_s > 0 && !o->file)
		return dp_cli_usage("export", "-w needs -O FILE");
	return o->name ? name_check(o) : DP_EXIT_OK;
}

void dp_export_options_free(struct dp_export_options *o)
{
	free(o->groups);
	o->groups = NULL;
}
