#include "dp_config.h"

#include "tools/log/log_form.h"

#include <stdlib.h>
#include <string.h>

#include "tools/log/log_dnstap.h"
#include "tools/log/log_frames.h"
#include "tools/log/log_json.h"
#include "tools/log/log_text.h"

struct dp_log_form {
	enum dp_log_format format;
	struct dp_log_json *json;
	struct dp_log_dnstap *dnstap;
	struct dp_log_seal *seal;
	struct dp_log_batch line; /* that is to be sealed */
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
	dp_log_seal_close(&(*f)->seal);
	dp_log_batch_free(&(*f)->line);
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

void dp_log_form_seal(struct dp_log_form *f, struct dp_log_seal *seal)
{
	f->seal = seal;
}

struct dp_log_seal *dp_log_form_seal_of(const struct dp_log_form *f)
{
	return f->seal;
}

void dp_log_form_tail(struct dp_log_form *f, bool goes_on, uint64_t now_us,
    struct dp_log_batch *to)
{
	if (f->format == DP_LOG_DNSTAP)
		dp_frames_stop(to);
	if (!f->seal)
		return;
	if (dp_log_seal_end(f->seal, goes_on, now_us) != DP_OK)
		to->starved = true;
	dp_log_seal_output(f->seal, to);
}

static void seal_item(struct dp_log_form *f, const struct dp_stream_item *item,
    bool anew, uint64_t now_us, struct dp_log_batch *to)
{
	dp_log_batch_clear(&f->line);
	dp_log_json_item(f->json, item, &f->line);
	if (f->line.starved ||
	    dp_log_seal_add(f->seal, item, &f->line, anew, now_us) != DP_OK)
		to->starved = true;
}

void dp_log_form_item(struct dp_log_form *f, const struct dp_stream_item *item,
    bool anew, uint64_t now_us, struct dp_log_batch *to)
{
	switch (f->format) {
	case DP_LOG_JSON:
		if (f->seal)
			seal_item(f, item, anew, now_us, to);
		else
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
	if (f->format == DP_LOG_JSON && !f->seal)
		dp_log_json_positions(f->json, positions, now_us, to);
}

void dp_log_form_output(struct dp_log_form *f, uint64_t now_us,
    struct dp_log_batch *to)
{
	if (!f->seal || to->size_b > 0)
		return;
	if (dp_log_seal_tick(f->seal, now_us) != DP_OK)
		to->starved = true;
	dp_log_seal_output(f->seal, to);
}
