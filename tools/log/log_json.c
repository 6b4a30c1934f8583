/* yajl, because it writes a line in a quarter of the time that a tree of
 * jansson takes. */
#include "dp_config.h"

#include "tools/log/log_json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "module/core/event.h"
#include "tools/log/dns_word.h"
#include "tools/log/log_word.h"

#define NXDOMAIN 3
/* Flags that the Elastic Common Schema has in dns.header_flags. */
#define HEADER_FLAGS (DP_EVENT_RD | DP_EVENT_CD | DP_EVENT_DO | DP_EVENT_AD)

struct dp_log_json {
	yajl_gen gen;
};

struct dp_log_json *dp_log_json_open(void)
{
	struct dp_log_json *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->gen = yajl_gen_alloc(NULL);
	if (!j->gen)
		dp_log_json_close(&j);
	return j;
}

void dp_log_json_close(struct dp_log_json **j)
{
	if (!*j)
		return;
	if ((*j)->gen)
		yajl_gen_free((*j)->gen);
	free(*j);
	*j = NULL;
}

/* --- values --------------------------------------------------------------- */

static void put(yajl_gen g, const char *text)
{
	yajl_gen_string(g, (const unsigned char *)text, strlen(text));
}

static void put_word(yajl_gen g, const char *key, const char *text)
{
	put(g, key);
	put(g, text);
}

/* Numbers of yajl are signed; no count gets there by counting. */
static void put_number(yajl_gen g, const char *key, uint64_t n)
{
	put(g, key);
	yajl_gen_integer(g, n > INT64_MAX ? INT64_MAX : (long long)n);
}

static void put_hex(yajl_gen g, const char *key, uint64_t n)
{
	static const char digits[] = "0123456789abcdef";
	char text[17];

	for (int i = 15; i >= 0; i--, n >>= 4)
		text[i] = digits[n & 15];
	text[16] = '\0';
	put_word(g, key, text);
}

static void put_time(yajl_gen g, const char *key, uint64_t time_us)
{
	char text[DP_LOG_TIME_MAX];

	dp_log_time_text(time_us, text);
	put_word(g, key, text);
}

static void open_object(yajl_gen g, const char *key)
{
	put(g, key);
	yajl_gen_map_open(g);
}

static void open_array(yajl_gen g, const char *key)
{
	put(g, key);
	yajl_gen_array_open(g);
}

/* --- events --------------------------------------------------------------- */

static void put_event(yajl_gen g, const struct dp_stream_item *item)
{
	const struct dp_event_d *d = &item->event.fixed;
	bool denied = d->verdict == DP_EVENT_VERDICT_DENY &&
	    !(d->flags & DP_EVENT_LEAKED); /* then it was given */
	bool error = d->verdict == DP_EVENT_VERDICT_ERROR;
	bool done = !denied && !error &&
	    (d->rcode == 0 || d->rcode == NXDOMAIN);

	open_object(g, "event");
	put_word(g, "kind", "event");
	open_array(g, "category");
	put(g, "network");
	yajl_gen_array_close(g);
	open_array(g, "type");
	put(g, "protocol");
	if (!error)
		put(g, denied ? "denied" : "allowed");
	yajl_gen_array_close(g);
	put_word(g, "outcome", done ? "success" : "failure");
	put_number(g, "duration", (uint64_t)d->latency_us * 1000);
	put_number(g, "sequence", item->number);
	yajl_gen_map_close(g);
}

static void put_network(yajl_gen g, const struct dp_event_d *d)
{
	bool stream = d->transport == DP_EVENT_TRANSPORT_TCP ||
	    d->transport == DP_EVENT_TRANSPORT_TLS ||
	    d->transport == DP_EVENT_TRANSPORT_HTTPS;

	open_object(g, "network");
	put_word(g, "transport", stream ? "tcp" : "udp");
	put_word(g, "protocol", "dns");
	yajl_gen_map_close(g);
}

static void put_client(yajl_gen g, const struct dp_event *e)
{
	bool is_address = e->fixed.client_kind == DP_EVENT_CLIENT_V4 ||
	    e->fixed.client_kind == DP_EVENT_CLIENT_V6;
	char text[DP_EVENT_CLIENT_TEXT_MAX];

	if (e->fixed.client_kind == DP_EVENT_CLIENT_NONE)
		return;
	dp_event_client_text(e, text);
	open_object(g, "client");
	put_word(g, is_address ? "ip" : "address", text);
	if (e->fixed.port != 0)
		put_number(g, "port", e->fixed.port);
	yajl_gen_map_close(g);
}

static void put_question(yajl_gen g, const struct dp_event *e)
{
	char text[DP_NAME_TEXT_MAX], number[DP_DNS_WORD_MAX];
	struct dp_name name;

	open_object(g, "question");
	if (dp_event_name(e, &name)) {
		(void)dp_name_to_text(&name, text);
		put_word(g, "name", text);
	}
	put_word(g, "type", dp_dns_type_word(e->fixed.type, number));
	put_word(g, "class", dp_dns_class_word(e->fixed.class, number));
	yajl_gen_map_close(g);
}

/* The words of those flags that are among `which`. */
static void put_flags(yajl_gen g, const char *key, uint32_t flags, bool upper)
{
	if (flags == 0)
		return;
	open_array(g, key);
	for (unsigned bit = 0; dp_event_flags[bit].word; bit++) {
		char text[32];
		size_t n = 0;

		if (!(flags >> bit & 1))
			continue;
		for (const char *c = dp_event_flags[bit].word;
		     *c && n + 1 < sizeof(text); c++)
			text[n++] = upper ? (char)toupper(*c) : *c;
		text[n] = '\0';
		put(g, text);
	}
	yajl_gen_array_close(g);
}

static void put_dns(yajl_gen g, const struct dp_event *e)
{
	char text[DP_ADDR_TEXT_MAX], number[DP_DNS_WORD_MAX];
	size_t count = e->v4_count + e->v6_count;

	open_object(g, "dns");
	put_word(g, "type", "answer");
	put_question(g, e);
	put_word(g, "response_code",
	    dp_dns_rcode_word(e->fixed.rcode, number));
	put_flags(g, "header_flags", e->fixed.flags & HEADER_FLAGS, true);
	if (count > 0) {
		open_array(g, "resolved_ip");
		for (size_t i = 0; i < count; i++) {
			dp_log_address_text(e, i, text);
			put(g, text);
		}
		yajl_gen_array_close(g);
	}
	yajl_gen_map_close(g);
}

static void put_ours(yajl_gen g, const struct dp_stream_item *item)
{
	const struct dp_event *e = &item->event;
	const struct dp_event_d *d = &e->fixed;
	char rule[DP_NAME_TEXT_MAX], group[DP_LOG_GROUP_MAX];

	open_object(g, "dnspin");
	put_number(g, "ring", item->ring);
	put_word(g, "verdict", dp_event_verdicts[d->verdict].word);
	if (dp_event_rule_text(e, rule))
		put_word(g, "rule", rule);
	if (e->group_b > 0) {
		dp_log_group_text(e, group);
		put_word(g, "group", group);
	}
	put_word(g, "source", dp_event_sources[d->source].word);
	put_word(g, "transport", dp_event_transports[d->transport].word);
	put_word(g, "security", dp_event_securities[d->security].word);
	put_number(g, "ttl", d->ttl_s);
	put_number(g, "latency_us", d->latency_us);
	if (d->hold_us > 0)
		put_number(g, "hold_us", d->hold_us);
	put_flags(g, "flags", d->flags & ~(uint32_t)HEADER_FLAGS, false);
	if (d->policy != 0)
		put_hex(g, "policy", d->policy);
	yajl_gen_map_close(g);
}

/* --- losses --------------------------------------------------------------- */

static void put_loss(yajl_gen g, const struct dp_stream_item *item)
{
	open_object(g, "event");
	put_word(g, "kind", "pipeline_error");
	yajl_gen_map_close(g);
	open_object(g, "dnspin");
	put_number(g, "ring", item->ring);
	if (item->kind == DP_STREAM_LOST) {
		put_number(g, "lost", item->lost);
	} else {
		put(g, "anew");
		yajl_gen_bool(g, true);
	}
	put_number(g, "next", item->number);
	if (item->from_us > 0)
		put_time(g, "from", item->from_us);
	put_time(g, "until", item->until_us);
	yajl_gen_map_close(g);
}

/* --- lines ---------------------------------------------------------------- */

static void finish(yajl_gen g, struct dp_log_batch *to)
{
	const unsigned char *text;
	size_t size_b;

	yajl_gen_map_close(g);
	if (yajl_gen_get_buf(g, &text, &size_b) == yajl_gen_status_ok)
		dp_log_batch_add(to, text, size_b);
	dp_log_batch_add(to, "\n", 1);
	yajl_gen_clear(g);
	yajl_gen_reset(g, NULL);
}

void dp_log_json_item(struct dp_log_json *j, const struct dp_stream_item *item,
    struct dp_log_batch *to)
{
	yajl_gen g = j->gen;

	yajl_gen_map_open(g);
	if (item->kind != DP_STREAM_EVENT) {
		put_time(g, "@timestamp", item->until_us);
		put_loss(g, item);
		finish(g, to);
		return;
	}
	put_time(g, "@timestamp", item->event.fixed.time_us);
	put_event(g, item);
	put_network(g, &item->event.fixed);
	put_client(g, &item->event);
	put_dns(g, &item->event);
	put_ours(g, item);
	finish(g, to);
}

void dp_log_json_positions(struct dp_log_json *j,
    const struct dp_log_positions *positions, uint64_t now_us,
    struct dp_log_batch *to)
{
	yajl_gen g = j->gen;

	yajl_gen_map_open(g);
	open_object(g, "event");
	put_word(g, "kind", "state");
	yajl_gen_map_close(g);
	open_object(g, "dnspin");
	open_array(g, "positions");
	for (size_t i = 0; i < positions->count; i++) {
		const struct dp_log_position *at = &positions->ring[i];

		if (!at->known)
			continue;
		yajl_gen_map_open(g);
		put_number(g, "ring", i);
		put_hex(g, "id", at->id);
		put_number(g, "number", at->number);
		yajl_gen_map_close(g);
	}
	yajl_gen_array_close(g);
	yajl_gen_map_close(g);
	put_time(g, "@timestamp", now_us);
	finish(g, to);
}
