#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/asker.h"
#include "sldns/sbuffer.h"

static const uint8_t key[DP_ASKER_KEY_B] = { 1, 2, 3 };

static struct comm_reply client_at(const char *text, uint16_t port)
{
	struct comm_reply client;
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memset(&client, 0, sizeof(client));
	in.sin_port = in6.sin6_port = htons(port);
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		memcpy(&client.client_addr, &in, sizeof(in));
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		memcpy(&client.client_addr, &in6, sizeof(in6));
	return client;
}

/* "" where nothing is told. */
static void told(const char *addr, enum dp_privacy privacy,
    const uint8_t *with, char text[DP_EVENT_CLIENT_TEXT_MAX], uint16_t *port)
{
	struct comm_reply client = client_at(addr, 4711);
	struct dp_event e;

	memset(&e, 0xff, sizeof(e));
	dp_asker_tell(&e.fixed, &client, privacy, with);
	dp_event_client_text(&e, text);
	*port = e.fixed.port;
}

static void clients_are_told_as_far_as_wanted(void)
{
	static const struct {
		const char *addr;
		enum dp_privacy privacy;
		const char *text;
		uint16_t port;
	} cases[] = {
		{ "192.0.2.77", DP_PRIVACY_NONE, "192.0.2.77", 4711 },
		{ "2001:db8:1:2ff::3", DP_PRIVACY_NONE, "2001:db8:1:2ff::3",
		    4711 },
		{ "::ffff:192.0.2.77", DP_PRIVACY_NONE, "192.0.2.77", 4711 },
		{ "192.0.2.77", DP_PRIVACY_PREFIX, "192.0.2.0/24", 0 },
		{ "2001:db8:1:2ff::3", DP_PRIVACY_PREFIX,
		    "2001:db8:1:200::/56", 0 },
		{ "::ffff:192.0.2.77", DP_PRIVACY_PREFIX, "192.0.2.0/24", 0 },
		{ "192.0.2.77", DP_PRIVACY_OMIT, "", 0 },
		{ "no address", DP_PRIVACY_NONE, "", 0 },
		{ "no address", DP_PRIVACY_PSEUDONYM, "", 0 },
	};
	char text[DP_EVENT_CLIENT_TEXT_MAX];
	uint16_t port;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		told(cases[i].addr, cases[i].privacy, key, text, &port);
		CU_ASSERT_STRING_EQUAL(text, cases[i].text);
		CU_ASSERT_EQUAL(port, cases[i].port);
	}
}

static void pseudonyms_tell_clients_apart_and_nothing_else(void)
{
	static const uint8_t other_key[DP_ASKER_KEY_B] = { 1, 2, 4 };
	char a[DP_EVENT_CLIENT_TEXT_MAX], b[DP_EVENT_CLIENT_TEXT_MAX];
	uint16_t port;

	told("192.0.2.77", DP_PRIVACY_PSEUDONYM, key, a, &port);
	CU_ASSERT_EQUAL(strlen(a), 32);
	CU_ASSERT_EQUAL(port, 0);
	told("::ffff:192.0.2.77", DP_PRIVACY_PSEUDONYM, key, b, &port);
	CU_ASSERT_STRING_EQUAL(a, b);
	told("192.0.2.78", DP_PRIVACY_PSEUDONYM, key, b, &port);
	CU_ASSERT_STRING_NOT_EQUAL(a, b);
	told("192.0.2.77", DP_PRIVACY_PSEUDONYM, other_key, b, &port);
	CU_ASSERT_STRING_NOT_EQUAL(a, b);
	told("192.0.2.77", DP_PRIVACY_PSEUDONYM, NULL, b, &port);
	CU_ASSERT_STRING_EQUAL(b, "");
}

/* A query of 23 octets for manage.x, MX, CH with RD and CD. */
static const uint8_t query[] = { 0, 1, 0x01, 0x10, 0, 1, 0, 0, 0, 0, 0, 0,
	6, 'M', 'a', 'n', 'a', 'g', 'e', 1, 'x', 0, 0, 15, 0, 3 };

struct packet {
	struct sldns_buffer *buffer;
	struct comm_point c;
	struct comm_reply client;
};

static void packet_open(struct packet *p, size_t size_b)
{
	memset(p, 0, sizeof(*p));
	p->buffer = sldns_buffer_new(512);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p->buffer);
	sldns_buffer_write(p->buffer, query, size_b);
	sldns_buffer_flip(p->buffer);
	p->c.buffer = p->buffer;
	p->client.c = &p->c;
}

static void the_question_is_read_from_the_query(void)
{
	struct edns_data edns = { .edns_present = 0 };
	struct timeval start = { 0, 0 };
	struct dp_asked asked;

	for (size_t size_b = 0; size_b <= sizeof(query); size_b++) {
		bool whole = size_b == sizeof(query);
		struct packet p;

		packet_open(&p, size_b);
		CU_ASSERT_EQUAL(dp_asker_flags(&p.client, &edns, &start),
		    size_b >= 12 ? BIT_RD | BIT_CD : 0);
		CU_ASSERT_EQUAL(dp_asker_question(&p.client, &asked), whole);
		sldns_buffer_free(p.buffer);
	}
	CU_ASSERT_EQUAL(asked.name.len, 10);
	CU_ASSERT_EQUAL(memcmp(asked.name.wire, "\6manage\1x", 10), 0);
	CU_ASSERT_EQUAL(asked.type, 15);
	CU_ASSERT_EQUAL(asked.class, 3);
}

/* Also where a label is longer than all that is there. */
static void a_bad_name_is_no_question(void)
{
	struct dp_asked asked;
	struct packet p;

	packet_open(&p, sizeof(query));
	sldns_buffer_write_u8_at(p.buffer, 12, 0xc0);
	CU_ASSERT_FALSE(dp_asker_question(&p.client, &asked));
	sldns_buffer_write_u8_at(p.buffer, 12, 63);
	CU_ASSERT_FALSE(dp_asker_question(&p.client, &asked));
	p.client.c = NULL;
	CU_ASSERT_FALSE(dp_asker_question(&p.client, &asked));
	sldns_buffer_free(p.buffer);
}

/* Of who waits Unbound keeps the flags; their packet is overwritten. */
static void flags_of_who_waits_are_kept(void)
{
	struct mesh_reply r;
	struct edns_data edns = { .edns_present = 0 };

	memset(&r, 0, sizeof(r));
	r.qflags = BIT_RD | BIT_AD;
	CU_ASSERT_EQUAL(dp_asker_flags(&r.query_reply, &r.edns, &r.start_time),
	    BIT_RD | BIT_AD);
	CU_ASSERT_EQUAL(dp_asker_flags(&r.query_reply, &edns, &r.start_time),
	    0);
}

static void transports_are_told_apart(void)
{
	static const struct {
		enum comm_point_type type;
		bool ssl;
		enum dp_event_transport transport;
	} cases[] = {
		{ comm_udp, false, DP_EVENT_TRANSPORT_UDP },
		{ comm_tcp, false, DP_EVENT_TRANSPORT_TCP },
		{ comm_tcp, true, DP_EVENT_TRANSPORT_TLS },
		{ comm_http, false, DP_EVENT_TRANSPORT_HTTPS },
		{ comm_http, true, DP_EVENT_TRANSPORT_HTTPS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct comm_reply client = client_at("192.0.2.1", 1);
		struct comm_point c;

		memset(&c, 0, sizeof(c));
		client.c = &c;
		c.type = cases[i].type;
		c.ssl = cases[i].ssl ? &c : NULL;
		CU_ASSERT_EQUAL(dp_asker_transport(&client),
		    cases[i].transport);
	}
}

UNIT_MAIN("asker", UNIT(clients_are_told_as_far_as_wanted),
    UNIT(pseudonyms_tell_clients_apart_and_nothing_else),
    UNIT(the_question_is_read_from_the_query), UNIT(a_bad_name_is_no_question),
    UNIT(flags_of_who_waits_are_kept), UNIT(transports_are_told_apart))
