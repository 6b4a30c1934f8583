#include "dp_config.h"

#include "tools/report/top_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEAD_ROWS 3u /* lines above the lists */
#define ROWS_MIN 3u  /* of a list */
#define LISTS 3u     /* one below the other */
#define GAP 2u	     /* columns between two lists */
#define RATE_COLUMNS 9u

struct page {
	char *text;
	size_t used, room;
	unsigned width;
};

/* One line, cut at the width; what does not fit the page is left out. */
static void line(struct page *p, const char *fmt, ...) DP_PRINTF(2, 3);
static void line(struct page *p, const char *fmt, ...)
{
	char text[DP_TOP_WIDTH_MAX + 1];
	va_list args;
	size_t len;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	len = strnlen(text, p->width);
	while (len > 0 && text[len - 1] == ' ')
		len--;
	if (p->used + len + 2 > p->room)
		return;
	memcpy(p->text + p->used, text, len);
	p->used += len;
	p->text[p->used++] = '\n';
	p->text[p->used] = '\0';
}

static double per_second(const struct dp_top *t, double weight)
{
	return t->seconds > 0 ? weight / t->seconds : 0;
}

static double all_verdicts(const struct dp_top *t)
{
	double sum = 0;

	for (int i = 0; i < DP_EVENT_VERDICT_COUNT; i++)
		sum += t->verdicts[i];
	return sum;
}

/* --- the head ------------------------------------------------------------- */

static void say_rates(struct page *p, const struct dp_top *t)
{
	char text[DP_TOP_WIDTH_MAX];
	double all = all_verdicts(t);
	size_t n = 0;

	for (int i = 0; i < DP_EVENT_VERDICT_COUNT && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "  %s %.1f %%", dp_event_verdicts[i].word,
		    all > 0 ? 100 * t->verdicts[i] / all : 0);
	line(p, "%.*f/s%s", t->whole ? 1 : 0, per_second(t, all), text);
}

static uint64_t flagged(const struct dp_top *t, unsigned flag)
{
	unsigned bit = 0;

	while (flag >> bit != 1)
		bit++;
	return t->flagged[bit];
}

static void say_totals(struct page *p, const struct dp_top *t)
{
	line(p, "%" PRIu64 " answers  %" PRIu64 " lost  %" PRIu64
		" held, %.1f ms at most  %" PRIu64 " withheld  %" PRIu64
		" leaked  %" PRIu64 " outside pins", t->events, t->lost,
	    t->held_events, t->hold_max_us / 1000.0,
	    flagged(t, DP_EVENT_WITHHELD), flagged(t, DP_EVENT_LEAKED),
	    flagged(t, DP_EVENT_PIN_OUTSIDE));
}

static void say_head(struct page *p, const struct dp_top *t, uint64_t now_s,
    size_t rings)
{
	time_t s = (time_t)now_s;
	char clock[32] = "?";
	struct tm tm;

	if (localtime_r(&s, &tm))
		(void)strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	line(p, "dnspin top  %s  %zu %s  %" PRIu64 " new bindings", clock,
	    rings, rings == 1 ? "ring" : "rings", t->new_count);
	say_rates(p, t);
	say_totals(p, t);
}

/* --- the lists ------------------------------------------------------------ */

static const char *const titles[DP_TOP_LISTS] = {
	[DP_TOP_NAMES] = "NAME",
	[DP_TOP_CLIENTS] = "CLIENT",
	[DP_TOP_REFUSED] = "OFF-LIST NAME",
	[DP_TOP_OUTSIDE] = "OUTSIDE ITS PINS",
};

/* The end of a name tells more than its beginning. */
static void fit(char *to, const char *text, size_t columns)
{
	size_t len = strlen(text);

	if (len <= columns)
		snprintf(to, columns + 1, "%-*s", (int)columns, text);
	else
		snprintf(to, columns + 1, "~%s", text + len - columns + 1);
}

static void name_text(char text[DP_NAME_TEXT_MAX], const uint8_t *wire,
    size_t len)
{
	struct dp_name name;

	text[0] = '\0';
	if (dp_name_copy_lower(&name, wire, len))
		(void)dp_name_to_text(&name, text);
}

static void cell(char *to, size_t columns, const struct dp_top *t,
    enum dp_top_list list, const struct dp_tally_row *row)
{
	char text[DP_NAME_TEXT_MAX];

	if (list == DP_TOP_CLIENTS)
		snprintf(text, sizeof(text), "%.*s", (int)row->key_b,
		    (const char *)row->key);
	else
		name_text(text, row->key, row->key_b);
	snprintf(to, columns + 1, "%*.*f ", (int)RATE_COLUMNS - 1,
	    t->whole ? 0 : 1,
	    t->whole ? row->weight : per_second(t, row->weight));
	fit(to + RATE_COLUMNS, text, columns - RATE_COLUMNS);
}

struct column {
	enum dp_top_list list;
	size_t columns;
	struct dp_tally_row rows[DP_TOP_WIDTH_MAX];
	size_t count;
};

static void column_make(struct column *c, const struct dp_top *t,
    enum dp_top_list list, size_t columns, size_t rows)
{
	c->list = list;
	c->columns = columns;
	c->count = dp_tally_top(t->lists[list], c->rows, rows);
}

static void column_cell(char *to, const struct column *c,
    const struct dp_top *t, size_t row)
{
	snprintf(to, c->columns + 1, "%*s", (int)c->columns, "");
	if (row < c->count)
		cell(to, c->columns, t, c->list, &c->rows[row]);
}

/* Two lists side by side, the left one wider. */
static void say_lists(struct page *p, const struct dp_top *t,
    enum dp_top_list left, enum dp_top_list right, size_t rows)
{
	const char *what = t->whole ? "ANSWERS" : "PER S";
	size_t right_columns = p->width * 2 / 5;
	struct column a, b;

	column_make(&a, t, left, p->width - right_columns - GAP, rows);
	column_make(&b, t, right, right_columns, rows);
	line(p, " ");
	line(p, "%*s %-*s%*s %s", (int)RATE_COLUMNS - 1, what,
	    (int)(a.columns - RATE_COLUMNS + GAP), titles[left],
	    (int)RATE_COLUMNS - 1, what, titles[right]);
	for (size_t i = 0; i < rows; i++) {
		char l[DP_TOP_WIDTH_MAX + 1], r[DP_TOP_WIDTH_MAX + 1];

		column_cell(l, &a, t, i);
		column_cell(r, &b, t, i);
		line(p, "%s%*s%s", l, (int)GAP, "", r);
	}
}

static void say_new(struct page *p, const struct dp_top *t, size_t rows,
    uint64_t now_s)
{
	size_t columns = p->width - RATE_COLUMNS - DP_ADDR_TEXT_MAX;

	line(p, " ");
	line(p, "%*s %-*s %s", (int)RATE_COLUMNS - 1, "AGE",
	    DP_ADDR_TEXT_MAX - 1, "NEW ADDRESS", "NAME");
	for (size_t i = 0; i < rows && i < DP_TOP_NEW_MAX; i++) {
		const struct dp_binding *b = &t->new_ones[i];
		char addr[DP_ADDR_TEXT_MAX], text[DP_NAME_TEXT_MAX];
		char name[DP_TOP_WIDTH_MAX + 1] = "";
		uint64_t age_s;

		if (i >= t->new_count)
			return;
		(void)dp_addr_to_text(&b->addr, addr);
		name_text(text, b->name.wire, b->name.len);
		fit(name, text, columns);
		age_s = now_s > b->first_seen_s ? now_s - b->first_seen_s : 0;
		line(p, "%*" PRIu64 " s %-*s %s", (int)RATE_COLUMNS - 3, age_s,
		    DP_ADDR_TEXT_MAX - 1, addr, name);
	}
}

enum dp_err dp_top_page(const struct dp_top *t, unsigned width,
    unsigned height, uint64_t now_s, size_t rings, char **text)
{
	struct page p = { .width = width };
	size_t rows = ROWS_MIN;

	if (p.width < DP_TOP_WIDTH_MIN)
		p.width = DP_TOP_WIDTH_MIN;
	if (p.width > DP_TOP_WIDTH_MAX)
		p.width = DP_TOP_WIDTH_MAX;
	/* A title and an empty line for each list. */
	if (height > HEAD_ROWS + LISTS * (2 + ROWS_MIN))
		rows = (height - HEAD_ROWS) / LISTS - 2;
	if (rows > DP_TOP_NEW_MAX)
		rows = DP_TOP_NEW_MAX;
	p.room = (HEAD_ROWS + LISTS * (2 + rows)) * (p.width + 1) + 2;
	p.text = calloc(1, p.room);
	if (!p.text)
		return DP_ERR_NOMEM;
	say_head(&p, t, now_s, rings);
	say_lists(&p, t, DP_TOP_NAMES, DP_TOP_CLIENTS, rows);
	say_lists(&p, t, DP_TOP_REFUSED, DP_TOP_OUTSIDE, rows);
	say_new(&p, t, rows, now_s);
	*text = p.text;
	return DP_OK;
}
