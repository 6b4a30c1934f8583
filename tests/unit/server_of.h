/*
 * A server to switch the module on in: a folder with its configuration, of
 * which included/ is a part, a module that is made for this very program, and
 * a script that answers as unbound-checkconf does.
 */
#ifndef DP_SERVER_OF_H
#define DP_SERVER_OF_H

#include "dp_config.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/unit/command_line.h"
#include "tests/unit/image_of.h"

static char server_at[64];

/* The configuration is the shell text of conf, then that of included/. An
 * option is a variable, '-' being '_'; bad=1 is a bad one. */
static const char server_checkconf[] =
    "#!/bin/sh\n"
    "cd \"${0%/*}\" || exit 1\n"
    "module_config='validator iterator'\n"
    ". ./conf\n"
    "[ ! -f included/module.conf ] || {\n"
    "	module_config=$(sed -n 's/.*module-config: \"\\(.*\\)\"/\\1/p' \\\n"
    "		included/module.conf)\n"
    "	dynlib_file=$(sed -n 's/.*dynlib-file: \"\\(.*\\)\"/\\1/p' \\\n"
    "		included/module.conf)\n"
    "}\n"
    ". ./behind\n"
    "if [ \"$1\" = -o ]; then\n"
    "	name=$(echo \"$2\" | tr - _)\n"
    "	eval \"echo \\\"\\$$name\\\"\"\n"
    "elif [ -n \"$bad\" ]; then\n"
    "	echo \"[1] unbound-checkconf[2:0] fatal error: $bad\" >&2\n"
    "	exit 1\n"
    "fi\n";

static inline const char *server_path(const char *name)
{
	static char paths[4][128];
	static int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", server_at, name);
	return path;
}

static inline void server_write(const char *name, const char *text)
{
	CU_ASSERT_TRUE_FATAL(unit_write(server_path(name), text,
	    strlen(text)));
}

static inline bool server_has(const char *name)
{
	return access(server_path(name), F_OK) == 0;
}

static inline const char *server_read(const char *name)
{
	static char text[8192];
	FILE *in = fopen(server_path(name), "r");
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	n = fread(text, 1, sizeof(text) - 1, in);
	text[n] = '\0';
	fclose(in);
	return text;
}

/* The module, for a server with this build-id. */
static inline void server_module(const char *id)
{
	char note[64];
	int n = snprintf(note, sizeof(note), "%s%c1.17.1", id, '\0');

	CU_ASSERT_FATAL(n > 0 && (size_t)n + 1 <= sizeof(note));
	image_make(note, (size_t)n + 1);
	CU_ASSERT_TRUE_FATAL(unit_write(server_path("dnspin.so"), &image,
	    sizeof(image)));
}

static inline void server_make(void)
{
	char id[DP_BUILD_ID_TEXT_MAX];

	snprintf(server_at, sizeof(server_at), "/tmp/dnspin-server-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(server_at));
	CU_ASSERT_EQUAL_FATAL(mkdir(server_path("included"), 0755), 0);
	server_write("conf", "");
	server_write("behind", "");
	server_write("checkconf", server_checkconf);
	CU_ASSERT_EQUAL_FATAL(chmod(server_path("checkconf"), 0755), 0);
	CU_ASSERT_EQUAL_FATAL(dp_build_id_of_file("/proc/self/exe", id, NULL),
	    DP_OK);
	server_module(id);
}

static inline void server_remove(void)
{
	static const char *const files[] = { "conf", "behind", "checkconf",
		"dnspin.so", "dnspin.conf", "included/module.conf",
		"included/module.conf.misfit", "included/closed.conf",
		"state/policy", "state/unbound", "state", "included" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (unlink(server_path(files[i])) != 0)
			rmdir(server_path(files[i]));
	CU_ASSERT_EQUAL(rmdir(server_at), 0);
}

/* Run verb with options, for the server; words as in command_line.h. */
static inline int server_run(struct command_line *line, dp_verb_fn *verb,
    const char *name, const char *options)
{
	char state[128], conf[128], text[1024];
	struct dp_cli cli = { .conf = conf, .state_dir = state };

	snprintf(state, sizeof(state), "%s/state", server_at);
	snprintf(conf, sizeof(conf), "%s/dnspin.conf", server_at);
	if (access(conf, F_OK) != 0)
		server_write("dnspin.conf", "");
	snprintf(text, sizeof(text), "%s -s /proc/self/exe -x %s/checkconf "
	    "-D %s/included %s", name, server_at, server_at, options);
	return command_line_run(line, verb, &cli, text);
}

#endif
