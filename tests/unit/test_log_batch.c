#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "tools/log/log_batch.h"

static void octets_come_one_behind_the_other(void)
{
	struct dp_log_batch b = { .size_b = 0 };
	char chunk[1000];

	for (int i = 0; i < 100; i++) {
		memset(chunk, 'a' + i % 26, sizeof(chunk));
		dp_log_batch_add(&b, chunk, sizeof(chunk));
	}
	dp_log_batch_add(&b, NULL, 0);
	CU_ASSERT_FALSE(b.starved);
	CU_ASSERT_EQUAL_FATAL(b.size_b, 100 * sizeof(chunk));
	for (size_t i = 0; i < b.size_b; i++)
		CU_ASSERT_EQUAL_FATAL(b.bytes[i], 'a' + i / 1000 % 26);
	dp_log_batch_free(&b);
}

static void cleared_is_empty_and_keeps_its_room(void)
{
	struct dp_log_batch b = { .size_b = 0 };
	size_t room_b;

	dp_log_batch_add(&b, "some", 4);
	room_b = b.room_b;
	b.starved = true;
	dp_log_batch_add(&b, "more", 4); /* which would leave a hole */
	CU_ASSERT_EQUAL(b.size_b, 4);
	dp_log_batch_clear(&b);
	CU_ASSERT_EQUAL(b.size_b, 0);
	CU_ASSERT_EQUAL(b.room_b, room_b);
	CU_ASSERT_FALSE(b.starved);
	dp_log_batch_free(&b);
	CU_ASSERT_PTR_NULL(b.bytes);
}

UNIT_MAIN("log_batch", UNIT(octets_come_one_behind_the_other),
    UNIT(cleared_is_empty_and_keeps_its_room))
