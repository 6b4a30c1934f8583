#include "dp_config.h"
#include "module/core/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

int dp_addr_compare(const struct dp_addr *a, const struct dp_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, dp_addr_size_b(a));
}

bool dp_addr_equal(const struct dp_addr *a, const struct dp_addr *b)
{
	return dp_addr_compare(a, b) == 0;
}

bool dp_addr_unmap(struct dp_addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };

	if (a->family != 6 || memcmp(a->bytes, mapped, sizeof(mapped)) != 0)
		return false;
	*a = dp_addr_v4(a->bytes + sizeof(mapped));
	return true;
}

enum dp_err dp_addr_from_text(struct dp_addr *out, const char *text,
    struct dp_diag *diag)
{
	struct dp_addr a = { .family = strchr(text, ':') ? 6 : 4 };

	if (inet_pton(a.family == 6 ? AF_INET6 : AF_INET, text, a.bytes) != 1) {
		dp_diag_set(diag, text, 0,
		    "not an address: write 192.0.2.1 or 2001:db8::1");
		return DP_ERR_SYNTAX;
	}
	*out = a;
	return DP_OK;
}

size_t dp_addr_to_text(const struct dp_addr *a, char text[DP_ADDR_TEXT_MAX])
{
	if (!inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->bytes, text,
		DP_ADDR_TEXT_MAX))
		text[0] = '\0';
	return strlen(text);
}

/* Set the bits of a behind the first len ones to 0. */
static void clear_host_bits(struct dp_addr *a, unsigned len)
{
	for (unsigned i = len / 8; i < sizeof(a->bytes); i++) {
		unsigned keep = i == len / 8 ? len % 8 : 0;

		a->bytes[i] &= (uint8_t)(0xff00u >> keep);
	}
}

static unsigned family_bits(const struct dp_addr *a)
{
	return a->family == 4 ? 32 : 128;
}

/* A decimal number of at most max, without sign or leading zero. */
static bool length_from_text(unsigned *out, const char *text, unsigned max)
{
	unsigned value = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits] != '\0' ||
	    (digits > 1 && text[0] == '0'))
		return false;
	for (; *text; text++)
		value = value * 10 + (unsigned)(*text - '0');
	if (value > max)
		return false;
	*out = value;
	return true;
}

enum dp_err dp_prefix_from_text(struct dp_prefix *out, const char *text,
    struct dp_diag *diag)
{
	const char *slash = strchr(text, '/');
	char addr_text[DP_ADDR_TEXT_MAX], meant[DP_PREFIX_TEXT_MAX];
	size_t addr_b = slash ? (size_t)(slash - text) : strlen(text);
	struct dp_prefix p, given;
	unsigned len = 128;

	if (addr_b >= sizeof(addr_text))
		goto wrong;
	memcpy(addr_text, text, addr_b);
	addr_text[addr_b] = '\0';
	if (dp_addr_from_text(&p.addr, addr_text, NULL) != DP_OK)
		goto wrong;
	len = family_bits(&p.addr);
	if (slash && !length_from_text(&len, slash + 1, len)) {
		dp_diag_set(diag, text, 0,
		    "not a prefix: the length is a number from 0 to %u", len);
		return DP_ERR_SYNTAX;
	}
	p.len = (uint8_t)len;
	given = p;
	clear_host_bits(&p.addr, len);
	if (!dp_addr_equal(&p.addr, &given.addr)) {
		dp_prefix_to_text(&p, meant);
		dp_diag_set(diag, text, 0,
		    "host bits are set: write %s for the prefix or %s/%u for "
		    "the host",
		    meant, addr_text, family_bits(&p.addr));
		return DP_ERR_SYNTAX;
	}
	*out = p;
	return DP_OK;
wrong:
	dp_diag_set(diag, text, 0,
	    "not a prefix: write 192.0.2.0/24 or 2001:db8::/32");
	return DP_ERR_SYNTAX;
}

size_t dp_prefix_to_text(const struct dp_prefix *p,
    char text[DP_PREFIX_TEXT_MAX])
{
	char addr_text[DP_ADDR_TEXT_MAX];

	dp_addr_to_text(&p->addr, addr_text);
	return (size_t)snprintf(text, DP_PREFIX_TEXT_MAX, "%s/%u", addr_text,
	    (unsigned)p->len);
}

/* Are the first len bits of both the same? */
static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned len)
{
	unsigned whole = len / 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return len % 8 == 0 || ((a[whole] ^ b[whole]) >> (8 - len % 8)) == 0;
}

bool dp_prefix_has(const struct dp_prefix *p, const struct dp_addr *a)
{
	return p->addr.family == a->family &&
	    bits_equal(p->addr.bytes, a->bytes, p->len);
}

int dp_prefix_compare(const struct dp_prefix *a, const struct dp_prefix *b)
{
	int order = dp_addr_compare(&a->addr, &b->addr);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

bool dp_prefix_valid(const struct dp_prefix *p)
{
	struct dp_addr network = p->addr;

	if (p->addr.family != 4 && p->addr.family != 6)
		return false;
	if (p->len > family_bits(&p->addr))
		return false;
	/* For IPv4 this looks at the unused octets, too. */
	clear_host_bits(&network, p->len);
	return memcmp(network.bytes, p->addr.bytes, sizeof(network.bytes)) == 0;
}

/*
 * IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190)
 * with the multicast and reserved space of the address space registries. Within
 * a family the first entry that fits decides, so that exceptions stand before
 * what they are excepted from. word NULL: globally reachable.
 */
struct special {
	uint8_t len;
	uint8_t bytes[16];
	const char *word;
};

static const struct special special_v4[] = {
	{ 8, { 0 }, "this-network" },		     /* RFC 791 */
	{ 8, { 10 }, "private" },		     /* RFC 1918 */
	{ 10, { 100, 64 }, "cgnat" },		     /* RFC 6598 */
	{ 8, { 127 }, "loopback" },		     /* RFC 1122 */
	{ 16, { 169, 254 }, "link-local" },	     /* RFC 3927 */
	{ 12, { 172, 16 }, "private" },		     /* RFC 1918 */
	{ 32, { 192, 0, 0, 9 }, NULL },		     /* RFC 7723, PCP */
	{ 32, { 192, 0, 0, 10 }, NULL },	     /* RFC 8155, TURN */
	{ 24, { 192, 0, 0 }, "ietf-protocol" },	     /* RFC 6890 */
	{ 24, { 192, 0, 2 }, "documentation" },	     /* RFC 5737 */
	{ 24, { 192, 88, 99 }, "6to4-relay" },	     /* RFC 7526, RFC 6751 */
	{ 16, { 192, 168 }, "private" },	     /* RFC 1918 */
	{ 15, { 198, 18 }, "benchmarking" },	     /* RFC 2544 */
	{ 24, { 198, 51, 100 }, "documentation" },   /* RFC 5737 */
	{ 24, { 203, 0, 113 }, "documentation" },    /* RFC 5737 */
	{ 4, { 224 }, "multicast" },		     /* RFC 5771 */
	{ 32, { 255, 255, 255, 255 }, "broadcast" }, /* RFC 8190 */
	{ 4, { 240 }, "reserved" },		     /* RFC 1112 */
};

static const struct special special_v6[] = {
	{ 128, { 0 }, "unspecified" },			 /* RFC 4291 */
	{ 128, { [15] = 1 }, "loopback" },		 /* RFC 4291 */
	{ 96, { [10] = 0xff, 0xff }, "ipv4-mapped" },	 /* RFC 4291 */
	{ 48, { 0, 0x64, 0xff, 0x9b, 0, 1 }, "nat64-local" }, /* RFC 8215 */
	{ 64, { 1 }, "discard" },			 /* RFC 6666 */
	{ 64, { 1, [7] = 1 }, "dummy" },		 /* RFC 9780 */
	{ 32, { 0x20, 1 }, "teredo" },			 /* RFC 4380 */
	{ 128, { 0x20, 1, 0, 1, [15] = 1 }, NULL },	 /* RFC 7723, PCP */
	{ 128, { 0x20, 1, 0, 1, [15] = 2 }, NULL },	 /* RFC 8155, TURN */
	{ 128, { 0x20, 1, 0, 1, [15] = 3 }, NULL },	 /* RFC 9665, SRP */
	{ 48, { 0x20, 1, 0, 2 }, "benchmarking" },	 /* RFC 5180 */
	{ 32, { 0x20, 1, 0, 3 }, NULL },		 /* RFC 7450, AMT */
	{ 48, { 0x20, 1, 0, 4, 1, 0x12 }, NULL },	 /* RFC 7535, AS112 */
	{ 28, { 0x20, 1, 0, 0x10 }, "orchid" },		 /* RFC 4843 */
	{ 28, { 0x20, 1, 0, 0x20 }, NULL },		 /* RFC 7343 */
	{ 28, { 0x20, 1, 0, 0x30 }, NULL },		 /* RFC 9374, DET */
	{ 23, { 0x20, 1 }, "ietf-protocol" },		 /* RFC 2928 */
	{ 32, { 0x20, 1, 0x0d, 0xb8 }, "documentation" }, /* RFC 3849 */
	{ 20, { 0x3f, 0xff }, "documentation" },	 /* RFC 9637 */
	{ 3, { 0x20 }, NULL },	       /* global unicast, RFC 4291 */
	{ 16, { 0x5f }, "srv6-sid" },  /* RFC 9602 */
	{ 7, { 0xfc }, "unique-local" }, /* RFC 4193 */
	{ 10, { 0xfe, 0x80 }, "link-local" }, /* RFC 4291 */
	{ 10, { 0xfe, 0xc0 }, "site-local" }, /* RFC 3879 */
	{ 8, { 0xff }, "multicast" },  /* RFC 4291 */
	{ 0, { 0 }, "reserved" },      /* not assigned to anybody */
};

static const char *special_word(const struct special *table, size_t count,
    const uint8_t *bytes)
{
	for (size_t i = 0; i < count; i++) {
		const struct special *s = &table[i];

		/* Nearly all differ in the first octet. */
		if (s->len >= 8 && s->bytes[0] != bytes[0])
			continue;
		if (bits_equal(s->bytes, bytes, s->len))
			return s->word;
	}
	return NULL;
}

/* Nearly all addresses of servers can be told by their first octet, which is
 * none that an entry begins with. */
static bool may_be_special_v4(uint8_t first)
{
	switch (first) {
	case 0:
	case 10:
	case 100:
	case 127:
	case 169:
	case 172:
	case 192:
	case 198:
	case 203:
		return true;
	default:
		return first >= 224;
	}
}

static bool may_be_special_v6(uint8_t first)
{
	return first <= 0x20 || first >= 0x3f;
}

static const char *special_word_v4(const uint8_t *bytes)
{
	if (!may_be_special_v4(bytes[0]))
		return NULL;
	return special_word(special_v4,
	    sizeof(special_v4) / sizeof(special_v4[0]), bytes);
}

const char *dp_addr_special(const struct dp_addr *a)
{
	static const uint8_t nat64[12] = { 0, 0x64, 0xff, 0x9b };
	static const uint8_t six_to_four[2] = { 0x20, 2 };

	if (a->family == 4)
		return special_word_v4(a->bytes);
	if (!may_be_special_v6(a->bytes[0]))
		return NULL;
	/* RFC 6052, 2.2 and RFC 3056, 2: where the IPv4 address stands. */
	if (memcmp(a->bytes, nat64, sizeof(nat64)) == 0)
		return special_word_v4(a->bytes + 12);
	if (memcmp(a->bytes, six_to_four, sizeof(six_to_four)) == 0)
		return special_word_v4(a->bytes + 2);
	return special_word(special_v6,
	    sizeof(special_v6) / sizeof(special_v6[0]), a->bytes);
}
