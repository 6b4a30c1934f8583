/* dnspin show: a compiled policy as text. */
#include "dp_config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
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

/* All of standard input into a file without a name, for it may be a pipe. */
static FILE *spool(int *code)
{
	FILE *file = tmpfile();
	char buffer[65536];
	size_t n;

	while (file && (n = fread(buffer, 1, sizeof(buffer), stdin)) > 0 &&
	    fwrite(buffer, 1, n, file) == n)
		;
	if (file && !ferror(stdin) && fflush(file) == 0 && !ferror(file))
		return file;
	*code = dp_cli_fail(DP_EXIT_FAILED, "standard input", "%s",
	    strerror(errno));
	if (file)
		fclose(file);
	return NULL;
}

static struct dp_policy *open_stdin(const struct dp_cli *cli, int *code)
{
	struct dp_policy *policy;
	FILE *file = spool(code);
	char path[64];

	if (!file)
		return NULL;
	snprintf(path, sizeof(path), "/dev/fd/%d", fileno(file));
	policy = dp_cli_policy_at(cli, path, code);
	fclose(file);
	return policy;
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
	if (argc == optind)
		policy = dp_cli_policy(cli, &code);
	else if (strcmp(argv[optind], "-") == 0)
		policy = open_stdin(cli, &code);
	else
		policy = dp_cli_policy_at(cli, argv[optind], &code);
	if (!policy)
		return code;
	err = format(stdout, policy);
	dp_policy_close(&policy);
	if (err)
		return dp_cli_fail(DP_EXIT_FAILED, "show", "%s",
		    dp_err_text(err));
	return DP_EXIT_OK;
}
