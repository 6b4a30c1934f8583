#include "dp_config.h"

#include "tools/log_form.h"

#include <stdlib.h>
#include <string.h>

#include "tools/log_dnstap.h"
#include "tools/log_frames.h"
#include "tools/log_json.h"
#include "tools/log_text.h"

struct dp_log_form {
	enum dp_log_format format;
	struct dp_log_json *json;
	struct dp_log_dnstap *dnstap;
};

bool dp_log_format_find(enum dp_log_format *out, const char *word)
{
	static const char *const words[] = { "json", "text", "dnstap" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			*out = (enum dp_log_format)i;
			return true;
		}
	return false;
}

struct dp_log_form *dp_log_form_open(enum dp_log_format format)
{
	struct dp_log_form *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->format = format;
	if (format == DP_LOG_JSON)
		f->json = dp_log_json_open();
	if (format == DP_LOG_DNSTAP)
		f->dnstap = dp_log_dnstap_open();
	if (format != DP_LOG_TEXT && !f->json && !f->dnstap)
		dp_log_form_close(&f);
	return f;
}

void dp_log_form_close(struct dp_log_form **f)
{
	if (!*f)
		return;
	dp_log_json_close(&(*f)->json);
	dp_log_dnstap_close(&(*f)->dnstap);
	free(*f);
	*f = NULL;
}

void dp_log_form_head(struct dp_log_form *f,
    const struct dp_log_positions *positions, uint64_t now_us,
    struct dp_log_batch *to)
{
	if (f->format == DP_LOG_DNSTAP)
		dp_frames_start(to);
	dp_log_form_positions(f, positions, now_us, to);
}

void dp_log_form_tail(struct dp_log_form *f, struct dp_log_batch *to)
{
	if (f->format == DP_LOG_DNSTAP)
		dp_frames_stop(to);
}

void dp_log_form_item(struct dp_log_form *f, const struct dp_stream_item *item,
    struct dp_log_batch *to)
{
	switch (f->format) {
	case DP_LOG_JSON:
		dp_log_json_item(f->json, item, to);
		break;
	case DP_LOG_TEXT:
		dp_log_text_item(item, to);
		break;
	case DP_LOG_DNSTAP:
		dp_log_dnstap_item(f->dnstap, item, to);
		break;
	}
}

void dp_log_form_positions(struct dp_log_form *f,
    const struct dp_log_positions *positions, uint64_t now_us,
    struct dp_log_batch *to)
{
	if (f->format == DP_LOG_JSON)
		dp_log_json_positions(f->json, positions, now_us, to);
}
