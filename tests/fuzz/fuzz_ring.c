/*
 * The reader of rings against a hostile file: the input is the head of it and
 * what the data begins with, and the reader steps through it to its end.
 */
#include "dp_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "module/core/event.h"
#include "module/core/ring.h"
#include "tests/fuzz/fuzz.h"

#define FILE_B (DP_RING_DATA_AT + DP_RING_MIN_B)
/* Each record, and each loss before it, and a step back. */
#define STEPS_MAX (2 * DP_RING_MIN_B / DP_RING_ALIGN_B + 2)

const char fuzz_seeds[] = "tests/fuzz/seeds/ring";

static void put(int fd, const uint8_t *data, size_t size, off_t at)
{
	if (pwrite(fd, data, size, at) != (ssize_t)size)
		abort();
}

/* What the reader hands out is a place of its own that can be read. */
static void must_be_sound(const struct dp_ring_item *item, uint64_t expected)
{
	struct dp_event e;

	if (item->number < expected || (uintptr_t)item->bytes % 8 != 0 ||
	    item->size_b > DP_RING_PAYLOAD_MAX)
		abort();
	(void)!dp_event_decode(&e, item->bytes, item->size_b);
}

static void follow(struct dp_ring_reader *r)
{
	struct dp_ring_item item;
	uint64_t expected = 0;

	for (unsigned i = 0; i <= STEPS_MAX; i++) {
		switch (dp_ring_next(r, &item)) {
		case DP_RING_NONE:
			return;
		case DP_RING_RECORD:
			must_be_sound(&item, expected);
			expected = item.number + 1;
			break;
		case DP_RING_LOST:
			if (item.lost == 0 || item.number < expected)
				abort();
			break;
		case DP_RING_BACK:
			expected = 0;
			break;
		}
	}
	abort(); /* it has no end */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t head_b = size < sizeof(struct dp_ring_d) ?
	    size : sizeof(struct dp_ring_d);
	struct dp_ring_reader *r = NULL;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];

	if (fd < 0 || ftruncate(fd, FILE_B) != 0)
		abort();
	put(fd, data, head_b, 0);
	if (size - head_b <= DP_RING_MIN_B)
		put(fd, data + head_b, size - head_b, DP_RING_DATA_AT);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (dp_ring_reader_open(&r, path, NULL) == DP_OK)
		follow(r);
	dp_ring_reader_close(&r);
	close(fd);
	return 0;
}
