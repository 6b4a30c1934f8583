#include "dp_config.h"

#include "tools/log/log_dnstap.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "module/core/event.h"
#include "tools/log/dnstap.pb-c.h"
#include "tools/log/log_frames.h"
#include "tools/log/log_word.h"

#define US UINT64_C(1000000)
#define A 1
#define AAAA 28
#define IN 1
#define RR_HEAD_B 12 /* a pointer to the question's name, up to the length */
#define ANSWER_MAX \
	(12 + DP_NAME_MAX + 4 + \
	    DP_EVENT_ADDRESSES_MAX * (2 * RR_HEAD_B + 4 + 16))
#define EXTRA_MAX (DP_NAME_TEXT_MAX + DP_LOG_GROUP_MAX + 512)

struct dp_log_dnstap {
	char host[256];
	uint64_t lost; /* since the last event that was told */
	bool anew;
	uint8_t answer[ANSWER_MAX];
	char extra[EXTRA_MAX];
};

struct dp_log_dnstap *dp_log_dnstap_open(void)
{
	struct dp_log_dnstap *d = calloc(1, sizeof(*d));

	if (d && gethostname(d->host, sizeof(d->host) - 1) != 0)
		d->host[0] = '\0';
	return d;
}

void dp_log_dnstap_close(struct dp_log_dnstap **d)
{
	if (!*d)
		return;
	free(*d);
	*d = NULL;
}

/* --- the answer ----------------------------------------------------------- */

static uint8_t *put16(uint8_t *at, unsigned n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
	return at + 2;
}

/* RFC 1035, 4.1.1 and RFC 4035, 3.2 */
static unsigned header_bits(const struct dp_event_d *d)
{
	unsigned bits = 0x8080 | (d->rcode & 15u);

	if (d->flags & DP_EVENT_RD)
		bits |= 0x0100;
	if (d->flags & DP_EVENT_AD)
		bits |= 0x0020;
	if (d->flags & DP_EVENT_CD)
		bits |= 0x0010;
	return bits;
}

static uint8_t *put_address(uint8_t *at, unsigned type, uint32_t ttl_s,
    const uint8_t *octets, unsigned size_b)
{
	at = put16(at, 0xc00c);
	at = put16(at, type);
	at = put16(at, IN);
	at = put16(at, ttl_s >> 16);
	at = put16(at, ttl_s & 0xffff);
	at = put16(at, size_b);
	memcpy(at, octets, size_b);
	return at + size_b;
}

static size_t make_answer(uint8_t answer[ANSWER_MAX], const struct dp_event *e)
{
	bool has_question = e->name_b > 0;
	size_t count = has_question ? e->v4_count + e->v6_count : 0;
	uint8_t *at = put16(answer, 0);

	at = put16(at, header_bits(&e->fixed));
	at = put16(at, has_question);
	at = put16(at, (unsigned)count);
	at = put16(at, 0);
	at = put16(at, 0);
	if (!has_question)
		return (size_t)(at - answer);
	memcpy(at, e->name, e->name_b);
	at = put16(at + e->name_b, e->fixed.type);
	at = put16(at, e->fixed.class);
	for (size_t i = 0; i < e->v4_count; i++)
		at = put_address(at, A, e->fixed.ttl_s, e->v4[i], 4);
	for (size_t i = 0; i < e->v6_count; i++)
		at = put_address(at, AAAA, e->fixed.ttl_s, e->v6[i], 16);
	return (size_t)(at - answer);
}

/* --- what dnstap has no fields for ---------------------------------------- */

static void say(struct dp_log_dnstap *d, size_t *at, const char *fmt, ...)
    DP_PRINTF(3, 4);

static void say(struct dp_log_dnstap *d, size_t *at, const char *fmt, ...)
{
	size_t left_b = sizeof(d->extra) - *at;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(d->extra + *at, left_b, fmt, args);
	va_end(args);
	if (n > 0)
		*at += (size_t)n < left_b ? (size_t)n : left_b - 1;
}

static size_t make_extra(struct dp_log_dnstap *d,
    const struct dp_stream_item *item)
{
	const struct dp_event *e = &item->event;
	char rule[DP_NAME_TEXT_MAX], group[DP_LOG_GROUP_MAX];
	char client[DP_EVENT_CLIENT_TEXT_MAX];
	size_t at = 0;

	say(d, &at, "verdict=%s", dp_event_verdicts[e->fixed.verdict].word);
	if (dp_event_rule_text(e, rule))
		say(d, &at, " rule=%s", rule);
	dp_log_group_text(e, group);
	if (group[0])
		say(d, &at, " group=%s", group);
	say(d, &at, " source=%s security=%s",
	    dp_event_sources[e->fixed.source].word,
	    dp_event_securities[e->fixed.security].word);
	dp_event_client_text(e, client);
	if (e->fixed.client_kind == DP_EVENT_CLIENT_PSEUDONYM)
		say(d, &at, " client=%s", client);
	if (e->fixed.hold_us > 0)
		say(d, &at, " hold_us=%" PRIu32, e->fixed.hold_us);
	say(d, &at, " ring=%" PRIu32 " sequence=%" PRIu64, item->ring,
	    item->number);
	if (d->lost > 0)
		say(d, &at, " lost=%" PRIu64, d->lost);
	if (d->anew)
		say(d, &at, " anew");
	d->lost = 0;
	d->anew = false;
	return at;
}

/* --- messages ------------------------------------------------------------- */

static Dnstap__SocketProtocol protocol_of(unsigned transport)
{
	switch ((enum dp_event_transport)transport) {
	case DP_EVENT_TRANSPORT_TCP:
		return DNSTAP__SOCKET_PROTOCOL__TCP;
	case DP_EVENT_TRANSPORT_TLS:
		return DNSTAP__SOCKET_PROTOCOL__DOT;
	case DP_EVENT_TRANSPORT_HTTPS:
		return DNSTAP__SOCKET_PROTOCOL__DOH;
	case DP_EVENT_TRANSPORT_QUIC:
		return DNSTAP__SOCKET_PROTOCOL__DOQ;
	case DP_EVENT_TRANSPORT_DNSCRYPT:
		return DNSTAP__SOCKET_PROTOCOL__DNSCryptUDP;
	case DP_EVENT_TRANSPORT_UDP:
	case DP_EVENT_TRANSPORT_COUNT:
		break;
	}
	return DNSTAP__SOCKET_PROTOCOL__UDP;
}

static void set_client(Dnstap__Message *m, struct dp_event_d *d)
{
	bool v6 = d->client_kind == DP_EVENT_CLIENT_V6 ||
	    d->client_kind == DP_EVENT_CLIENT_PREFIX6;

	m->has_socket_protocol = true;
	m->socket_protocol = protocol_of(d->transport);
	if (d->client_kind == DP_EVENT_CLIENT_NONE ||
	    d->client_kind == DP_EVENT_CLIENT_PSEUDONYM)
		return;
	m->has_socket_family = true;
	m->socket_family = v6 ? DNSTAP__SOCKET_FAMILY__INET6 :
				DNSTAP__SOCKET_FAMILY__INET;
	m->has_query_address = true;
	m->query_address.data = d->client;
	m->query_address.len = v6 ? 16 : 4;
	m->has_query_port = d->port != 0;
	m->query_port = d->port;
}

static void set_times(Dnstap__Message *m, const struct dp_event_d *d)
{
	uint64_t asked_us = d->time_us > d->latency_us ?
	    d->time_us - d->latency_us : 0;

	m->has_query_time_sec = m->has_query_time_nsec = true;
	m->query_time_sec = asked_us / US;
	m->query_time_nsec = (uint32_t)(asked_us % US) * 1000;
	m->has_response_time_sec = m->has_response_time_nsec = true;
	m->response_time_sec = d->time_us / US;
	m->response_time_nsec = (uint32_t)(d->time_us % US) * 1000;
}

static void pack(const Dnstap__Dnstap *tap, struct dp_log_batch *to)
{
	size_t size_b = dnstap__dnstap__get_packed_size(tap);
	uint8_t *bytes = malloc(size_b);

	if (!bytes) {
		to->starved = true;
		return;
	}
	(void)dnstap__dnstap__pack(tap, bytes);
	dp_frames_add(to, bytes, size_b);
	free(bytes);
}

void dp_log_dnstap_item(struct dp_log_dnstap *d,
    const struct dp_stream_item *item, struct dp_log_batch *to)
{
	static char version[] = PACKAGE_STRING;
	Dnstap__Message message = DNSTAP__MESSAGE__INIT;
	Dnstap__Dnstap tap = DNSTAP__DNSTAP__INIT;
	struct dp_event_d fixed = item->event.fixed;

	if (item->kind != DP_STREAM_EVENT) {
		d->lost += item->lost;
		d->anew = d->anew || item->kind == DP_STREAM_ANEW;
		return;
	}
	message.type = DNSTAP__MESSAGE__TYPE__CLIENT_RESPONSE;
	set_client(&message, &fixed);
	set_times(&message, &fixed);
	message.has_response_message = true;
	message.response_message.data = d->answer;
	message.response_message.len = make_answer(d->answer, &item->event);
	tap.type = DNSTAP__DNSTAP__TYPE__MESSAGE;
	tap.message = &message;
	tap.has_identity = d->host[0] != '\0';
	tap.identity.data = (uint8_t *)d->host;
	tap.identity.len = strlen(d->host);
	tap.has_version = true;
	tap.version.data = (uint8_t *)version;
	tap.version.len = sizeof(version) - 1;
	tap.has_extra = true;
	tap.extra.data = (uint8_t *)d->extra;
	tap.extra.len = make_extra(d, item);
	pack(&tap, to);
}
