#include "dp_config.h"

#include "tests/unit/golden.h"
#include "tests/unit/logged.h"

#include "tools/log/log_text.h"

static void lines_are_aligned(void)
{
	struct dp_log_batch b = { .size_b = 0 };
	struct dp_stream_item item = logged_item(1, 17);

	dp_log_text_item(&item, &b);
	item = logged_denial(18);
	dp_log_text_item(&item, &b);
	item.event.name_b = 0;
	dp_log_text_item(&item, &b);
	item = logged_loss(DP_STREAM_LOST, 5, 24);
	dp_log_text_item(&item, &b);
	item = logged_loss(DP_STREAM_ANEW, 0, 1);
	dp_log_text_item(&item, &b);
	golden_check("log.txt", (const char *)b.bytes, b.size_b);
	dp_log_batch_free(&b);
}

/* Nothing that a client or a file brought reaches a terminal raw. */
static void lines_are_printable(void)
{
	struct dp_log_batch b = { .size_b = 0 };
	struct dp_stream_item item = logged_denial(1);
	uint8_t name[255];

	for (size_t i = 0; i < sizeof(name) - 1; i++)
		name[i] = i % 64 == 0 ? (uint8_t)(i < 192 ? 63 : 61) : 0x1b;
	name[254] = 0;
	item.event.name = name;
	item.event.name_b = sizeof(name);
	dp_log_text_item(&item, &b);
	CU_ASSERT(b.size_b > 1000);
	for (size_t i = 0; i + 1 < b.size_b; i++)
		CU_ASSERT_FATAL(b.bytes[i] >= ' ' && b.bytes[i] < 0x7f);
	CU_ASSERT_EQUAL(b.bytes[b.size_b - 1], '\n');
	dp_log_batch_free(&b);
}

UNIT_MAIN("log_text", UNIT(lines_are_aligned), UNIT(lines_are_printable))
