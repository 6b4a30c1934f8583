/*
 * What dnspin log does with bytes of others: events of a ring to lines of each
 * format, all of them printable and JSON where they must be; and the log of an
 * earlier run, which says where to go on.
 */
#include "dp_config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "module/core/event.h"
#include "tests/fuzz/fuzz.h"
#include "tools/log/log_form.h"
#include "tools/log/log_resume.h"

const char fuzz_seeds[] = "tests/fuzz/seeds/log";

/* One line, with nothing in it that a terminal would obey. */
static void must_be_line(const struct dp_log_batch *b)
{
	if (b->size_b == 0 || b->bytes[b->size_b - 1] != '\n')
		abort();
	for (size_t i = 0; i + 1 < b->size_b; i++)
		if (b->bytes[i] < ' ' || b->bytes[i] >= 0x7f)
			abort();
}

static void must_be_json(const struct dp_log_batch *b)
{
	json_t *json = json_loadb((const char *)b->bytes, b->size_b,
	    JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(json))
		abort();
	json_decref(json);
}

static void write_as(enum dp_log_format format,
    const struct dp_stream_item *item)
{
	struct dp_log_form *f = dp_log_form_open(format);
	struct dp_log_batch b = { .size_b = 0 };

	if (!f)
		abort();
	dp_log_form_item(f, item, true, 0, &b);
	if (b.starved || b.size_b == 0)
		abort();
	if (format != DP_LOG_DNSTAP)
		must_be_line(&b);
	if (format == DP_LOG_JSON)
		must_be_json(&b);
	dp_log_batch_free(&b);
	dp_log_form_close(&f);
}

static void as_event(const uint8_t *data, size_t size)
{
	struct dp_stream_item item = { .kind = DP_STREAM_EVENT, .number = 1 };

	if (dp_event_decode(&item.event, data, size) != DP_OK)
		return;
	write_as(DP_LOG_JSON, &item);
	write_as(DP_LOG_TEXT, &item);
	write_as(DP_LOG_DNSTAP, &item);
}

static void as_log(const uint8_t *data, size_t size)
{
	static struct dp_log_positions positions;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	uint64_t whole_b;
	bool found;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	memset(&positions, 0, sizeof(positions));
	if (dp_log_resume_read(&positions, &found, &whole_b, fd, "fuzz",
		NULL) != DP_OK)
		abort();
	if (whole_b > size || (whole_b > 0 && data[whole_b - 1] != '\n') ||
	    positions.count > DP_LOG_RINGS_MAX ||
	    (positions.count > 0 && !found))
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_event(data, size);
	as_log(data, size);
	return 0;
}
