/* A ring in a folder of its own, for the unit tests of its two halves. */
#ifndef DP_RING_OF_H
#define DP_RING_OF_H

#include <string.h>
#include <unistd.h>

#include "module/core/ring.h"
#include "tests/unit/unit.h"

static char ring_dir[64];
static char ring_path[128];

static const struct dp_ring_made ring_made = { 0, 7, { 1, 2 } };

static int ring_folder_make(void)
{
	snprintf(ring_dir, sizeof(ring_dir), "%s", "/tmp/dnspin-ring.XXXXXX");
	if (!mkdtemp(ring_dir))
		return 1;
	snprintf(ring_path, sizeof(ring_path), "%s/0", ring_dir);
	return 0;
}

static int ring_folder_remove(void)
{
	unlink(ring_path);
	return rmdir(ring_dir);
}

static inline struct dp_ring *ring_open(void)
{
	struct dp_ring *r = NULL;
	struct dp_diag diag;

	CU_ASSERT_EQUAL_FATAL(dp_ring_open(&r, ring_path, &ring_made, &diag),
	    DP_OK);
	return r;
}

static inline struct dp_ring_reader *ring_reader(void)
{
	struct dp_ring_reader *r = NULL;
	struct dp_diag diag;

	CU_ASSERT_EQUAL_FATAL(dp_ring_reader_open(&r, ring_path, &diag),
	    DP_OK);
	return r;
}

/* Records of 1 to 40 words that all hold their number. */
static inline void ring_write(struct dp_ring *r, uint64_t number)
{
	uint64_t words[40];
	size_t count = number % 40 + 1;

	for (size_t i = 0; i < count; i++)
		words[i] = number;
	CU_ASSERT_FATAL(dp_ring_write(r, DP_RING_EVENT, words, count));
}

static inline bool ring_is_whole(const struct dp_ring_item *item)
{
	size_t count = item->number % 40 + 1;
	uint64_t words[41];

	if (item->kind != DP_RING_EVENT ||
	    item->size_b != (count + (count & 1)) * 8)
		return false;
	memcpy(words, item->bytes, item->size_b);
	for (size_t i = 0; i < count; i++)
		if (words[i] != item->number)
			return false;
	return count % 2 == 0 || words[count] == 0;
}

#endif
