#include "dp_config.h"

#include "tests/unit/logged.h"

#include "tools/log/log_form.h"

static struct dp_log_positions positions;

static void formats_have_names(void)
{
	enum dp_log_format format = DP_LOG_TEXT;

	CU_ASSERT_FALSE(dp_log_format_find(&format, "xml"));
	CU_ASSERT_EQUAL(format, DP_LOG_TEXT);
	CU_ASSERT(dp_log_format_find(&format, "json"));
	CU_ASSERT_EQUAL(format, DP_LOG_JSON);
	CU_ASSERT(dp_log_format_find(&format, "dnstap"));
	CU_ASSERT_EQUAL(format, DP_LOG_DNSTAP);
}

/* What begins a file, what an event is told by, and does a file have an end? */
static void each_writes_its_own(void)
{
	static const struct {
		enum dp_log_format format;
		const char *head, *event;
		bool tail;
	} cases[] = {
		{ DP_LOG_JSON, "{\"positions\":[]}", "\"verdict\":\"allow\"",
		    false },
		{ DP_LOG_TEXT, NULL, "Z allow ", false },
		{ DP_LOG_DNSTAP, "protobuf:dnstap.Dnstap", "verdict=allow",
		    true },
	};
	struct dp_stream_item item = logged_item(0, 1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_log_form *f = dp_log_form_open(cases[i].format);
		struct dp_log_batch b = { .size_b = 0 };

		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		dp_log_form_head(f, &positions, LOGGED_US, &b);
		if (cases[i].head)
			CU_ASSERT(logged_has(&b, cases[i].head));
		CU_ASSERT_EQUAL(b.size_b > 0, cases[i].head != NULL);
		dp_log_batch_clear(&b);
		dp_log_form_item(f, &item, true, LOGGED_US, &b);
		CU_ASSERT(logged_has(&b, cases[i].event));
		dp_log_batch_clear(&b);
		dp_log_form_tail(f, true, LOGGED_US, &b);
		CU_ASSERT_EQUAL(b.size_b > 0, cases[i].tail);
		dp_log_batch_free(&b);
		dp_log_form_close(&f);
		CU_ASSERT_PTR_NULL(f);
	}
}

UNIT_MAIN("log_form", UNIT(formats_have_names), UNIT(each_writes_its_own))
