#include "dp_config.h"

#include "tools/report/tally.h"

#include <stdlib.h>
#include <string.h>

#include "module/core/policy_hash.h"

#define SETS 1024u /* a power of two */
#define WAYS 4u	   /* places of a set, of which the lightest makes room */
#define TOO_LIGHT 0.01

struct place {
	double weight; /* 0: empty */
	uint8_t key_b;
	uint8_t key[DP_TALLY_KEY_MAX];
};

struct dp_tally {
	uint64_t seed;
	struct place places[SETS][WAYS];
};

enum dp_err dp_tally_open(struct dp_tally **out, uint64_t seed)
{
	struct dp_tally *t = calloc(1, sizeof(*t));

	if (!t)
		return DP_ERR_NOMEM;
	t->seed = seed;
	*out = t;
	return DP_OK;
}

void dp_tally_close(struct dp_tally **t)
{
	free(*t);
	*t = NULL;
}

static size_t set_of(const struct dp_tally *t, const uint8_t *key,
    size_t key_b)
{
	uint64_t h = dp_hash_mix(t->seed, key_b), word;

	for (; key_b > 0; key += sizeof(word)) {
		size_t n = key_b < sizeof(word) ? key_b : sizeof(word);

		word = 0;
		memcpy(&word, key, n);
		h = dp_hash_mix(h, word);
		key_b -= n;
	}
	return (h >> 32) & (SETS - 1);
}

void dp_tally_add(struct dp_tally *t, const void *key, size_t key_b)
{
	struct place *set, *lightest;

	key_b = key_b < DP_TALLY_KEY_MAX ? key_b : DP_TALLY_KEY_MAX;
	set = t->places[set_of(t, key, key_b)];
	lightest = &set[0];
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].weight > 0 && set[i].key_b == key_b &&
		    memcmp(set[i].key, key, key_b) == 0) {
			set[i].weight++;
			return;
		}
		if (set[i].weight < lightest->weight)
			lightest = &set[i];
	}
	lightest->weight++;
	lightest->key_b = (uint8_t)key_b;
	memcpy(lightest->key, key, key_b);
}

void dp_tally_fade(struct dp_tally *t, double factor)
{
	for (size_t i = 0; i < SETS * WAYS; i++) {
		struct place *p = &t->places[i / WAYS][i % WAYS];

		p->weight *= factor;
		if (p->weight < TOO_LIGHT)
			p->weight = 0;
	}
}

/* Equal weights stand in the order of their keys, so that rows keep still. */
static int is_before(const struct dp_tally_row *a, const struct place *b)
{
	size_t n = a->key_b < b->key_b ? a->key_b : b->key_b;
	int order;

	if (a->weight > b->weight || a->weight < b->weight)
		return a->weight > b->weight;
	order = memcmp(a->key, b->key, n);
	return order ? order < 0 : a->key_b <= b->key_b;
}

size_t dp_tally_top(const struct dp_tally *t, struct dp_tally_row *rows,
    size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < SETS * WAYS; i++) {
		const struct place *p = &t->places[i / WAYS][i % WAYS];
		size_t at;

		if (p->weight <= 0)
			continue;
		at = count < max ? count++ : max;
		while (at > 0 && !is_before(&rows[at - 1], p)) {
			if (at < max)
				rows[at] = rows[at - 1];
			at--;
		}
		if (at < max)
			rows[at] = (struct dp_tally_row){ p->key, p->key_b,
				p->weight };
	}
	return count;
}
