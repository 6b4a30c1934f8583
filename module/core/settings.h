/*
 * The settings that a compiled policy carries (setting.def), as plain numbers.
 */
#ifndef DP_SETTINGS_H
#define DP_SETTINGS_H

#include <stdint.h>

enum dp_setting {
#define DP_SETTING_ENUM(id, name, words, def, brief, text) DP_SET_##id,
#define DP_SETTING_UINT(id, name, unit, min, max, def, brief, text) DP_SET_##id,
#include "module/core/setting.def"
#undef DP_SETTING_ENUM
#undef DP_SETTING_UINT
	DP_SETTING_COUNT
};

enum dp_mode { DP_MODE_STRICT, DP_MODE_OBSERVE };
enum dp_chain { DP_CHAIN_INHERIT, DP_CHAIN_INSPECT };
enum dp_pins { DP_PINS_IGNORE, DP_PINS_REPORT, DP_PINS_ENFORCE };
enum dp_private { DP_PRIVATE_REFUSE, DP_PRIVATE_ALLOW };
enum dp_barrier {
	DP_BARRIER_OFF,
	DP_BARRIER_FAIL_OPEN,
	DP_BARRIER_FAIL_CLOSED
};
enum dp_order { DP_ORDER_REFUSE, DP_ORDER_ACCEPT };
enum dp_privacy {
	DP_PRIVACY_NONE,
	DP_PRIVACY_PSEUDONYM,
	DP_PRIVACY_PREFIX,
	DP_PRIVACY_OMIT
};

#define DP_NFT_TABLE_MAX 32 /* bytes, with the NUL */

struct dp_settings {
	uint32_t value[DP_SETTING_COUNT]; /* by enum dp_setting */
	char nft_table[DP_NFT_TABLE_MAX]; /* name of the nftables table */
};

/* One line of the table. words is NULL for numbers; unit is NULL, min and max
 * are 0 for words. */
struct dp_setting_info {
	const char *name;
	const char *words; /* separated by spaces, in order of value */
	const char *unit;
	uint32_t min;
	uint32_t max;
	uint32_t def;
	const char *brief;
	const char *text;
};

/* By enum dp_setting, DP_SETTING_COUNT entries, static storage. */
extern const struct dp_setting_info dp_setting_info[DP_SETTING_COUNT];

/* Defaults everywhere; nft_table "dnspin". */
void dp_settings_default(struct dp_settings *s);

/* NULL when every value is in range and they fit each other, else a sentence
 * that says what is wrong (static storage). */
const char *dp_settings_wrong(const struct dp_settings *s);

/* The word for an enumerated setting's value; "?" when out of range. Copied
 * into word, at most size_b with the NUL. */
void dp_setting_word(enum dp_setting id, uint32_t value, char *word,
    unsigned long size_b);

#endif
