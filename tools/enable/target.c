#include "dp_config.h"

#include "tools/enable/target.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/verb.h"

#define SERVER_DEFAULT "/usr/sbin/unbound"
#define CHECKCONF "unbound-checkconf"

/* unbound-checkconf is where unbound is, unless said otherwise. */
static bool find_checkconf(struct dp_target *t, const char *verb)
{
	const char *slash = strrchr(t->server, '/');
	size_t folder_b = slash ? (size_t)(slash - t->server) + 1 : 0;

	if (t->checkconf.program)
		return true;
	if (folder_b + sizeof(CHECKCONF) > sizeof(t->beside)) {
		(void)dp_cli_usage(verb, "SERVER: the path is too long");
		return false;
	}
	memcpy(t->beside, t->server, folder_b);
	memcpy(t->beside + folder_b, CHECKCONF, sizeof(CHECKCONF));
	t->checkconf.program = t->beside;
	return true;
}

bool dp_target_parse(struct dp_target *out, int argc, char **argv)
{
	int letter;

	*out = (struct dp_target){ .server = SERVER_DEFAULT,
		.module = DP_MODULE_DEFAULT, .folder = DP_INCLUDED_DEFAULT };
	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		switch (letter) {
		case 'n':
			out->only_say = true;
			break;
		case 's':
			out->server = optarg;
			break;
		case 'x':
			out->checkconf.program = optarg;
			break;
		case 'c':
			out->checkconf.conf = optarg;
			break;
		case 'm':
			out->module = optarg;
			break;
		case 'D':
			out->folder = optarg;
			break;
		default:
			return false;
		}
	}
	if (optind < argc) {
		(void)dp_cli_usage(argv[0], "%s: there are no operands",
		    argv[optind]);
		return false;
	}
	return find_checkconf(out, argv[0]);
}

bool dp_target_may(const struct dp_target *target, const char *verb)
{
	if (target->only_say || geteuid() == 0)
		return true;
	dp_cli_fail(DP_EXIT_FAILED, verb, "only root can change the server's "
	    "configuration: -n says what would be changed");
	return false;
}

enum dp_err dp_target_fits(const struct dp_target *target,
    char id[DP_BUILD_ID_TEXT_MAX], struct dp_diag *diag)
{
	char want[DP_BUILD_ID_TEXT_MAX], version[DP_BUILD_VERSION_MAX];
	char have[DP_BUILD_ID_TEXT_MAX];
	enum dp_err err;

	err = dp_build_id_module_wants(target->module, want, version, diag);
	if (err == DP_ERR_NOTFOUND)
		dp_diag_set(diag, target->module, 0, "there is no module: "
		    "install it (Debian: dnspin-module-unbound), or say where "
		    "it is with -m");
	if (!err)
		err = dp_build_id_of_file(target->server, have, diag);
	if (err)
		return err;
	/* Where there is no build-id the module compares texts when loaded. */
	if (want[0] && strcmp(want, have) != 0) {
		dp_diag_set(diag, target->server, 0, "is build %s, but %s is "
		    "made for unbound %s, build %s: build dnspin against this "
		    "server, or install the server that it is made for",
		    have[0] ? have : "(no build-id)", target->module, version,
		    want);
		return DP_ERR_VERSION;
	}
	memcpy(id, have, sizeof(have));
	return DP_OK;
}

/* Does option say anything but "no" or nothing? A server without the option
 * cannot do what it switches on. */
static bool says(const struct dp_target *target, const char *option)
{
	char value[DP_CHECKCONF_MAX];
	struct dp_diag why;

	return dp_checkconf_option(&target->checkconf, option, value, &why) ==
	    DP_OK && value[0] && strcmp(value, "no") != 0;
}

enum dp_err dp_target_read(const struct dp_target *target,
    struct dp_target_conf *out, struct dp_diag *diag)
{
	struct {
		const char *option;
		char *value;
	} wanted[] = {
		{ "module-config", out->words },
		{ "dynlib-file", out->files },
		{ "chroot", out->chroot },
		{ "username", out->user },
	};
	enum dp_err err = DP_OK;

	for (size_t i = 0; !err && i < sizeof(wanted) / sizeof(wanted[0]); i++)
		err = dp_checkconf_option(&target->checkconf,
		    wanted[i].option, wanted[i].value, diag);
	out->sends_subnets = !err && (says(target, "send-client-subnet") ||
	    says(target, "client-subnet-zone") ||
	    says(target, "client-subnet-always-forward"));
	return err;
}

const char *dp_target_sees(const char *chroot, const char *path)
{
	size_t len = strlen(chroot);

	while (len > 0 && chroot[len - 1] == '/')
		len--;
	if (len == 0)
		return path;
	if (strncmp(path, chroot, len) != 0 || path[len] != '/')
		return NULL;
	return path + len;
}
