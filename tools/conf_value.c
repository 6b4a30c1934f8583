#include "dp_config.h"

#include "tools/conf_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/nft/nft_table.h"

#define SYNTAX(diag, ...) \
	(dp_diag_set(diag, NULL, 0, __VA_ARGS__), DP_ERR_SYNTAX)

static const char *const other_names[] = {
#define DP_CONF(id, name, value, def, brief, text) name,
#include "tools/conf.def"
#undef DP_CONF
};

const char *dp_conf_key_name(int key)
{
	return key < DP_SETTING_COUNT ? dp_setting_info[key].name
				      : other_names[key - DP_SETTING_COUNT];
}

int dp_conf_key_of(const char *name)
{
	int key = 0;

	while (key < DP_CONF_COUNT && strcmp(dp_conf_key_name(key), name) != 0)
		key++;
	return key;
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

void dp_conf_key_unknown(const char *name, struct dp_diag *diag)
{
	char all[400] = "";
	/* A slip in every third letter; more is another word. */
	unsigned nearest = 2 + (unsigned)(strnlen(name, 6) / 3);
	const char *meant = NULL;
	size_t n = 0;

	for (int key = 0; key < DP_CONF_COUNT; key++) {
		unsigned d = distance(name, dp_conf_key_name(key));

		if (d < nearest) {
			nearest = d;
			meant = dp_conf_key_name(key);
		}
		if (n < sizeof(all))
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s",
			    key ? ", " : "", dp_conf_key_name(key));
	}
	if (meant && nearest == 1 && name[strlen(name) - 1] == ':')
		dp_diag_set(diag, NULL, 0,
		    "%s and a colon: a line is KEY = VALUE, write %s = ",
		    meant, meant);
	else if (meant)
		dp_diag_set(diag, NULL, 0,
		    "unknown setting %.64s: is %s meant?", name, meant);
	else
		dp_diag_set(diag, NULL, 0,
		    "unknown setting %.64s: there are %s", name, all);
}

static enum dp_err set_word(struct dp_conf *conf, int key, const char *text,
    struct dp_diag *diag)
{
	const struct dp_setting_info *info = &dp_setting_info[key];
	char word[64];

	for (uint32_t value = 0;; value++) {
		dp_setting_word((enum dp_setting)key, value, word,
		    sizeof(word));
		if (strcmp(word, "?") == 0)
			break;
		if (strcmp(word, text) == 0) {
			conf->settings.value[key] = value;
			return DP_OK;
		}
	}
	return SYNTAX(diag, "%s = %.64s: must be one of: %s", info->name, text,
	    info->words);
}

static enum dp_err set_number(struct dp_conf *conf, int key, const char *text,
    struct dp_diag *diag)
{
	const struct dp_setting_info *info = &dp_setting_info[key];
	const char *p = text;
	uint64_t n = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (n <= UINT32_MAX)
			n = n * 10 + (uint64_t)(*p - '0');
	if (p == text || *p)
		return SYNTAX(diag, "%s = %.64s: must be a plain number (%s)",
		    info->name, text, info->unit);
	if (n < info->min || n > info->max)
		return SYNTAX(diag, "%s = %.64s: must be %u to %u %s",
		    info->name, text, info->min, info->max, info->unit);
	conf->settings.value[key] = (uint32_t)n;
	return DP_OK;
}

/* A path as the file means it; NULL in *out for "". */
static enum dp_err set_path(char **out, const char *text, const char *folder,
    struct dp_diag *diag)
{
	size_t size_b;
	char *path = NULL;

	if (text[0] == '/')
		folder = "";
	size_b = strlen(folder) + strlen(text) + 1;
	if (text[0]) {
		path = malloc(size_b);
		if (!path) {
			dp_diag_set(diag, NULL, 0, "%s",
			    dp_err_text(DP_ERR_NOMEM));
			return DP_ERR_NOMEM;
		}
		snprintf(path, size_b, "%s%s", folder, text);
	}
	free(*out);
	*out = path;
	return DP_OK;
}

static enum dp_err set_table(struct dp_conf *conf, const char *text,
    struct dp_diag *diag)
{
	const char *reason = dp_nft_table_wrong(text);

	if (reason)
		return SYNTAX(diag, "%s", reason);
	memset(conf->settings.nft_table, 0, sizeof(conf->settings.nft_table));
	memcpy(conf->settings.nft_table, text, strlen(text));
	return DP_OK;
}

/* By enum dp_on_misfit. */
static const char *const misfit[] = { "auto", "fail-closed", "fail-open" };

static enum dp_err set_on_misfit(struct dp_conf *conf, const char *text,
    struct dp_diag *diag)
{
	for (size_t i = 0; i < sizeof(misfit) / sizeof(misfit[0]); i++)
		if (strcmp(misfit[i], text) == 0) {
			conf->on_misfit = (enum dp_on_misfit)i;
			return DP_OK;
		}
	return SYNTAX(diag, "on-misfit = %.64s: must be one of: auto, "
	    "fail-closed, fail-open", text);
}

enum dp_err dp_conf_value_set(struct dp_conf *conf, int key, const char *text,
    const char *folder, struct dp_diag *diag)
{
	if (key == DP_CONF_SIGN_KEY)
		return set_path(&conf->sign_key, text, folder, diag);
	if (key == DP_CONF_TRUSTED_KEY)
		return set_path(&conf->trusted_key, text, folder, diag);
	if (key == DP_CONF_NFT_TABLE)
		return set_table(conf, text, diag);
	if (key == DP_CONF_ON_MISFIT)
		return set_on_misfit(conf, text, diag);
	return dp_setting_info[key].words ? set_word(conf, key, text, diag)
					  : set_number(conf, key, text, diag);
}

void dp_conf_value_say(char *text, size_t size_b, const struct dp_conf *conf,
    int key)
{
	const char *value = NULL;

	if (key < DP_SETTING_COUNT && dp_setting_info[key].words)
		dp_setting_word((enum dp_setting)key,
		    conf->settings.value[key], text, size_b);
	else if (key < DP_SETTING_COUNT)
		snprintf(text, size_b, "%u", conf->settings.value[key]);
	else if (key == DP_CONF_NFT_TABLE)
		value = conf->settings.nft_table;
	else if (key == DP_CONF_ON_MISFIT)
		value = misfit[conf->on_misfit];
	else if (key == DP_CONF_SIGN_KEY && conf->sign_key)
		value = conf->sign_key;
	else if (key == DP_CONF_TRUSTED_KEY && conf->trusted_key)
		value = conf->trusted_key;
	else
		value = "none";
	if (value)
		snprintf(text, size_b, "%s", value);
}

enum dp_err dp_conf_zone_add(struct dp_conf *conf, const char *glob,
    const char *folder, struct dp_diag *diag)
{
	char **grown, *zone = NULL;
	enum dp_err err = set_path(&zone, glob, folder, diag);

	if (err || !zone)
		return err;
	grown = realloc(conf->zones, (conf->zone_count + 1) * sizeof(*grown));
	if (!grown) {
		free(zone);
		dp_diag_set(diag, NULL, 0, "%s", dp_err_text(DP_ERR_NOMEM));
		return DP_ERR_NOMEM;
	}
	conf->zones = grown;
	conf->zones[conf->zone_count++] = zone;
	return DP_OK;
}

void dp_conf_zones_clear(struct dp_conf *conf)
{
	for (size_t i = 0; i < conf->zone_count; i++)
		free(conf->zones[i]);
	free(conf->zones);
	conf->zones = NULL;
	conf->zone_count = 0;
}
