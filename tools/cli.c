#include "tools/cli.h"

#include <stdarg.h>
#include <stdio.h>

int dp_cli_fail(int code, const char *object, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "dnspin: %s: ", object);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
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
	va_list args;

	if (!verb)
		verb = "";
	fprintf(stderr, "dnspin%s%s: ", space, verb);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\nTry 'dnspin%s%s --help'.\n", space, verb);
	return DP_EXIT_USAGE;
}
