#include "tools/guard/guard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "module/core/build_id.h"
#include "module/core/file.h"
#include "module/core/state.h"

#define MODULE "module.conf"
#define ASIDE "module.conf.misfit"
#define CLOSED "closed.conf"

/* Views can have local zones of their own: what gets past the first line finds
 * nobody to ask, and no cache behind Unbound's own. */
static const char closed_text[] =
    "# Written by dnspin guard, and removed by it: the module does not fit this\n"
    "# Unbound, which so refuses all clients. See on-misfit in dnspin.conf(5).\n"
    "server:\n"
    "\tlocal-zone: \".\" refuse\n"
    "\tmodule-config: \"iterator\"\n"
    "\tdo-not-query-address: 0.0.0.0/0\n"
    "\tdo-not-query-address: ::0/0\n";

static enum dp_err path_of(char path[DP_PATH_MAX], const struct dp_guard *g,
    const char *name, struct dp_diag *diag)
{
	return dp_state_path(path, g->folder, name, diag);
}

static bool is_there(const struct dp_guard *g, const char *name)
{
	char path[DP_PATH_MAX];

	return path_of(path, g, name, NULL) == DP_OK &&
	    access(path, F_OK) == 0;
}

bool dp_guard_is_enabled(const struct dp_guard *g)
{
	return is_there(g, MODULE) || is_there(g, ASIDE);
}

enum dp_err dp_guard_fits(const struct dp_guard *g, struct dp_diag *diag)
{
	char have[DP_BUILD_ID_TEXT_MAX], wanted[DP_BUILD_ID_TEXT_MAX];
	char version[DP_BUILD_VERSION_MAX];
	enum dp_err err;

	err = dp_build_id_of_file(g->server, have, diag);
	if (err)
		return err;
	err = dp_build_id_module_wants(g->module, wanted, version, diag);
	if (err || strcmp(have, wanted) == 0)
		return err;
	dp_diag_set(diag, g->module, 0,
	    "made for unbound %s, build-id %s, but %s has build-id %s", version,
	    wanted[0] ? wanted : "none", g->server, have[0] ? have : "none");
	return DP_ERR_VERSION;
}

/* What stands between the quotes of a dynlib-file line. */
static bool named_by(char dir[DP_PATH_MAX], const char *line)
{
	static const char option[] = "dynlib-file: \"";
	size_t len;

	line += strspn(line, " \t");
	if (strncmp(line, option, sizeof(option) - 1) != 0)
		return false;
	line += sizeof(option) - 1;
	len = strcspn(line, "\"");
	if (line[len] != '"' || len >= DP_PATH_MAX)
		return false;
	memcpy(dir, line, len);
	dir[len] = '\0';
	return true;
}

/* The first one is the module itself. */
bool dp_guard_state_dir(const struct dp_guard *g, char dir[DP_PATH_MAX])
{
	const char *name = is_there(g, MODULE) ? MODULE : ASIDE;
	char path[DP_PATH_MAX], line[DP_PATH_MAX + 64];
	int count = 0;
	FILE *in;

	if (path_of(path, g, name, NULL) != DP_OK)
		return false;
	in = fopen(path, "re");
	if (!in)
		return false;
	while (count < 2 && fgets(line, sizeof(line), in))
		count += named_by(dir, line);
	fclose(in);
	return count == 2;
}

/* Nothing of that name is fine, too. */
static enum dp_err take_out(const struct dp_guard *g, const char *name,
    struct dp_diag *diag)
{
	char path[DP_PATH_MAX];
	enum dp_err err = path_of(path, g, name, diag);

	if (err || unlink(path) == 0 || errno == ENOENT)
		return err;
	dp_diag_set(diag, path, 0, "%s", strerror(errno));
	return DP_ERR_IO;
}

static enum dp_err move(const struct dp_guard *g, const char *from,
    const char *to, struct dp_diag *diag)
{
	char old[DP_PATH_MAX], new[DP_PATH_MAX];
	enum dp_err err = path_of(old, g, from, diag);

	if (!err)
		err = path_of(new, g, to, diag);
	if (err || rename(old, new) == 0 || errno == ENOENT)
		return err;
	dp_diag_set(diag, old, 0, "%s", strerror(errno));
	return DP_ERR_IO;
}

enum dp_err dp_guard_aside(const struct dp_guard *g, bool closed,
    struct dp_diag *diag)
{
	char path[DP_PATH_MAX];
	enum dp_err err = path_of(path, g, CLOSED, diag);

	/* Closed first: there is no moment at which neither is in force. */
	if (!err && closed)
		err = dp_file_replace(path, closed_text,
		    sizeof(closed_text) - 1, 0644, diag);
	if (!err)
		err = move(g, MODULE, ASIDE, diag);
	if (!err && !closed)
		err = take_out(g, CLOSED, diag);
	return err;
}

enum dp_err dp_guard_back(const struct dp_guard *g, bool *changed,
    struct dp_diag *diag)
{
	bool aside = !is_there(g, MODULE);
	enum dp_err err;

	/* A later "dnspin enable" counts more than what was put aside. */
	err = aside ? move(g, ASIDE, MODULE, diag)
		    : take_out(g, ASIDE, diag);
	if (!err)
		err = take_out(g, CLOSED, diag);
	if (!err)
		*changed = aside;
	return err;
}
