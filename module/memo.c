#include "dp_config.h"

#include "module/memo.h"

#include <stdlib.h>
#include <string.h>

#include "module/core/policy_hash.h"

#define MEMOS 16384u /* a power of two: 2 MiB, of which few pages are used */

/* Two cache lines, that processors fetch as a pair. */
_Static_assert(sizeof(struct dp_memo) == 128, "no more than that");

struct dp_memos {
	void *memory;
	struct dp_memo *memo; /* MEMOS of them, in it */
};

/* Pages that calloc has from the kernel are there when they are first used. */
struct dp_memos *dp_memos_new(void)
{
	struct dp_memos *memos = calloc(1, sizeof(*memos));
	uintptr_t at;

	if (!memos)
		return NULL;
	memos->memory = calloc(MEMOS + 1, sizeof(struct dp_memo));
	if (!memos->memory) {
		free(memos);
		return NULL;
	}
	at = (uintptr_t)memos->memory + sizeof(struct dp_memo) - 1;
	memos->memo = (void *)(at - at % sizeof(struct dp_memo));
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
	return (uint32_t)(h ^ h >> 32) & (MEMOS - 1);
}

static void find_out(struct dp_memo *memo, const struct dp_policy *p,
    const struct dp_name *name, uint16_t type, uint32_t audience)
{
	memo->policy = dp_policy_instance(p);
	memo->match = dp_policy_match(p, name, audience);
	if (memo->match.rule != DP_RULE_NONE)
		dp_policy_rule_told(p, memo->match.rule, &memo->told);
	memset(memo->hint, 0, sizeof(memo->hint));
	memo->audience = audience;
	memo->type = type;
	memo->name_b = name->len;
	memcpy(memo->name, name->wire, name->len);
}

struct dp_memo *dp_memo_of(struct dp_memos *memos, const struct dp_policy *p,
    const struct dp_name *name, uint16_t type, uint32_t audience)
{
	struct dp_memo *memo;

	if (name->len > DP_MEMO_NAME_B)
		return NULL;
	memo = &memos->memo[place_of(name, type)];
	if (memo->policy != dp_policy_instance(p) ||
	    memo->audience != audience || memo->type != type ||
	    memo->name_b != name->len ||
	    memcmp(memo->name, name->wire, name->len) != 0)
		find_out(memo, p, name, type, audience);
	return memo;
}
