#include "dp_config.h"

#include "tests/unit/logged.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>

#include "tools/log/dnstap.pb-c.h"
#include "tools/log/log_dnstap.h"

/* The one message in the batch; the caller frees. */
static Dnstap__Dnstap *message_of(const struct dp_log_batch *b)
{
	Dnstap__Dnstap *tap;
	uint32_t len;

	CU_ASSERT_FATAL(b->size_b > sizeof(len));
	memcpy(&len, b->bytes, sizeof(len));
	CU_ASSERT_EQUAL_FATAL(ntohl(len), b->size_b - sizeof(len));
	tap = dnstap__dnstap__unpack(NULL, b->size_b - sizeof(len),
	    b->bytes + sizeof(len));
	CU_ASSERT_PTR_NOT_NULL_FATAL(tap);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tap->message);
	return tap;
}

static bool extra_is(const Dnstap__Dnstap *tap, const char *text)
{
	bool same = tap->extra.len == strlen(text) &&
	    memcmp(tap->extra.data, text, tap->extra.len) == 0;

	if (!same)
		printf("\nextra: %.*s", (int)tap->extra.len, tap->extra.data);
	return same;
}

static void check_answer(const Dnstap__Message *m)
{
	ldns_pkt *pkt = NULL;
	char *text;

	CU_ASSERT_EQUAL_FATAL(ldns_wire2pkt(&pkt, m->response_message.data,
	    m->response_message.len), LDNS_STATUS_OK);
	CU_ASSERT(ldns_pkt_qr(pkt) && ldns_pkt_rd(pkt) && ldns_pkt_ra(pkt) &&
	    ldns_pkt_ad(pkt) && !ldns_pkt_cd(pkt) && !ldns_pkt_aa(pkt));
	CU_ASSERT_EQUAL(ldns_pkt_get_rcode(pkt), LDNS_RCODE_NOERROR);
	CU_ASSERT_EQUAL(ldns_pkt_ancount(pkt), 3);
	text = ldns_rr_list2str(ldns_pkt_answer(pkt));
	CU_ASSERT_STRING_EQUAL(text,
	    "host.manage.example.\t300\tIN\tA\t192.0.2.7\n"
	    "host.manage.example.\t300\tIN\tA\t192.0.2.8\n"
	    "host.manage.example.\t300\tIN\tAAAA\t2001:db8::1\n");
	LDNS_FREE(text);
	text = ldns_rr_list2str(ldns_pkt_question(pkt));
	CU_ASSERT_STRING_EQUAL(text, "host.manage.example.\tIN\tA\n");
	LDNS_FREE(text);
	ldns_pkt_free(pkt);
}

static void an_event_is_a_message(void)
{
	struct dp_log_dnstap *d = dp_log_dnstap_open();
	struct dp_stream_item item = logged_item(1, 17);
	struct dp_log_batch b = { .size_b = 0 };
	Dnstap__Dnstap *tap;
	Dnstap__Message *m;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	dp_log_dnstap_item(d, &item, &b);
	tap = message_of(&b);
	m = tap->message;
	CU_ASSERT_EQUAL(tap->type, DNSTAP__DNSTAP__TYPE__MESSAGE);
	CU_ASSERT(extra_is(tap, "verdict=allow rule=*.manage.example "
	    "group=core source=recursion security=secure hold_us=7 ring=1 "
	    "sequence=17"));
	CU_ASSERT_EQUAL(m->type, DNSTAP__MESSAGE__TYPE__CLIENT_RESPONSE);
	CU_ASSERT_EQUAL(m->socket_family, DNSTAP__SOCKET_FAMILY__INET);
	CU_ASSERT_EQUAL(m->socket_protocol, DNSTAP__SOCKET_PROTOCOL__DOT);
	CU_ASSERT_EQUAL_FATAL(m->query_address.len, 4);
	CU_ASSERT_EQUAL(memcmp(m->query_address.data, item.event.fixed.client,
	    4), 0);
	CU_ASSERT_EQUAL(m->query_port, 5353);
	CU_ASSERT_EQUAL(m->response_time_sec, LOGGED_US / 1000000);
	CU_ASSERT_EQUAL(m->response_time_nsec, 123456000);
	CU_ASSERT_EQUAL(m->query_time_nsec, 123414000);
	check_answer(m);
	dnstap__dnstap__free_unpacked(tap, NULL);
	dp_log_batch_free(&b);
	dp_log_dnstap_close(&d);
	CU_ASSERT_PTR_NULL(d);
}

static void losses_come_with_the_next_event(void)
{
	struct dp_log_dnstap *d = dp_log_dnstap_open();
	struct dp_stream_item item = logged_loss(DP_STREAM_LOST, 5, 20);
	struct dp_log_batch b = { .size_b = 0 };
	Dnstap__Dnstap *tap;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	dp_log_dnstap_item(d, &item, &b);
	dp_log_dnstap_item(d, &item, &b);
	item = logged_loss(DP_STREAM_ANEW, 0, 20);
	dp_log_dnstap_item(d, &item, &b);
	CU_ASSERT_EQUAL(b.size_b, 0);
	item = logged_denial(20);
	item.event.name_b = 0;
	item.event.fixed.client_kind = DP_EVENT_CLIENT_PSEUDONYM;
	dp_log_dnstap_item(d, &item, &b);
	tap = message_of(&b);
	CU_ASSERT(extra_is(tap, "verdict=deny source=policy "
	    "security=unchecked client=00000000000000000000000000000000 "
	    "ring=0 sequence=20 lost=10 anew"));
	CU_ASSERT_FALSE(tap->message->has_query_address);
	CU_ASSERT_EQUAL(tap->message->response_message.len, 12);
	dnstap__dnstap__free_unpacked(tap, NULL);
	dp_log_batch_clear(&b);
	dp_log_dnstap_item(d, &item, &b);
	tap = message_of(&b);
	CU_ASSERT(extra_is(tap, "verdict=deny source=policy "
	    "security=unchecked client=00000000000000000000000000000000 "
	    "ring=0 sequence=20"));
	dnstap__dnstap__free_unpacked(tap, NULL);
	dp_log_batch_free(&b);
	dp_log_dnstap_close(&d);
}

static void the_largest_answer_fits(void)
{
	static uint8_t v4[DP_EVENT_ADDRESSES_MAX][4];
	static uint8_t v6[DP_EVENT_ADDRESSES_MAX][16];
	struct dp_log_dnstap *d = dp_log_dnstap_open();
	struct dp_stream_item item = logged_item(UINT32_MAX, UINT64_MAX);
	struct dp_log_batch b = { .size_b = 0 };
	Dnstap__Dnstap *tap;
	uint8_t name[255];

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		name[i] = i % 64 == 0 ? (uint8_t)(i < 192 ? 63 : 61) : 0x1b;
	name[254] = 0;
	item.event.name = name;
	item.event.name_b = sizeof(name);
	item.event.fixed.rule_at = 0;
	item.event.v4 = (const void *)v4;
	item.event.v6 = (const void *)v6;
	item.event.v4_count = item.event.v6_count = DP_EVENT_ADDRESSES_MAX;
	dp_log_dnstap_item(d, &item, &b);
	tap = message_of(&b);
	CU_ASSERT_EQUAL(tap->message->response_message.len,
	    12 + 255 + 4 + DP_EVENT_ADDRESSES_MAX * (16 + 28));
	dnstap__dnstap__free_unpacked(tap, NULL);
	dp_log_batch_free(&b);
	dp_log_dnstap_close(&d);
}

UNIT_MAIN("log_dnstap", UNIT(an_event_is_a_message),
    UNIT(losses_come_with_the_next_event), UNIT(the_largest_answer_fits))
