#include "tools/cli.h"

#include <stdarg.h>
#include <stdio.h>

/* Fill diag, which keeps off the terminal what is no text of what is quoted. */
static void fill(struct dp_diag *diag, const char *object, const char *fmt,
    va_list args)
{
	char reason[sizeof(diag->reason)];

	vsnprintf(reason, sizeof(reason), fmt, args);
	dp_diag_set(diag, object, 0, "%s", reason);
}

int dp_cli_fail(int code, const char *object, const char *fmt, ...)
{
	struct dp_diag diag;
	va_list args;

	va_start(args, fmt);
	fill(&diag, object, fmt, args);
	va_end(args);
	fprintf(stderr, "dnspin: %s: %s\n", diag.object, diag.reason);
	return code;
}

int dp_cli_diag(enum dp_err err, const struct dp_diag *diag)
{
	int code =
	    err == DP_ERR_SIGNATURE ? DP_EXIT_FINDING : DP_EXIT_FAILED;
	const char *reason =
	    diag->reason[0] ? diag->reason : dp_err_text(err);

	if (diag->object[0] && diag->line)
		fprintf(stderr, "dnspin: %s:%lu: %s\n", diag->object,
		    diag->line, reason);
	else if (diag->object[0])
		fprintf(stderr, "dnspin: %s: %s\n", diag->object, reason);
	else
		fprintf(stderr, "dnspin: %s\n", reason);
	return code;
}

int dp_cli_usage(const char *verb, const char *fmt, ...)
{
	const char *space = verb ? " " : "";
	struct dp_diag diag;
	va_list args;

	if (!verb)
		verb = "";
	va_start(args, fmt);
	fill(&diag, NULL, fmt, args);
	va_end(args);
	fprintf(stderr, "dnspin%s%s: %s\nTry 'dnspin%s%s --help'.\n", space,
	    verb, diag.reason, space, verb);
	return DP_EXIT_USAGE;
}
