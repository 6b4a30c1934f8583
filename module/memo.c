#include "dp_config.h"

#include "module/memo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "module/core/policy_hash.h"

#define LEAST 1024u /* memos, powers of two */
#define MOST 65536u /* 12 MiB */

#define WAYS 4u /* side by side, in one of which a memo is: a power of two */

#define LINE_B 64u /* of the processor's cache */
_Static_assert(sizeof(struct dp_memo) == 3 * LINE_B, "no more than that");

#define HUGE_B ((size_t)2 << 20) /* a large page; other sizes do no harm */

struct dp_memos {
	struct dp_memo *memo;
	void *memory; /* where it lies */
	size_t memory_b;
	uint32_t mask;
	uint32_t turn; /* which one makes room where all are taken */
	uint32_t map; /* counts the maps that there were */
	uint64_t map_id;
};

/* Zeros, which are there when they are first used. Where memos are many, which
 * is the case for names that come seldom, half of the time would go into finding
 * their pages: so these are large. */
static bool get_memory(struct dp_memos *memos, size_t size_b)
{
	uintptr_t at;

	memos->memory_b = size_b + HUGE_B;
	memos->memory = mmap(NULL, memos->memory_b, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memos->memory == MAP_FAILED)
		return false;
	at = (uintptr_t)memos->memory + HUGE_B - 1;
	memos->memo = (void *)(at - at % HUGE_B);
	if (size_b > HUGE_B)
		(void)madvise(memos->memo, size_b, MADV_HUGEPAGE);
	return true;
}

struct dp_memos *dp_memos_new(size_t count)
{
	struct dp_memos *memos = calloc(1, sizeof(*memos));
	uint32_t room = LEAST;

	if (!memos)
		return NULL;
	while (room < count && room < MOST)
		room *= 2;
	if (!get_memory(memos, room * sizeof(*memos->memo))) {
		free(memos);
		return NULL;
	}
	memos->mask = room - 1;
	return memos;
}

void dp_memos_free(struct dp_memos **memos)
{
	if (!*memos)
		return;
	(void)munmap((*memos)->memory, (*memos)->memory_b);
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

/* The first that holds nothing of the policy, or each in turn. */
static struct dp_memo *room_for(struct dp_memos *memos,
    const struct dp_memo_key *key, uint64_t policy)
{
	for (uint32_t i = 0; i < WAYS; i++)
		if (memos->memo[key->at ^ i].policy != policy)
			return &memos->memo[key->at ^ i];
	return &memos->memo[key->at ^ memos->turn++ % WAYS];
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
	struct dp_memo *memo = NULL;

	if (key->name->len > DP_MEMO_NAME_B)
		return NULL;
	for (uint32_t i = 0; i < WAYS && !memo; i++)
		if (is_of(&memos->memo[key->at ^ i], key, policy))
			memo = &memos->memo[key->at ^ i];
	if (!memo) {
		memo = room_for(memos, key, policy);
		find_out(memo, key, p);
	}
	begin_spots(memos, memo, map_id);
	return memo;
}
