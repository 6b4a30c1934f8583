#include "tools/policy/sort_key.h"

#include <stdlib.h>
#include <string.h>

#define KIND_EXACT 0u
#define KIND_WILDCARD 1u
#define LABEL_END 0u
#define ESCAPE 2u /* and all octets up to it are escaped */

size_t dp_sort_key_make(uint8_t key[DP_SORT_KEY_MAX],
    const struct dp_name *base, bool wildcard)
{
	uint8_t start[DP_NAME_LABELS_MAX];
	size_t n = 0;
	unsigned labels = 0;

	for (unsigned at = 0; base->wire[at]; at += 1u + base->wire[at])
		start[labels++] = (uint8_t)at;
	while (labels > 0) {
		const uint8_t *label = base->wire + start[--labels];

		for (unsigned i = 1; i <= label[0]; i++) {
			if (label[i] <= ESCAPE) {
				key[n++] = ESCAPE;
				key[n++] = (uint8_t)(label[i] + 1);
			} else {
				key[n++] = label[i];
			}
		}
		key[n++] = LABEL_END;
	}
	key[n++] = wildcard ? KIND_WILDCARD : KIND_EXACT;
	return n;
}

bool dp_sort_key_is_wildcard(const uint8_t *key, size_t key_b)
{
	return key[key_b - 1] == KIND_WILDCARD;
}

void dp_sort_key_name(struct dp_name *base, const uint8_t *key, size_t key_b)
{
	uint8_t wire[DP_NAME_MAX], label[DP_LABEL_MAX];
	size_t first = sizeof(wire), i = 0;

	/* From the root leftwards, filling wire from its end. */
	wire[--first] = 0;
	while (i < key_b - 1) {
		uint8_t n = 0;

		for (; key[i] != LABEL_END; i++)
			label[n++] = key[i] == ESCAPE
			    ? (uint8_t)(key[++i] - 1)
			    : key[i];
		i++;
		first -= 1u + n;
		wire[first] = n;
		memcpy(wire + first + 1, label, n);
	}
	base->len = (uint8_t)(sizeof(wire) - first);
	memcpy(base->wire, wire + first, base->len);
}

/* A key on its way to its place: the eight bytes that are looked at now. */
struct sorted {
	uint64_t head;
	uint32_t off; /* of the key in the block of all keys */
	uint32_t number : 31;
	uint32_t joined : 1; /* all bytes so far as those of the one before */
};

static int compare_heads(const void *a, const void *b)
{
	uint64_t x = ((const struct sorted *)a)->head;
	uint64_t y = ((const struct sorted *)b)->head;

	return (x > y) - (x < y);
}

/* The eight bytes at off, the first the most significant. They may reach into
 * the next key: that cannot matter, because two keys differ before one of them
 * ends. */
static uint64_t head_at(const struct dp_intern *keys, size_t off)
{
	size_t n = keys->used_b - off;
	uint8_t bytes[8] = { 0 };
	uint64_t head = 0;

	memcpy(bytes, keys->bytes + off, n < 8 ? n : 8);
	for (int i = 0; i < 8; i++)
		head = head << 8 | bytes[i];
	return head;
}

/* Sort a run of keys that agree up to depth by what follows there. */
static void sort_run(struct sorted *run, size_t n, size_t depth,
    const struct dp_intern *keys)
{
	for (size_t i = 0; i < n; i++)
		run[i].head = head_at(keys, run[i].off + depth);
	qsort(run, n, sizeof(*run), compare_heads);
	run[0].joined = 0;
	for (size_t i = 1; i < n; i++)
		run[i].joined = run[i].head == run[i - 1].head;
}

/*
 * Eight bytes at a time, runs of equal ones are sorted again by the next eight.
 * A comparison of numbers costs far less than one of names that are spread over
 * the memory.
 */
enum dp_err dp_sort_keys(uint32_t **order, const struct dp_intern *keys)
{
	size_t n = keys->count, runs = n > 1;
	struct sorted *s = malloc((n + 1) * sizeof(*s));
	uint32_t *numbers = malloc((n + 1) * sizeof(*numbers));

	if (!s || !numbers) {
		free(s);
		free(numbers);
		return DP_ERR_NOMEM;
	}
	for (size_t i = 0; i < n; i++)
		s[i] = (struct sorted){ 0, keys->items[i].off,
			(uint32_t)i & INT32_MAX, i > 0 };
	for (size_t depth = 0; runs > 0; depth += 8) {
		runs = 0;
		for (size_t first = 0, end; first < n; first = end) {
			for (end = first + 1; end < n && s[end].joined;)
				end++;
			if (end - first < 2)
				continue;
			sort_run(s + first, end - first, depth, keys);
			runs++;
		}
	}
	for (size_t i = 0; i < n; i++)
		numbers[i] = s[i].number;
	free(s);
	*order = numbers;
	return DP_OK;
}
