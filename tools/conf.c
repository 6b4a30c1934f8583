#include "dp_config.h"

#include "tools/conf.h"

#include <confuse.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX ((size_t)1 << 20) /* bytes */
#define OVERRIDE_MAX 1024u    /* bytes of a value */

/* Keys: first those of enum dp_setting, then these. */
enum key {
	KEY_BEFORE = DP_SETTING_COUNT - 1,
#define DP_CONF(id, name, value, def, brief, text) KEY_##id,
#include "tools/conf.def"
#undef DP_CONF
	KEY_COUNT
};

static const char *const other_names[] = {
#define DP_CONF(id, name, value, def, brief, text) name,
#include "tools/conf.def"
#undef DP_CONF
};

/* libconfuse hands no argument through to its callbacks. */
static struct load {
	struct dp_conf *conf;
	struct dp_diag *diag;
	const char *object;	       /* the file, or the override */
	const char *folder;	       /* in front of relative paths, or "" */
	bool is_file;
	unsigned long seen[KEY_COUNT]; /* line in the file, 0: not yet */
	unsigned zones_read;	       /* values of the list so far */
	bool zones_closed;
	enum dp_err err;	       /* the first one is the one said */
} load;

static const char *key_name(int key)
{
	return key < DP_SETTING_COUNT ? dp_setting_info[key].name
				      : other_names[key - DP_SETTING_COUNT];
}

static int key_of(const char *name)
{
	int key = 0;

	while (key < KEY_COUNT && strcmp(key_name(key), name) != 0)
		key++;
	return key;
}

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

/* Edits that make a from b, as far as they matter here: at most 64 letters. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[65];
	size_t len = strlen(b);

	if (len > 64)
		return 64;
	for (unsigned j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			unsigned best = corner + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = row[j];
			row[j] = best;
		}
	}
	return row[len];
}

static void unknown_key(const cfg_t *cfg, const char *name)
{
	char all[400] = "";
	unsigned nearest = 4;
	const char *meant = NULL;
	size_t n = 0;

	for (int key = 0; key < KEY_COUNT; key++) {
		unsigned d = distance(name, key_name(key));

		if (d < nearest) {
			nearest = d;
			meant = key_name(key);
		}
		if (n < sizeof(all))
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s",
			    key ? ", " : "", key_name(key));
	}
	if (meant)
		wrong(cfg, DP_ERR_SYNTAX,
		    "unknown setting %.64s: is %s meant?", name, meant);
	else
		wrong(cfg, DP_ERR_SYNTAX,
		    "unknown setting %.64s: there are %s", name, all);
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

static int set_word(const cfg_t *cfg, int key, const char *text)
{
	const struct dp_setting_info *info = &dp_setting_info[key];
	char word[64];

	for (uint32_t value = 0;; value++) {
		dp_setting_word((enum dp_setting)key, value, word,
		    sizeof(word));
		if (strcmp(word, "?") == 0)
			break;
		if (strcmp(word, text) == 0) {
			load.conf->settings.value[key] = value;
			return 0;
		}
	}
	return wrong(cfg, DP_ERR_SYNTAX, "%s = %.64s: must be one of: %s",
	    info->name, text, info->words);
}

static int set_number(const cfg_t *cfg, int key, const char *text)
{
	const struct dp_setting_info *info = &dp_setting_info[key];
	const char *p = text;
	uint64_t n = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (n <= UINT32_MAX)
			n = n * 10 + (uint64_t)(*p - '0');
	if (p == text || *p)
		return wrong(cfg, DP_ERR_SYNTAX, "%s = %.64s: must be a plain "
		    "number (%s)", info->name, text, info->unit);
	if (n < info->min || n > info->max)
		return wrong(cfg, DP_ERR_SYNTAX, "%s = %.64s: must be %u to "
		    "%u %s", info->name, text, info->min, info->max,
		    info->unit);
	load.conf->settings.value[key] = (uint32_t)n;
	return 0;
}

/* A path as the file means it; NULL in *out for "". */
static int set_path(const cfg_t *cfg, char **out, const char *text)
{
	const char *folder = text[0] == '/' ? "" : load.folder;
	size_t size_b = strlen(folder) + strlen(text) + 1;
	char *path = NULL;

	if (text[0]) {
		path = malloc(size_b);
		if (!path)
			return wrong(cfg, DP_ERR_NOMEM, "%s",
			    dp_err_text(DP_ERR_NOMEM));
		snprintf(path, size_b, "%s%s", folder, text);
	}
	free(*out);
	*out = path;
	return 0;
}

static void free_zones(struct dp_conf *conf)
{
	for (size_t i = 0; i < conf->zone_count; i++)
		free(conf->zones[i]);
	free(conf->zones);
	conf->zones = NULL;
	conf->zone_count = 0;
}

static int set_zones(cfg_t *cfg, cfg_opt_t *opt)
{
	struct dp_conf *conf = load.conf;
	unsigned count = cfg_opt_size(opt);

	free_zones(conf);
	conf->zones = calloc(count + 1u, sizeof(*conf->zones));
	if (!conf->zones)
		return wrong(cfg, DP_ERR_NOMEM, "%s",
		    dp_err_text(DP_ERR_NOMEM));
	for (unsigned i = 0; i < count; i++) {
		char **zone = &conf->zones[conf->zone_count];

		if (set_path(cfg, zone, cfg_opt_getnstr(opt, i)))
			return 1;
		conf->zone_count += *zone != NULL;
	}
	return 0;
}

static int set_table(const cfg_t *cfg, const char *text)
{
	struct dp_settings settings;
	const char *reason;

	dp_settings_default(&settings);
	if (strlen(text) >= sizeof(settings.nft_table))
		text = ""; /* as wrong as any */
	memset(settings.nft_table, 0, sizeof(settings.nft_table));
	memcpy(settings.nft_table, text, strlen(text));
	reason = dp_settings_wrong(&settings);
	if (reason)
		return wrong(cfg, DP_ERR_SYNTAX, "%s", reason);
	memcpy(load.conf->settings.nft_table, settings.nft_table,
	    sizeof(settings.nft_table));
	return 0;
}

/* A key that the file holds twice? libconfuse calls for each value of a list
 * and once more, with nothing new, where the list is closed. */
static bool is_second(int key, unsigned count)
{
	if (key != KEY_ZONES)
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
	int key = key_of(cfg_opt_name(opt));
	const char *text;

	if (load.is_file && is_second(key, cfg_opt_size(opt)))
		return wrong(cfg, DP_ERR_SYNTAX, "%s a second time: the first "
		    "is on line %lu; take one out", key_name(key),
		    load.seen[key]);
	if (load.is_file && !load.seen[key])
		load.seen[key] = (unsigned long)cfg->line;
	if (key == KEY_ZONES)
		return set_zones(cfg, opt);
	text = cfg_opt_getstr(opt);
	if (key == KEY_SIGN_KEY)
		return set_path(cfg, &load.conf->sign_key, text);
	if (key == KEY_TRUSTED_KEY)
		return set_path(cfg, &load.conf->trusted_key, text);
	if (key == KEY_NFT_TABLE)
		return set_table(cfg, text);
	return dp_setting_info[key].words ? set_word(cfg, key, text)
					  : set_number(cfg, key, text);
}

static enum dp_err parse(const char *text)
{
	cfg_opt_t options[KEY_COUNT + 1], end = CFG_END();
	cfg_t *cfg;

	for (int key = 0; key < KEY_COUNT; key++) {
		cfg_opt_t one = CFG_STR(NULL, NULL, CFGF_NONE);
		cfg_opt_t list = CFG_STR_LIST(NULL, NULL, CFGF_NONE);

		options[key] = key == KEY_ZONES ? list : one;
		options[key].name = key_name(key);
	}
	options[KEY_COUNT] = end;
	load.err = DP_OK;
	cfg = cfg_init(options, CFGF_NONE);
	if (!cfg) {
		wrong(NULL, DP_ERR_NOMEM, "%s", dp_err_text(DP_ERR_NOMEM));
		return load.err;
	}
	cfg_set_error_function(cfg, parser_error);
	for (int key = 0; key < KEY_COUNT; key++)
		cfg_set_validate_func(cfg, key_name(key), take);
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
	if (key_of(name) == KEY_COUNT) {
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
	free_zones(conf);
	free(conf->sign_key);
	free(conf->trusted_key);
	memset(conf, 0, sizeof(*conf));
}
