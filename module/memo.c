#include "dp_config.h"

#include "module/memo.h"

#include <stdlib.h>
#include <string.h>

#include "module/core/policy_hash.h"

#define LEAST 1024u /* memos, powers of two */
#define MOST 65536u /* 12 MiB, of which only used pages are there */

#define LINE_B 64u /* of the processor's cache */
_Static_assert(sizeof(struct dp_memo) == 3 * LINE_B, "no more than that");

struct dp_memos {
	void *memory;
	struct dp_memo *memo; /* in it, at the beginning of a line */
	uint32_t mask;
	uint32_t turn; /* which of two makes room for a third */
	uint32_t map; /* counts the maps that there were */
	uint64_t map_id;
};

struct dp_memos *dp_memos_new(size_t count)
{
	struct dp_memos *memos = calloc(1, sizeof(*memos));
	uint32_t room = LEAST;
	uintptr_t at;

	if (!memos)
		return NULL;
	while (room < count && room < MOST)
		room *= 2;
	/* Pages that calloc has from the kernel are there when they are first
	 * used. */
	memos->memory = calloc(room + 1, sizeof(struct dp_memo));
	if (!memos->memory) {
		free(memos);
		return NULL;
	}
	at = (uintptr_t)memos->memory + LINE_B - 1;
	memos->memo = (void *)(at - at % LINE_B);
	memos->mask = room - 1;
	return memos;
}

void dp_memos_free(struct dp_memos **memos)
{
	if (!*memos)
		return;
	free((*memos)->memory);
	free(*memos);
	*memos = NULL;
}

/* Whoever makes names meet here makes them be looked up, as without memos. */
static uint32_t place_of(const struct dp_name *name, uint16_t type)
{
	const uint8_t *at = name->wire;
	unsigned left = name->len;
	uint64_t h = type;

	for (; left >= 8; left -= 8, at += 8) {
		uint64_t w;

		memcpy(&w, at, 8);
		h = dp_hash_mix(h, w);
	}
	if (left > 0)
		h = dp_hash_mix(h, dp_hash_rest(at, left));
	return (uint32_t)(h ^ h >> 32);
}

void dp_memo_expect(const struct dp_memos *memos, struct dp_memo_key *key)
{
	const char *lines;

	if (key->name->len > DP_MEMO_NAME_B)
		return;
	key->at = place_of(key->name, key->type) & memos->mask;
	lines = (const char *)&memos->memo[key->at];
	__builtin_prefetch(lines, 1);
	__builtin_prefetch(lines + LINE_B, 1);
}

static bool is_of(const struct dp_memo *memo, const struct dp_memo_key *key,
    uint64_t policy)
{
	const struct dp_name *name = key->name;

	return memo->policy == policy && memo->type == key->type &&
	    memo->name_b == name->len && memo->audience == key->audience &&
	    memcmp(memo->name, name->wire, name->len) == 0;
}

static void find_out(struct dp_memo *memo, const struct dp_memo_key *key,
    const struct dp_policy *p)
{
	struct dp_rule_info rule;

	memo->policy = dp_policy_instance(p);
	memo->map = 0;
	memo->type = key->type;
	memo->audience = (uint8_t)key->audience;
	memo->name_b = key->name->len;
	memcpy(memo->name, key->name->wire, key->name->len);
	memo->match = dp_policy_match(p, key->name, key->audience);
	memo->pinned = false;
	if (memo->match.rule == DP_RULE_NONE)
		return;
	dp_policy_rule_told(p, memo->match.rule, &memo->told);
	dp_policy_rule(p, memo->match.rule, &rule);
	memo->pinned = rule.pin_count > 0 &&
	    dp_policy_settings(p)->value[DP_SET_PINS] != DP_PINS_IGNORE;
}

/* One that holds nothing of the policy, or each of the two in turn. */
static struct dp_memo *room_in(struct dp_memos *memos, struct dp_memo *a,
    struct dp_memo *b, uint64_t policy)
{
	if (a->policy != policy)
		return a;
	if (b->policy != policy)
		return b;
	return memos->turn++ & 1 ? b : a;
}

static void begin_spots(struct dp_memos *memos, struct dp_memo *memo,
    uint64_t map_id)
{
	if (memos->map_id != map_id || memos->map == 0) {
		memos->map_id = map_id;
		memos->map++;
	}
	if (memo->map != memos->map) {
		memo->map = memos->map;
		memset(memo->spot, 0, sizeof(memo->spot));
	}
}

struct dp_memo *dp_memo_of(struct dp_memos *memos,
    const struct dp_memo_key *key, const struct dp_policy *p, uint64_t map_id)
{
	uint64_t policy = dp_policy_instance(p);
	struct dp_memo *memo, *other;

	if (key->name->len > DP_MEMO_NAME_B)
		return NULL;
	memo = &memos->memo[key->at];
	if (!is_of(memo, key, policy)) {
		other = &memos->memo[key->at ^ 1];
		if (is_of(other, key, policy)) {
			memo = other;
		} else {
			memo = room_in(memos, memo, other, policy);
			find_out(memo, key, p);
		}
	}
	begin_spots(memos, memo, map_id);
	return memo;
}
