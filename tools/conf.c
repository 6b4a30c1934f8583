#include "dp_config.h"

#include "tools/conf_value.h"

#include <confuse.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX ((size_t)1 << 20) /* bytes */
#define OVERRIDE_MAX 1024u	   /* bytes of a value */

/* libconfuse hands no argument through to its callbacks. */
static struct load {
	struct dp_conf *conf;
	struct dp_diag *diag;
	const char *object;	       /* the file, or the override */
	const char *folder;	       /* in front of relative paths, or "" */
	bool is_file;
	unsigned long seen[DP_CONF_COUNT]; /* line in the file, 0: not yet */
	unsigned zones_read;	       /* values of the list so far */
	bool zones_closed;
	enum dp_err err;	       /* the first one is the one said */
} load;

/* Say what is wrong, unless something was before; returns non-zero. */
static int wrong(const cfg_t *cfg, enum dp_err err, const char *fmt, ...)
    DP_PRINTF(3, 4);
static int wrong(const cfg_t *cfg, enum dp_err err, const char *fmt, ...)
{
	char reason[512];
	va_list args;

	if (load.err)
		return 1;
	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	load.err = err;
	dp_diag_set(load.diag, load.object,
	    cfg && load.is_file ? (unsigned long)cfg->line : 0, "%s", reason);
	return 1;
}

static int unknown_key(const cfg_t *cfg, const char *name)
{
	struct dp_diag why;

	dp_conf_key_unknown(name, &why);
	return wrong(cfg, DP_ERR_SYNTAX, "%s", why.reason);
}

/* What libconfuse itself finds wrong. */
static void parser_error(cfg_t *cfg, const char *fmt, va_list args)
{
	static const char no_option[] = "no such option '";
	char text[256];
	size_t len;

	len = (size_t)vsnprintf(text, sizeof(text), fmt, args);
	if (strncmp(text, no_option, strlen(no_option)) != 0) {
		wrong(cfg, DP_ERR_SYNTAX, "%s: a line is KEY = VALUE or "
		    "KEY = { \"VALUE\", ... }", text);
		return;
	}
	if (len < sizeof(text))
		text[len - 1] = '\0';
	unknown_key(cfg, text + strlen(no_option));
}

static enum dp_err set_zones(cfg_opt_t *opt, struct dp_diag *diag)
{
	enum dp_err err = DP_OK;

	dp_conf_zones_clear(load.conf);
	for (unsigned i = 0; !err && i < cfg_opt_size(opt); i++)
		err = dp_conf_zone_add(load.conf, cfg_opt_getnstr(opt, i),
		    load.folder, diag);
	return err;
}

/* A key that the file holds twice? libconfuse calls for each value of a list
 * and once more, with nothing new, where the list is closed. */
static bool is_second(int key, unsigned count)
{
	if (key != DP_CONF_ZONES)
		return load.seen[key] != 0;
	if (load.zones_closed)
		return true;
	load.zones_closed = count == load.zones_read;
	load.zones_read = count;
	return false;
}

/* Called by libconfuse when a key has got its value. */
static int take(cfg_t *cfg, cfg_opt_t *opt)
{
	int key = dp_conf_key_of(cfg_opt_name(opt));
	struct dp_diag why;
	enum dp_err err;

	if (load.is_file && is_second(key, cfg_opt_size(opt)))
		return wrong(cfg, DP_ERR_SYNTAX, "%s a second time: the first "
		    "is on line %lu; take one out", dp_conf_key_name(key),
		    load.seen[key]);
	if (load.is_file && !load.seen[key])
		load.seen[key] = (unsigned long)cfg->line;
	if (key == DP_CONF_ZONES)
		err = set_zones(opt, &why);
	else
		err = dp_conf_value_set(load.conf, key, cfg_opt_getstr(opt),
		    load.folder, &why);
	load.conf->from[key] =
	    load.is_file ? load.seen[key] : DP_CONF_FROM_OVERRIDE;
	return err ? wrong(cfg, err, "%s", why.reason) : 0;
}

static enum dp_err parse(const char *text)
{
	cfg_opt_t options[DP_CONF_COUNT + 1], end = CFG_END();
	cfg_t *cfg;

	for (int key = 0; key < DP_CONF_COUNT; key++) {
		cfg_opt_t one = CFG_STR(NULL, NULL, CFGF_NONE);
		cfg_opt_t list = CFG_STR_LIST(NULL, NULL, CFGF_NONE);

		options[key] = key == DP_CONF_ZONES ? list : one;
		options[key].name = dp_conf_key_name(key);
	}
	options[DP_CONF_COUNT] = end;
	load.err = DP_OK;
	cfg = cfg_init(options, CFGF_NONE);
	if (!cfg) {
		wrong(NULL, DP_ERR_NOMEM, "%s", dp_err_text(DP_ERR_NOMEM));
		return load.err;
	}
	cfg_set_error_function(cfg, parser_error);
	for (int key = 0; key < DP_CONF_COUNT; key++)
		cfg_set_validate_func(cfg, dp_conf_key_name(key), take);
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
		wrong(cfg, DP_ERR_SYNTAX, "not understood");
	cfg_free(cfg);
	return load.err;
}

/* libconfuse 3.3 counts the line of a comment three times, so that it gets to
 * see none. */
static void blank_comments(char *text)
{
	char quote = '\0';

	for (char *p = text; *p; p++) {
		if (quote && *p == '\\' && p[1])
			p++;
		else if (quote)
			quote = *p == quote ? '\0' : quote;
		else if (*p == '"' || *p == '\'')
			quote = *p;
		else if (*p == '#')
			while (*p && *p != '\n')
				*p++ = ' ';
		if (!*p)
			break;
	}
}

/* The whole file as text: libconfuse ends the process where reading fails. */
static enum dp_err read_file(char **out, const char *path)
{
	FILE *in = fopen(path, "re");
	struct stat st;
	size_t len = 0;
	char *text;

	if (!in) {
		wrong(NULL, errno == ENOENT ? DP_ERR_NOTFOUND : DP_ERR_IO, "%s",
		    strerror(errno));
		return load.err;
	}
	text = malloc(FILE_MAX + 1);
	if (!text)
		wrong(NULL, DP_ERR_NOMEM, "%s", dp_err_text(DP_ERR_NOMEM));
	else if (fstat(fileno(in), &st) == 0 && S_ISDIR(st.st_mode))
		wrong(NULL, DP_ERR_IO, "%s", strerror(EISDIR));
	else
		len = fread(text, 1, FILE_MAX + 1, in);
	if (!load.err && ferror(in))
		wrong(NULL, DP_ERR_IO, "%s", strerror(errno));
	else if (len > FILE_MAX || (len > 0 && memchr(text, 0, len)))
		wrong(NULL, DP_ERR_SYNTAX, "is no settings file: %s",
		    len > FILE_MAX ? "more than 1 MiB" : "holds NUL bytes");
	fclose(in);
	if (load.err) {
		free(text);
		return load.err;
	}
	text[len] = '\0';
	*out = text;
	return DP_OK;
}

static enum dp_err load_file(const char *path, bool may_miss)
{
	const char *slash = strrchr(path, '/');
	char *text = NULL, *folder = NULL;
	enum dp_err err;

	load.object = path;
	err = read_file(&text, path);
	if (err == DP_ERR_NOTFOUND && may_miss)
		return DP_OK;
	if (err)
		return err;
	folder = strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
	if (!folder) {
		wrong(NULL, DP_ERR_NOMEM, "%s", dp_err_text(DP_ERR_NOMEM));
		err = load.err;
		goto out;
	}
	load.folder = folder;
	load.is_file = true;
	blank_comments(text);
	err = parse(text);
out:
	load.folder = "";
	load.is_file = false;
	free(folder);
	free(text);
	return err;
}

/* KEY=VALUE as a line of the file; the value may hold anything. */
static enum dp_err load_override(const char *override)
{
	const char *equals = strchr(override, '=');
	char object[128], line[2 * OVERRIDE_MAX + 80], name[65];
	size_t n;

	snprintf(object, sizeof(object), DP_CONF_OVERRIDE "%s", override);
	load.object = object;
	load.err = DP_OK;
	if (!equals || equals == override || equals - override > 64) {
		wrong(NULL, DP_ERR_SYNTAX, "must be KEY=VALUE");
		return load.err;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equals - override),
	    override);
	if (dp_conf_key_of(name) == DP_CONF_COUNT) {
		unknown_key(NULL, name);
		return load.err;
	}
	if (strlen(equals) > OVERRIDE_MAX) {
		wrong(NULL, DP_ERR_SYNTAX, "the value is too long");
		return load.err;
	}
	n = (size_t)snprintf(line, sizeof(line), "%s = \"", name);
	for (const char *p = equals + 1; *p; p++) {
		if ((unsigned char)*p < ' ') {
			wrong(NULL, DP_ERR_SYNTAX,
			    "the value holds a control character");
			return load.err;
		}
		if (strchr("\\\"$", *p))
			line[n++] = '\\';
		line[n++] = *p;
	}
	line[n++] = '"';
	line[n] = '\0';
	return parse(line);
}

enum dp_err dp_conf_load(struct dp_conf *out, const char *path,
    const char *const *overrides, size_t override_count, struct dp_diag *diag)
{
	struct dp_conf conf = { .sign_key = NULL };
	const char *reason;
	enum dp_err err;

	dp_settings_default(&conf.settings);
	load = (struct load){ .conf = &conf, .diag = diag, .folder = "" };
	err = load_file(path ? path : DP_CONF_DEFAULT, !path);
	for (size_t i = 0; !err && i < override_count; i++)
		err = load_override(overrides[i]);
	reason = err ? NULL : dp_settings_wrong(&conf.settings);
	if (reason) {
		load.object = path ? path : DP_CONF_DEFAULT;
		if (override_count > 0)
			load.object = DP_CONF_OVERRIDE "and settings file";
		load.err = DP_OK;
		wrong(NULL, DP_ERR_SYNTAX, "%s", reason);
		err = load.err;
	}
	if (err)
		dp_conf_free(&conf);
	else
		*out = conf;
	load = (struct load){ .conf = NULL };
	return err;
}

void dp_conf_free(struct dp_conf *conf)
{
	dp_conf_zones_clear(conf);
	free(conf->sign_key);
	free(conf->trusted_key);
	memset(conf, 0, sizeof(*conf));
}
