/*
 * What the verbs share: the command line's global options, exit codes and how
 * errors are said. One verb, one file (verb_NAME.c) with one function, whose
 * name, options and help stand in verb.def.
 */
#ifndef DP_CLI_H
#define DP_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"
#include "module/core/policy.h"
#include "tools/conf.h"

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

#define DP_VERB(id, function, name, operands, brief, text, examples) \
	dp_verb_fn dp_verb_##function;
#include "tools/verb.def"

/* All errors are one line, cut off where they are too long, and hold no control
 * characters, whatever they quote. */

/* "dnspin: object: reason" on stderr; returns code. */
int dp_cli_fail(int code, const char *object, const char *fmt, ...)
    DP_PRINTF(3, 4);
/* "dnspin: object:line: reason"; the exit code that suits err. */
int dp_cli_diag(enum dp_err err, const struct dp_diag *diag);
/* "dnspin VERB: reason" and where to find help; verb NULL: none. Returns
 * DP_EXIT_USAGE. */
int dp_cli_usage(const char *verb, const char *fmt, ...) DP_PRINTF(2, 3);

/* A number from 1 to most, of digits only, for what (the option's argument as
 * the help names it). False: it is none, which was said as a usage error. */
bool dp_cli_number(uint32_t *out, const char *verb, const char *what,
    const char *text, uint32_t most);
/* Is the format json? Where there are two; false: it is neither, which was said
 * as a usage error. */
bool dp_cli_json(bool *out, const char *verb, const char *format);

/*
 * For what runs for long: a new round begins, in which nothing is said that was
 * said in the one before, told apart by object and wording, not by the numbers
 * in it. Before the first round everything is said.
 */
void dp_cli_round(void);
/* Is a message to be said? For those that are not said by the above. */
bool dp_cli_first(const char *object, const char *wording);

/*
 * What cli_run.c does: the whole command line, argv[0] being the program's
 * name. Without -d the state directory is state_dir. Returns an enum dp_exit.
 */
int dp_cli_run(const char *state_dir, int argc, char **argv);

/* What cli_policy.c does; on failure said, and the exit code in *code. */

/* The settings file and -o; false on failure. The caller frees with
 * dp_conf_free. */
bool dp_cli_conf(const struct dp_cli *cli, struct dp_conf *out, int *code);

/* What verb_compile.c does for dnspin enable: put the zones of the settings into
 * force where there is no policy yet. There may be none: then no name is
 * allowed. Prints nothing but errors. Returns an enum dp_exit. */
int dp_cli_compile_first(const struct dp_cli *cli, bool only_check);

/* The policy in force, checked, with the signature that the settings'
 * trusted-key wants; NULL on failure. The caller closes. */
struct dp_policy *dp_cli_policy(const struct dp_cli *cli, int *code);
/* The same for the file at path, "-" being standard input. */
struct dp_policy *dp_cli_policy_at(const struct dp_cli *cli, const char *path,
    int *code);

#endif
