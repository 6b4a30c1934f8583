#include "tests/unit/unit.h"

#include <string.h>

#include "module/core/addr.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct dp_addr addr_of(const char *text)
{
	struct dp_addr a = { .family = 0 };

	CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&a, text, NULL), DP_OK);
	return a;
}

static struct dp_prefix prefix_of(const char *text)
{
	struct dp_prefix p = { .len = 0 };

	CU_ASSERT_EQUAL_FATAL(dp_prefix_from_text(&p, text, NULL), DP_OK);
	return p;
}

static void addresses_and_text(void)
{
	static const char *const same[] = {
		"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1",
		"2001:db8::1", "::ffff:192.0.2.1",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	};
	static const char *const bad[] = {
		"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4/32", ":::",
		"1::2::3", "12345::", "a.example", " 1.2.3.4", "1.2.3.4 ",
		"fe80::1%eth0", "01.2.3.4x",
	};
	char text[DP_ADDR_TEXT_MAX];
	struct dp_diag diag;
	struct dp_addr a;

	for (size_t i = 0; i < COUNT(same); i++) {
		a = addr_of(same[i]);
		CU_ASSERT_EQUAL(a.family, strchr(same[i], ':') ? 6 : 4);
		CU_ASSERT_EQUAL(dp_addr_to_text(&a, text), strlen(same[i]));
		CU_ASSERT_STRING_EQUAL(text, same[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		CU_ASSERT_EQUAL(dp_addr_from_text(&a, bad[i], &diag),
		    DP_ERR_SYNTAX);
		CU_ASSERT_STRING_EQUAL(diag.object, bad[i]);
	}
	a = addr_of("2001:DB8:0:0:0:0:0:1");
	dp_addr_to_text(&a, text);
	CU_ASSERT_STRING_EQUAL(text, "2001:db8::1");
}

static void addresses_are_made_of_octets(void)
{
	static const uint8_t v4[4] = { 192, 0, 2, 1 };
	static const uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	struct dp_addr a = dp_addr_v4(v4), b = addr_of("192.0.2.1");

	CU_ASSERT(dp_addr_equal(&a, &b));
	CU_ASSERT_EQUAL(dp_addr_size_b(&a), 4);
	for (int i = 4; i < 16; i++)
		CU_ASSERT_EQUAL(a.bytes[i], 0);
	a = dp_addr_v6(v6);
	b = addr_of("2001:db8::1");
	CU_ASSERT(dp_addr_equal(&a, &b));
	CU_ASSERT_EQUAL(dp_addr_size_b(&a), 16);
}

static void address_order(void)
{
	static const char *const sorted[] = {
		"0.0.0.0", "9.255.255.255", "10.0.0.0", "128.0.0.1",
		"255.0.0.0", "::", "::1", "1::", "ff::",
	};

	for (size_t i = 0; i < COUNT(sorted); i++) {
		for (size_t k = 0; k < COUNT(sorted); k++) {
			struct dp_addr a = addr_of(sorted[i]);
			struct dp_addr b = addr_of(sorted[k]);
			int order = dp_addr_compare(&a, &b);

			CU_ASSERT_EQUAL((order > 0) - (order < 0),
			    (i > k) - (i < k));
			CU_ASSERT_EQUAL(dp_addr_equal(&a, &b), i == k);
		}
	}
}

static void prefixes_and_text(void)
{
	static const struct {
		const char *given;
		const char *shown;
	} good[] = {
		{ "192.0.2.0/24", "192.0.2.0/24" },
		{ "192.0.2.1", "192.0.2.1/32" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "::/0", "::/0" },
		{ "2001:db8::/32", "2001:db8::/32" },
		{ "2001:db8::1", "2001:db8::1/128" },
		{ "192.0.2.128/25", "192.0.2.128/25" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
	};
	static const struct {
		const char *text;
		const char *reason;
	} bad[] = {
		{ "192.0.2.1/24", "write 192.0.2.0/24 for the prefix or "
				  "192.0.2.1/32 for the host" },
		{ "2001:db8::1/127", "write 2001:db8::/127" },
		{ "192.0.2.0/33", "a number from 0 to 32" },
		{ "::/129", "a number from 0 to 128" },
		{ "192.0.2.0/", "a number from" },
		{ "192.0.2.0/024", "a number from" },
		{ "192.0.2.0/-1", "a number from" },
		{ "192.0.2.0/24 ", "a number from" },
		{ "192.0.2.0/24/24", "a number from" },
		{ "192.0.2.0/4294967320", "a number from" },
		{ "/24", "write 192.0.2.0/24" },
		{ "192.0.2/24", "write 192.0.2.0/24" },
		{ "", "write 192.0.2.0/24" },
		{ "11111111111111111111111111111111111111111111111111/8",
		    "write 192.0.2.0/24" },
	};
	char text[DP_PREFIX_TEXT_MAX];
	struct dp_prefix p;
	struct dp_diag diag;

	for (size_t i = 0; i < COUNT(good); i++) {
		p = prefix_of(good[i].given);
		CU_ASSERT(dp_prefix_valid(&p));
		CU_ASSERT_EQUAL(dp_prefix_to_text(&p, text),
		    strlen(good[i].shown));
		CU_ASSERT_STRING_EQUAL(text, good[i].shown);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		CU_ASSERT_EQUAL(dp_prefix_from_text(&p, bad[i].text, &diag),
		    DP_ERR_SYNTAX);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, bad[i].reason));
	}
}

static void prefixes_hold_addresses(void)
{
	static const struct {
		const char *prefix;
		const char *addr;
		bool has;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.128/25", "192.0.2.128", true },
		{ "0.0.0.0/0", "255.1.2.3", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "0.0.0.1", false },
		{ "::/0", "ff02::1", true },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.0", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "2001:db8::1", "2001:db8::1", true },
		{ "2001:db8::1", "2001:db8::2", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dp_prefix p = prefix_of(cases[i].prefix);
		struct dp_addr a = addr_of(cases[i].addr);

		CU_ASSERT_EQUAL(dp_prefix_has(&p, &a), cases[i].has);
	}
}

static void prefix_order(void)
{
	static const char *const sorted[] = {
		"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/32",
		"11.0.0.0/8", "::/0", "::/128", "2001:db8::/32",
	};

	for (size_t i = 0; i < COUNT(sorted); i++) {
		for (size_t k = 0; k < COUNT(sorted); k++) {
			struct dp_prefix a = prefix_of(sorted[i]);
			struct dp_prefix b = prefix_of(sorted[k]);
			int order = dp_prefix_compare(&a, &b);

			CU_ASSERT_EQUAL((order > 0) - (order < 0),
			    (i > k) - (i < k));
		}
	}
}

static void hostile_prefixes_are_invalid(void)
{
	static const struct dp_prefix bad[] = {
		{ { 0, { 0 } }, 0 }, { { 5, { 0 } }, 0 },
		{ { 4, { 0 } }, 33 }, { { 6, { 0 } }, 129 },
		{ { 4, { 10, 0, 0, 1 } }, 31 },
		{ { 4, { 10, 0, 0, 0, 1 } }, 32 },
		{ { 4, { [15] = 1 } }, 8 }, { { 6, { [15] = 1 } }, 127 },
		{ { 6, { 0x80 } }, 0 },
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		CU_ASSERT_FALSE(dp_prefix_valid(&bad[i]));
}

static void special_addresses_are_known(void)
{
	static const struct {
		const char *addr;
		const char *word; /* NULL: an ordinary address */
	} cases[] = {
		{ "0.0.0.0", "this-network" },
		{ "0.255.255.255", "this-network" },
		{ "1.0.0.0", NULL },
		{ "9.255.255.255", NULL },
		{ "10.0.0.0", "private" },
		{ "10.255.255.255", "private" },
		{ "11.0.0.0", NULL },
		{ "100.63.255.255", NULL },
		{ "100.64.0.0", "cgnat" },
		{ "100.127.255.255", "cgnat" },
		{ "100.128.0.0", NULL },
		{ "126.255.255.255", NULL },
		{ "127.0.0.1", "loopback" },
		{ "128.0.0.0", NULL },
		{ "169.253.255.255", NULL },
		{ "169.254.169.254", "link-local" },
		{ "169.255.0.0", NULL },
		{ "172.15.255.255", NULL },
		{ "172.16.0.0", "private" },
		{ "172.31.255.255", "private" },
		{ "172.32.0.0", NULL },
		{ "192.0.0.0", "ietf-protocol" },
		{ "192.0.0.8", "ietf-protocol" },
		{ "192.0.0.9", NULL },
		{ "192.0.0.10", NULL },
		{ "192.0.0.11", "ietf-protocol" },
		{ "192.0.0.170", "ietf-protocol" },
		{ "192.0.1.0", NULL },
		{ "192.0.2.1", "documentation" },
		{ "192.0.3.0", NULL },
		{ "192.31.196.1", NULL },
		{ "192.52.193.1", NULL },
		{ "192.88.99.1", "6to4-relay" },
		{ "192.88.100.0", NULL },
		{ "192.167.255.255", NULL },
		{ "192.168.0.0", "private" },
		{ "192.169.0.0", NULL },
		{ "192.175.48.1", NULL },
		{ "198.17.255.255", NULL },
		{ "198.18.0.0", "benchmarking" },
		{ "198.19.255.255", "benchmarking" },
		{ "198.20.0.0", NULL },
		{ "198.51.100.7", "documentation" },
		{ "203.0.113.7", "documentation" },
		{ "223.255.255.255", NULL },
		{ "224.0.0.0", "multicast" },
		{ "239.255.255.255", "multicast" },
		{ "240.0.0.0", "reserved" },
		{ "255.255.255.254", "reserved" },
		{ "255.255.255.255", "broadcast" },

		{ "::", "unspecified" },
		{ "::1", "loopback" },
		{ "::2", "reserved" },
		{ "::192.0.2.1", "reserved" },
		{ "::ffff:8.8.8.8", "ipv4-mapped" },
		{ "::ffff:10.0.0.1", "ipv4-mapped" },
		{ "64:ff9b::8.8.8.8", NULL },
		{ "64:ff9b::10.0.0.1", "private" },
		{ "64:ff9b::127.0.0.1", "loopback" },
		{ "64:ff9b::1:0:0", "reserved" },
		{ "64:ff9b:1::", "nat64-local" },
		{ "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "nat64-local" },
		{ "64:ff9b:2::", "reserved" },
		{ "100::1", "discard" },
		{ "100:0:0:1::1", "dummy" },
		{ "100:0:0:2::1", "reserved" },
		{ "2000::1", NULL },
		{ "2001::1", "teredo" },
		{ "2001:0:ffff::", "teredo" },
		{ "2001:1::", "ietf-protocol" },
		{ "2001:1::1", NULL },
		{ "2001:1::2", NULL },
		{ "2001:1::3", NULL },
		{ "2001:1::4", "ietf-protocol" },
		{ "2001:2::1", "benchmarking" },
		{ "2001:2:1::", "ietf-protocol" },
		{ "2001:3::1", NULL },
		{ "2001:4::1", "ietf-protocol" },
		{ "2001:4:112::1", NULL },
		{ "2001:4:113::1", "ietf-protocol" },
		{ "2001:10::1", "orchid" },
		{ "2001:1f:ffff::", "orchid" },
		{ "2001:20::1", NULL },
		{ "2001:2f:ffff::", NULL },
		{ "2001:30::1", NULL },
		{ "2001:3f:ffff::", NULL },
		{ "2001:40::1", "ietf-protocol" },
		{ "2001:1ff:ffff::", "ietf-protocol" },
		{ "2001:200::1", NULL },
		{ "2001:db7:ffff::", NULL },
		{ "2001:db8::1", "documentation" },
		{ "2001:db9::", NULL },
		{ "2002:808:808::1", NULL },
		{ "2002:a00:1::1", "private" },
		{ "2002:7f00:1::", "loopback" },
		{ "2003::", NULL },
		{ "2603:1030::1", NULL },
		{ "2620:4f:8000::1", NULL },
		{ "3ffe:ffff::", NULL },
		{ "3fff::", "documentation" },
		{ "3fff:fff:ffff::", "documentation" },
		{ "3fff:1000::", NULL },
		{ "4000::", "reserved" },
		{ "5f00::1", "srv6-sid" },
		{ "fbff::", "reserved" },
		{ "fc00::", "unique-local" },
		{ "fdff:ffff::", "unique-local" },
		{ "fe00::", "reserved" },
		{ "fe80::1", "link-local" },
		{ "febf:ffff::", "link-local" },
		{ "fec0::1", "site-local" },
		{ "feff:ffff::", "site-local" },
		{ "ff00::", "multicast" },
		{ "ff02::1", "multicast" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dp_addr a = addr_of(cases[i].addr);
		const char *word = dp_addr_special(&a);

		if (cases[i].word) {
			CU_ASSERT_PTR_NOT_NULL_FATAL(word);
			CU_ASSERT_STRING_EQUAL(word, cases[i].word);
		} else {
			CU_ASSERT_PTR_NULL(word);
		}
	}
}

static void mapped_addresses_are_unmapped(void)
{
	static const struct {
		const char *addr;
		const char *v4; /* NULL: not mapped */
	} cases[] = {
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::ffff:0:0", "0.0.0.0" },
		{ "::ffff:ffff:ffff", "255.255.255.255" },
		{ "::fffe:192.0.2.1", NULL },
		{ "::1:ffff:192.0.2.1", NULL },
		{ "::192.0.2.1", NULL },
		{ "64:ff9b::192.0.2.1", NULL },
		{ "192.0.2.1", NULL },
		{ "0.0.0.0", NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dp_addr a = addr_of(cases[i].addr), want = a;

		if (cases[i].v4)
			want = addr_of(cases[i].v4);
		CU_ASSERT_EQUAL(dp_addr_unmap(&a), cases[i].v4 != NULL);
		CU_ASSERT_EQUAL(a.family, want.family);
		CU_ASSERT_EQUAL(memcmp(a.bytes, want.bytes, sizeof(a.bytes)),
		    0);
	}
}

UNIT_MAIN("addr", UNIT(addresses_and_text), UNIT(addresses_are_made_of_octets),
    UNIT(address_order), UNIT(prefixes_and_text),
    UNIT(prefixes_hold_addresses), UNIT(prefix_order),
    UNIT(hostile_prefixes_are_invalid), UNIT(special_addresses_are_known),
    UNIT(mapped_addresses_are_unmapped))
