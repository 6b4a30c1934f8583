#include "module/core/settings.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const struct dp_setting_info dp_setting_info[DP_SETTING_COUNT] = {
#define DP_SETTING_ENUM(id, name, words, def, brief, text) \
	[DP_SET_##id] = { name, words, NULL, 0, 0, def, brief, text },
#define DP_SETTING_UINT(id, name, unit, min, max, def, brief, text) \
	[DP_SET_##id] = { name, NULL, unit, min, max, def, brief, text },
#include "module/core/setting.def"
#undef DP_SETTING_ENUM
#undef DP_SETTING_UINT
};

static const char *const range_text[DP_SETTING_COUNT] = {
#define DP_SETTING_ENUM(id, name, words, def, brief, text) \
	[DP_SET_##id] = name " is none of: " words,
#define DP_SETTING_UINT(id, name, unit, min, max, def, brief, text) \
	[DP_SET_##id] = name " is not within " #min " and " #max " " unit,
#include "module/core/setting.def"
#undef DP_SETTING_ENUM
#undef DP_SETTING_UINT
};

void dp_settings_default(struct dp_settings *s)
{
	memset(s, 0, sizeof(*s));
	for (int i = 0; i < DP_SETTING_COUNT; i++)
		s->value[i] = dp_setting_info[i].def;
	memcpy(s->nft_table, "dnspin", sizeof("dnspin"));
}

/* Word number `value` of a list; its length in *len. NULL: there is none. */
static const char *word_at(const char *words, uint32_t value, size_t *len)
{
	for (; value > 0; value--) {
		words = strchr(words, ' ');
		if (!words)
			return NULL;
		words++;
	}
	*len = strcspn(words, " ");
	return words;
}

void dp_setting_word(enum dp_setting id, uint32_t value, char *word,
    unsigned long size_b)
{
	const char *found = NULL;
	size_t len = 0;

	if ((unsigned)id < DP_SETTING_COUNT && dp_setting_info[id].words)
		found = word_at(dp_setting_info[id].words, value, &len);
	if (found)
		snprintf(word, size_b, "%.*s", (int)len, found);
	else
		snprintf(word, size_b, "?");
}

static bool in_range(const struct dp_setting_info *info, uint32_t value)
{
	size_t len;

	if (info->words)
		return word_at(info->words, value, &len) != NULL;
	return value >= info->min && value <= info->max;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What nft takes for an identifier, without the characters that mean something
 * to a shell or in a path. */
static bool table_name_fits(const char name[DP_NFT_TABLE_MAX])
{
	size_t n = 1;

	if (!is_letter(name[0]) && name[0] != '_')
		return false;
	while (n < DP_NFT_TABLE_MAX && name[n] != '\0') {
		if (!is_letter(name[n]) && !strchr("0123456789_-", name[n]))
			return false;
		n++;
	}
	return n < DP_NFT_TABLE_MAX;
}

const char *dp_settings_wrong(const struct dp_settings *s)
{
	for (int i = 0; i < DP_SETTING_COUNT; i++)
		if (!in_range(&dp_setting_info[i], s->value[i]))
			return range_text[i];
	if (s->value[DP_SET_MIN_LIFETIME] > s->value[DP_SET_MAX_LIFETIME])
		return "min-lifetime is above max-lifetime";
	if (!table_name_fits(s->nft_table))
		return "the nftables table's name must be 1 to 31 letters, "
		       "digits, '_' or '-', the first a letter or '_'";
	return NULL;
}
