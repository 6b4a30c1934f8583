/* dnspin keygen: an Ed25519 key pair, for policies, logs or an auditor. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "module/core/state.h"
#include "tools/key.h"
#include "tools/verb.h"

int dp_verb_keygen(const struct dp_cli *cli, int argc, char **argv)
{
	char public_path[DP_PATH_MAX];
	struct dp_diag diag = { .line = 0 };
	const char *path;
	enum dp_err err;

	(void)cli;
	if (dp_verb_getopt(argc, argv) != -1)
		return DP_EXIT_USAGE;
	if (argc - optind != 1)
		return dp_cli_usage("keygen", argc == optind
			? "FILE is missing" : "one FILE only");
	path = argv[optind];
	if (strcmp(path, "-") == 0)
		return dp_cli_usage("keygen", "two files are written, FILE "
		    "and FILE.pub: - is none");
	if (snprintf(public_path, sizeof(public_path), "%s.pub", path) >=
	    (int)sizeof(public_path))
		return dp_cli_fail(DP_EXIT_FAILED, path, "name too long");
	err = dp_key_make(path, public_path, &diag);
	if (err)
		return dp_cli_diag(err, &diag);
	printf("%s: secret key: signs policies (sign-key) or logs (log -k), or "
	    "decrypts logs (verify -x)\n"
	    "%s: public key: for who checks policies (trusted-key) or logs "
	    "(verify -k), or encrypts logs (log -a)\n", path, public_path);
	return DP_EXIT_OK;
}
