#include "module/compat.h"

#include "module/asker.h"

#include <sodium.h>

#include "sldns/sbuffer.h"

bool dp_asker_address(const struct comm_reply *client, struct dp_addr *addr,
    uint16_t *port)
{
	const struct sockaddr_storage *s = &client->client_addr;

	if (s->ss_family == AF_INET) {
		struct sockaddr_in in;
		uint8_t bytes[4];

		memcpy(&in, s, sizeof(in));
		memcpy(bytes, &in.sin_addr, sizeof(bytes));
		*addr = dp_addr_v4(bytes);
		*port = ntohs(in.sin_port);
		return true;
	}
	if (s->ss_family == AF_INET6) {
		struct sockaddr_in6 in6;
		uint8_t bytes[16];

		memcpy(&in6, s, sizeof(in6));
		memcpy(bytes, &in6.sin6_addr, sizeof(bytes));
		*addr = dp_addr_v6(bytes);
		*port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

/* Clients of queries under way stand in a list, with all that Unbound keeps of
 * them; a callback is given parts of the same one. */
static const struct mesh_reply *waiting(const struct comm_reply *client,
    const struct edns_data *edns, const struct timeval *start)
{
	uintptr_t at = (uintptr_t)client -
	    offsetof(struct mesh_reply, query_reply);

	if (at + offsetof(struct mesh_reply, edns) != (uintptr_t)edns ||
	    at + offsetof(struct mesh_reply, start_time) != (uintptr_t)start)
		return NULL;
	return (const struct mesh_reply *)at;
}

/* The query as it came, while nothing was written over it: octets and how
 * many. */
static const uint8_t *packet(const struct comm_reply *client, size_t *size_b)
{
	struct sldns_buffer *b = client->c ? client->c->buffer : NULL;

	*size_b = b ? sldns_buffer_limit(b) : 0;
	return b ? sldns_buffer_begin(b) : NULL;
}

uint16_t dp_asker_flags(const struct comm_reply *client,
    const struct edns_data *edns, const struct timeval *start)
{
	const struct mesh_reply *r = waiting(client, edns, start);
	const uint8_t *bytes;
	size_t size_b;

	if (r)
		return r->qflags;
	bytes = packet(client, &size_b);
	if (size_b < LDNS_HEADER_SIZE)
		return 0;
	return (uint16_t)(bytes[2] << 8 | bytes[3]);
}

bool dp_asker_question(const struct comm_reply *client, struct dp_asked *out)
{
	size_t size_b;
	const uint8_t *at = packet(client, &size_b);

	if (size_b <= LDNS_HEADER_SIZE ||
	    dp_name_from_wire(&out->name, at + LDNS_HEADER_SIZE,
		size_b - LDNS_HEADER_SIZE) != DP_OK ||
	    size_b - LDNS_HEADER_SIZE - out->name.len < 4)
		return false;
	at += LDNS_HEADER_SIZE + out->name.len;
	out->type = (uint16_t)(at[0] << 8 | at[1]);
	out->class = (uint16_t)(at[2] << 8 | at[3]);
	return true;
}

enum dp_event_transport dp_asker_transport(const struct comm_reply *client)
{
	const struct comm_point *c = client->c;

	if (dp_is_dnscrypt(client))
		return DP_EVENT_TRANSPORT_DNSCRYPT;
	if (!c)
		return DP_EVENT_TRANSPORT_UDP;
	if (dp_is_quic(c))
		return DP_EVENT_TRANSPORT_QUIC;
	if (c->type == comm_http)
		return DP_EVENT_TRANSPORT_HTTPS;
	if (c->type == comm_tcp)
		return c->ssl ? DP_EVENT_TRANSPORT_TLS :
				DP_EVENT_TRANSPORT_TCP;
	return DP_EVENT_TRANSPORT_UDP;
}

_Static_assert(crypto_shorthash_siphashx24_KEYBYTES == DP_ASKER_KEY_B &&
	crypto_shorthash_siphashx24_BYTES ==
	    sizeof(((struct dp_event_d *)0)->client), "pseudonyms");

static void tell_prefix(struct dp_event_d *event, const struct dp_addr *addr)
{
	bool v4 = addr->family == 4;

	event->client_kind = v4 ? DP_EVENT_CLIENT_PREFIX4 :
				  DP_EVENT_CLIENT_PREFIX6;
	memcpy(event->client, addr->bytes, v4 ? 24 / 8 : 56 / 8);
}

static void tell_pseudonym(struct dp_event_d *event,
    const struct dp_addr *addr, const uint8_t *key)
{
	if (!key)
		return;
	event->client_kind = DP_EVENT_CLIENT_PSEUDONYM;
	(void)crypto_shorthash_siphashx24(event->client, addr->bytes,
	    dp_addr_size_b(addr), key);
}

void dp_asker_tell(struct dp_event_d *event, const struct comm_reply *client,
    enum dp_privacy privacy, const uint8_t *key)
{
	struct dp_addr addr;
	uint16_t port;

	event->client_kind = DP_EVENT_CLIENT_NONE;
	event->port = 0;
	memset(event->client, 0, sizeof(event->client));
	if (!dp_asker_address(client, &addr, &port))
		return;
	(void)dp_addr_unmap(&addr);
	switch (privacy) {
	case DP_PRIVACY_NONE:
		event->client_kind = addr.family == 4 ? DP_EVENT_CLIENT_V4 :
							DP_EVENT_CLIENT_V6;
		event->port = port;
		memcpy(event->client, addr.bytes, dp_addr_size_b(&addr));
		return;
	case DP_PRIVACY_PSEUDONYM:
		tell_pseudonym(event, &addr, key);
		return;
	case DP_PRIVACY_PREFIX:
		tell_prefix(event, &addr);
		return;
	case DP_PRIVACY_OMIT:
		return;
	}
}
