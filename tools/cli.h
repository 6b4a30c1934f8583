/*
 * What the verbs share: the command line's global options, exit codes and how
 * errors are said. One verb, one file (verb_NAME.c) with one function.
 */
#ifndef DP_CLI_H
#define DP_CLI_H

#include "module/core/err.h"
#include "module/core/policy.h"

enum dp_exit {
	DP_EXIT_OK = 0,
	DP_EXIT_FAILED = 1,
	DP_EXIT_USAGE = 2,
	DP_EXIT_FINDING = 3 /* denied name, drift, bad signature */
};

struct dp_cli {
	const char *conf;	/* -C, NULL: the default */
	const char *state_dir;	/* -d, DNSPIN_DIR or the default; never NULL */
	const char *const *overrides; /* -o */
	size_t override_count;
};

/* argv[0] is the verb's name. Returns an enum dp_exit. */
typedef int dp_verb_fn(const struct dp_cli *cli, int argc, char **argv);

/* tools/verb.def, one line per verb:
 * DP_VERB(ID, name, "arguments", "one-liner", "long text") */
#define DP_VERB(id, name, args, brief, text) dp_verb_fn dp_verb_##name;
#include "tools/verb.def"
#undef DP_VERB

/* "dnspin: object: reason" on stderr; returns code. */
int dp_cli_fail(int code, const char *object, const char *fmt, ...)
    DP_PRINTF(3, 4);
/* "dnspin: object:line: reason"; the exit code that suits err. */
int dp_cli_diag(enum dp_err err, const struct dp_diag *diag);
/* "dnspin VERB: reason" and where to find help; returns DP_EXIT_USAGE. */
int dp_cli_usage(const char *verb, const char *fmt, ...) DP_PRINTF(2, 3);

/* The policy in force, checked; on failure said, and the exit code in *code.
 * The caller closes. */
struct dp_policy *dp_cli_policy(const struct dp_cli *cli, int *code);

#endif
