#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "module/core/name.h"

static struct dp_name name_of(const char *text)
{
	struct dp_name name;
	struct dp_diag diag = { .line = 0 };

	if (dp_name_from_text(&name, text, &diag) != DP_OK)
		fprintf(stderr, "%s: %s\n", text, diag.reason);
	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&name, text, &diag), DP_OK);
	return name;
}

/* "aaa…a.bbb…b." of the given label lengths, 0 at the end. */
static void text_of_labels(char *text, const unsigned *lengths)
{
	for (int i = 0; lengths[i]; i++) {
		memset(text, 'a' + i % 26, lengths[i]);
		text += lengths[i];
		*text++ = '.';
	}
	*text = '\0';
}

static void text_becomes_wire(void)
{
	static const struct {
		const char *text;
		const char *wire;
		size_t len;
	} good[] = {
		{ ".", "", 1 },
		{ "com", "\3com", 5 },
		{ "com.", "\3com", 5 },
		{ "WwW.Example.COM", "\3www\7example\3com", 17 },
		{ "*.example", "\1*\7example", 11 },
		{ "a\\.b.c", "\3a.b\1c", 7 },
		{ "a\\046b.c", "\3a.b\1c", 7 },
		{ "\\065\\\\.c", "\2a\\\1c", 6 },
		{ "\\000\\255", "\2\0\377", 4 },
		{ "\\@\\\"\\(", "\3@\"(", 5 },
		{ "_443._tcp.a/b", "\4_443\4_tcp\3a/b", 15 },
	};
	struct dp_name name;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		name = name_of(good[i].text);
		CU_ASSERT_EQUAL(name.len, good[i].len);
		CU_ASSERT_EQUAL(
		    memcmp(name.wire, good[i].wire, good[i].len), 0);
	}
}

static void wrong_text_is_refused(void)
{
	static const struct {
		const char *text;
		const char *reason;
	} bad[] = {
		{ "", "empty name" },
		{ "..", "empty label" },
		{ "a..b", "empty label" },
		{ ".a", "empty label" },
		{ "a..", "empty label" },
		{ "a b", "a blank" },
		{ "a\tb", "a blank" },
		{ "a;b", "a blank" },
		{ "@", "a blank" },
		{ "b\303\274cher.example", "xn--" },
		{ "a\\", "nothing printable" },
		{ "a\\ b", "nothing printable" },
		{ "a\\1", "two more digits" },
		{ "a\\12x", "two more digits" },
		{ "a\\256", "above 255" },
	};
	struct dp_name name, before;
	struct dp_diag diag;

	memset(&name, 'x', sizeof(name));
	before = name;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(dp_name_from_text(&name, bad[i].text, &diag),
		    DP_ERR_SYNTAX);
		/* No control character gets into what is said. */
		CU_ASSERT_STRING_EQUAL(diag.object,
		    strchr(bad[i].text, '\t') ? "a?b" : bad[i].text);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, bad[i].reason));
		CU_ASSERT_EQUAL(dp_name_from_text(&name, bad[i].text, NULL),
		    DP_ERR_SYNTAX);
	}
	CU_ASSERT_EQUAL(memcmp(&name, &before, sizeof(name)), 0);
}

static void text_limits(void)
{
	static const struct {
		unsigned lengths[6];
		unsigned len; /* 0: refused */
	} cases[] = {
		{ { 63 }, 65 },
		{ { 64 }, 0 },
		{ { 1, 64, 1 }, 0 },
		{ { 63, 63, 63, 61 }, 255 },
		{ { 63, 63, 63, 62 }, 0 },
		{ { 63, 63, 63, 59, 1 }, 255 },
		{ { 63, 63, 63, 60, 1 }, 0 },
		{ { 63, 63, 63, 63, 63 }, 0 },
	};
	char text[400];
	struct dp_name name;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_of_labels(text, cases[i].lengths);
		for (int dot = 1; dot >= 0; dot--) {
			text[strlen(text) - (dot ? 0 : 1)] = '\0';
			if (cases[i].len == 0) {
				CU_ASSERT_EQUAL(
				    dp_name_from_text(&name, text, NULL),
				    DP_ERR_SYNTAX);
				continue;
			}
			name = name_of(text);
			CU_ASSERT_EQUAL(name.len, cases[i].len);
			CU_ASSERT(dp_name_is_canonical(name.wire, name.len));
		}
	}
}

static void longest_names(void)
{
	char text[DP_NAME_TEXT_MAX], again[DP_NAME_TEXT_MAX];
	struct dp_name name, back;

	/* 127 labels and the root's. */
	for (int i = 0; i < 127; i++)
		memcpy(text + 2 * i, "a.", 3);
	name = name_of(text);
	CU_ASSERT_EQUAL(name.len, 255);
	CU_ASSERT_EQUAL(dp_name_labels(&name), 128);
	memcpy(text + 2 * 127, "a.", 3);
	CU_ASSERT_EQUAL(dp_name_from_text(&back, text, NULL), DP_ERR_SYNTAX);

	/* Every octet escaped. */
	memset(&name, 0, sizeof(name));
	for (int at = 0; at < 254; at += 1 + name.wire[at])
		name.wire[at] = at < 192 ? 63 : 61;
	name.len = 255;
	CU_ASSERT(dp_name_is_canonical(name.wire, name.len));
	CU_ASSERT_EQUAL(dp_name_to_text(&name, text), 1003);
	back = name_of(text);
	CU_ASSERT(dp_name_equal(&name, &back));
	CU_ASSERT_EQUAL(dp_name_to_text(&back, again), strlen(again));
	CU_ASSERT_STRING_EQUAL(text, again);
}

static void wire_becomes_text(void)
{
	static const char *const same[] = {
		".", "com", "*.example", "www.example.com", "_443._tcp.x",
		"0/25.2.0.192.in-addr.arpa", "a\\046b.c", "\\000\\255.x",
		"\\032\\034\\059\\064\\092.x",
	};
	char text[DP_NAME_TEXT_MAX];
	struct dp_name name;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		name = name_of(same[i]);
		CU_ASSERT_EQUAL(dp_name_to_text(&name, text), strlen(same[i]));
		CU_ASSERT_STRING_EQUAL(text, same[i]);
	}
}

static void wire_is_checked(void)
{
	static const struct {
		const char *wire;
		size_t len;
		uint8_t name_len; /* 0: refused */
	} cases[] = {
		{ "", 1, 1 },
		{ "\3CoM", 5, 5 },
		{ "\3com\0rest", 9, 5 },
		{ "\3com", 4, 0 },	      /* no root */
		{ "\3co", 3, 0 },	      /* cut in a label */
		{ "\3", 1, 0 },
		{ "", 0, 0 },
		{ "\300\14", 2, 0 },	      /* compression pointer */
		{ "\3com\300\14", 6, 0 },
		{ "\100" "a", 3, 0 },	      /* 64 octets, reserved type */
		{ "\200" "a", 3, 0 },
	};
	struct dp_name name;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum dp_err err = dp_name_from_wire(&name,
		    (const uint8_t *)cases[i].wire, cases[i].len);

		if (cases[i].name_len == 0) {
			CU_ASSERT_EQUAL(err, DP_ERR_FORMAT);
			continue;
		}
		CU_ASSERT_EQUAL_FATAL(err, DP_OK);
		CU_ASSERT_EQUAL(name.len, cases[i].name_len);
		CU_ASSERT(dp_name_is_canonical(name.wire, name.len));
	}
}

/* Of each length, at each place. */
static void upper_case_is_seen(void)
{
	static const char edges[] = "@AZ[\x81\xc1\xdb";
	uint8_t wire[25];

	for (size_t len = 1; len <= sizeof(wire); len++) {
		memset(wire, 'a', sizeof(wire));
		for (size_t at = 0; at < len; at++) {
			for (const char *c = edges; *c; c++) {
				wire[at] = (uint8_t)*c;
				CU_ASSERT_EQUAL(dp_name_is_lower(wire, len),
				    *c != 'A' && *c != 'Z');
			}
			wire[at] = 'z';
		}
		CU_ASSERT(dp_name_is_lower(wire, len));
	}
}

static void wire_limits(void)
{
	uint8_t wire[400] = { 0 };
	struct dp_name name;

	for (int at = 0; at < 300; at += 64)
		wire[at] = 63;
	wire[192] = 61; /* the root is octet 255 */
	wire[254] = 0;
	CU_ASSERT_EQUAL(dp_name_from_wire(&name, wire, 255), DP_OK);
	CU_ASSERT_EQUAL(name.len, 255);
	CU_ASSERT_EQUAL(dp_name_from_wire(&name, wire, 400), DP_OK);
	CU_ASSERT_EQUAL(dp_name_from_wire(&name, wire, 254), DP_ERR_FORMAT);
	wire[192] = 62; /* octet 256 */
	CU_ASSERT_EQUAL(dp_name_from_wire(&name, wire, 256), DP_ERR_FORMAT);
	CU_ASSERT_EQUAL(dp_name_from_wire(&name, wire, 400), DP_ERR_FORMAT);
	CU_ASSERT_FALSE(dp_name_is_canonical(wire, 256));
}

static void canonical_is_exact(void)
{
	static const struct {
		const char *wire;
		size_t len;
		bool yes;
	} cases[] = {
		{ "", 1, true }, { "\3com", 5, true }, { "\3com", 4, false },
		{ "\3com\0", 6, false }, { "\3Com", 5, false },
		{ "", 0, false },
		{ "\2[@", 4, true }, { "\300\0", 2, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(
		    dp_name_is_canonical((const uint8_t *)cases[i].wire,
			cases[i].len),
		    cases[i].yes);
}

static void copying_lowers_letters_only(void)
{
	uint8_t wire[258];
	struct dp_name name;

	wire[0] = 63;
	for (int i = 1; i < 64; i++)
		wire[i] = (uint8_t)(i + 63); /* '@' to '~' */
	wire[64] = 0;
	CU_ASSERT(dp_name_copy_lower(&name, wire, 65));
	CU_ASSERT_EQUAL(name.len, 65);
	for (int i = 0; i < 65; i++) {
		bool letter = wire[i] >= 'A' && wire[i] <= 'Z';

		CU_ASSERT_EQUAL(name.wire[i], letter ? wire[i] + 32 : wire[i]);
	}
	CU_ASSERT_FALSE(dp_name_copy_lower(&name, wire, 0));
	CU_ASSERT_FALSE(dp_name_copy_lower(&name, wire, 256));
	CU_ASSERT_EQUAL(name.len, 65);
}

/* Eight or sixteen octets are treated at once: none must tell on its neighbours. */
static void copying_lowers_each_octet_by_itself(void)
{
	uint8_t wire[DP_NAME_MAX];
	struct dp_name name;

	for (size_t len = 1; len <= sizeof(wire); len++) {
		for (unsigned first = 0; first < 256; first++) {
			unsigned wrong = 0;

			for (size_t i = 0; i < len; i++)
				wire[i] = (uint8_t)(first + 7 * i);
			CU_ASSERT_TRUE_FATAL(
			    dp_name_copy_lower(&name, wire, len));
			for (size_t i = 0; i < len; i++)
				wrong += name.wire[i] != (wire[i] >= 'A' &&
				    wire[i] <= 'Z' ? wire[i] + 32 : wire[i]);
			CU_ASSERT_EQUAL_FATAL(wrong, 0);
		}
	}
}

/* The example of RFC 4034, 6.1, and more. */
static void canonical_order(void)
{
	static const char *const sorted[] = {
		".", "a", "com", "example", "a.example", "yljkjljk.a.example",
		"Z.a.example", "zABC.a.EXAMPLE", "z.example",
		"\\001.z.example", "*.z.example", "\\200.z.example",
		"examplea", "a.examplea",
	};
	size_t n = sizeof(sorted) / sizeof(sorted[0]);

	for (size_t i = 0; i < n; i++) {
		struct dp_name a = name_of(sorted[i]);

		for (size_t k = 0; k < n; k++) {
			struct dp_name b = name_of(sorted[k]);
			int order = dp_name_compare(&a, &b);

			CU_ASSERT_EQUAL((order > 0) - (order < 0),
			    (i > k) - (i < k));
			CU_ASSERT_EQUAL(dp_name_equal(&a, &b), i == k);
		}
	}
}

static void labels_and_ancestors(void)
{
	static const struct {
		const char *name;
		const char *parent;
		bool within;
	} cases[] = {
		{ "a.b.c", "b.c", true }, { "a.b.c", "a.b.c", true },
		{ "a.b.c", ".", true }, { ".", ".", true },
		{ "b.c", "a.b.c", false }, { "xb.c", "b.c", false },
		{ "a.b", "b.c", false }, { ".", "c", false },
		/* The octets of "b.c" at the end, but not its labels. */
		{ "a\\001b\\001c", "b.c", false },
	};
	struct dp_name name, parent;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		name = name_of(cases[i].name);
		parent = name_of(cases[i].parent);
		CU_ASSERT_EQUAL(dp_name_within(&name, &parent),
		    cases[i].within);
	}
	name = name_of(".");
	CU_ASSERT_EQUAL(dp_name_labels(&name), 1);
	name = name_of("a.b.c");
	CU_ASSERT_EQUAL(dp_name_labels(&name), 4);
}

static void random_names_survive_text(void)
{
	uint64_t seed = 1;

	for (int round = 0; round < 5000; round++) {
		struct dp_name name = { .len = 1 }, back;
		char text[DP_NAME_TEXT_MAX];
		uint8_t wire[DP_NAME_MAX];
		size_t at = 0;

		for (;;) {
			size_t n = 1 + unit_random(&seed) % 63;

			if (unit_random(&seed) % 8 == 0 || at + n + 2 > 255)
				break;
			wire[at++] = (uint8_t)n;
			while (n-- > 0)
				wire[at++] = (uint8_t)unit_random(&seed);
		}
		wire[at++] = 0;
		CU_ASSERT_EQUAL_FATAL(dp_name_from_wire(&name, wire, at),
		    DP_OK);
		CU_ASSERT_EQUAL_FATAL(name.len, at);
		dp_name_to_text(&name, text);
		back = name_of(text);
		CU_ASSERT(dp_name_equal(&name, &back));
	}
}

UNIT_MAIN("name", UNIT(text_becomes_wire), UNIT(wrong_text_is_refused),
    UNIT(text_limits), UNIT(longest_names), UNIT(wire_becomes_text),
    UNIT(wire_is_checked), UNIT(upper_case_is_seen), UNIT(wire_limits),
    UNIT(canonical_is_exact), UNIT(copying_lowers_letters_only),
    UNIT(copying_lowers_each_octet_by_itself), UNIT(canonical_order),
    UNIT(labels_and_ancestors), UNIT(random_names_survive_text))
