#include "dp_config.h"

#include "tests/unit/unit.h"

#include <sodium.h>
#include <string.h>

#include "tools/seal/seal_line.h"

static uint8_t public_key[DP_KEY_B], secret[DP_KEY_SIGN_B];
static struct dp_seal_line line, again;
static char text[DP_SEAL_LINE_MAX];

static int set_up(void)
{
	static const uint8_t seed[32] = { 7 };

	if (sodium_init() < 0)
		return -1;
	return crypto_sign_seed_keypair(public_key, secret, seed);
}

/* A line of either kind with all members set. */
static void fill(bool is_block, size_t positions)
{
	memset(&line, 0, sizeof(line));
	line.is_block = is_block;
	memset(line.chain, 0xc1, sizeof(line.chain));
	line.number = 17;
	dp_seal_time_text(line.time, UINT64_C(1800000000000001));
	memset(line.previous, 0xab, sizeof(line.previous));
	line.before = 170;
	if (is_block) {
		memset(line.digest, 0xde, sizeof(line.digest));
		line.octets = 4096;
		line.lines = 12;
		line.records = 10;
		line.gaps = 2;
		line.lost = INT64_MAX;
		strcpy(line.from, line.time);
		strcpy(line.until, line.time);
		line.recovered = true;
		line.cut_b = 9;
		line.end = DP_SEAL_END_FILE;
	} else {
		line.file = 3;
		memcpy(line.key, public_key, DP_KEY_B);
		line.is_encrypted = true;
		memcpy(line.auditor, public_key, DP_KEY_B);
	}
	line.position_count = positions;
	for (size_t i = 0; i < positions; i++)
		line.positions[i] = (struct dp_seal_position){
			.ring = UINT32_MAX - (uint32_t)i, .id = UINT64_MAX - i,
			.number = INT64_MAX - i };
}

static void what_is_written_is_read(void)
{
	static const size_t counts[] = { 0, 1, DP_SEAL_RINGS_MAX };

	for (int i = 0; i < 6; i++) {
		size_t size_b;

		fill(i % 2, counts[i / 2]);
		size_b = dp_seal_line_write(text, &line, secret);
		CU_ASSERT_FATAL(size_b > 0 && size_b < sizeof(text) - 1);
		CU_ASSERT_EQUAL(text[size_b - 1], '\n');
		CU_ASSERT_TRUE(dp_seal_line_is(text, size_b));
		CU_ASSERT_EQUAL_FATAL(dp_seal_line_read(&again, text, size_b),
		    DP_OK);
		CU_ASSERT_EQUAL(memcmp(&line, &again, sizeof(line)), 0);
		CU_ASSERT_TRUE(dp_seal_line_signed(text, size_b, public_key));
	}
}

/* The contract of dnspin-log(5), octet by octet. */
static void the_form_is_fixed(void)
{
	static const char wanted[] = "{\"dnspin\":{\"seal\":{\"kind\":"
	    "\"block\",\"version\":1,"
	    "\"chain\":\"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1\",\"number\":17,"
	    "\"time\":\"2027-01-15T08:00:00.000001Z\",\"previous\":"
	    "\"abababababababababababababababababababababababababababababababab"
	    "\",\"before\":170,\"digest\":"
	    "\"dededededededededededededededededededededededededededededededede"
	    "\",\"octets\":4096,\"lines\":12,\"records\":10,\"gaps\":2,"
	    "\"lost\":9223372036854775807,"
	    "\"from\":\"2027-01-15T08:00:00.000001Z\","
	    "\"until\":\"2027-01-15T08:00:00.000001Z\",\"recovered\":true,"
	    "\"cut\":9,\"end\":\"file\","
	    "\"positions\":[[4294967295,\"ffffffffffffffff\","
	    "9223372036854775807]],\"signature\":\"";

	fill(true, 1);
	(void)dp_seal_line_write(text, &line, secret);
	CU_ASSERT_EQUAL(strncmp(text, wanted, strlen(wanted)), 0);
	CU_ASSERT_EQUAL(strlen(text), strlen(wanted) + 88 + 5);
}

static void no_octet_may_differ(void)
{
	for (int kind = 0; kind < 2; kind++) {
		size_t size_b;

		fill(kind, 2);
		size_b = dp_seal_line_write(text, &line, secret);
		for (size_t i = 0; i < size_b * 8; i++) {
			text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
			CU_ASSERT_FALSE(
			    dp_seal_line_read(&again, text, size_b) == DP_OK &&
			    dp_seal_line_signed(text, size_b, public_key));
			text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
		}
		for (size_t n = 0; n < size_b; n++)
			CU_ASSERT_NOT_EQUAL(dp_seal_line_read(&again, text, n),
			    DP_OK);
	}
}

static void other_spellings_are_refused(void)
{
	static const char *const cases[][2] = {
		{ "\"number\":17", "\"number\": 17" },
		{ "\"number\":17", "\"number\":017" },
		{ "\"number\":17", "\"number\":-1" },
		{ "\"number\":17", "\"number\":1e1" },
		{ "\"number\":17", "\"number\":17,\"x\":1" },
		{ "\"number\":17", "\"number\":17,\"number\":17" },
		{ "\"number\":17,", "" },
		{ "abab", "ABab" },
		{ "\"cut\":9", "\"cut\":99999999999999999999" },
		{ "\"end\":\"file\"", "\"end\":\"later\"" },
		{ "\"recovered\":true", "\"recovered\":1" },
		{ "[4294967295,", "[4294967296," },
		{ "\"ffffffffffffffff\"", "\"0ffffffffffffffff\"" },
		{ "2027-01", "2027/01" },
		{ "\"positions\":[[", "\"positions\":[[]],\"x\":[[" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char changed[4096];
		const char *at;

		fill(true, 1);
		(void)dp_seal_line_write(text, &line, secret);
		at = strstr(text, cases[i][0]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		snprintf(changed, sizeof(changed), "%.*s%s%s",
		    (int)(at - text), text, cases[i][1],
		    at + strlen(cases[i][0]));
		CU_ASSERT_EQUAL(dp_seal_line_read(&again, changed,
		    strlen(changed)), DP_ERR_FORMAT);
	}
	fill(true, 1);
	(void)dp_seal_line_write(text, &line, secret);
	strstr(text, "\"version\":1")[10] = '2';
	CU_ASSERT_EQUAL(dp_seal_line_read(&again, text, strlen(text)),
	    DP_ERR_VERSION);
}

static void times_are_text(void)
{
	static const struct {
		uint64_t time_us;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ UINT64_C(951825599999999), "2000-02-29T11:59:59.999999Z" },
		{ UINT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z" },
		{ UINT64_C(253402300800000000), "9999-12-31T23:59:59.999999Z" },
		{ UINT64_MAX, "9999-12-31T23:59:59.999999Z" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char when[DP_SEAL_TIME_MAX];
		uint64_t time_us = 7;

		dp_seal_time_text(when, cases[i].time_us);
		CU_ASSERT_STRING_EQUAL(when, cases[i].text);
		CU_ASSERT_TRUE(dp_seal_time_read(&time_us, cases[i].text));
		CU_ASSERT_EQUAL(time_us, i < 3 ? cases[i].time_us :
		    cases[2].time_us);
	}
}

static void no_other_text_is_a_time(void)
{
	static const char *const cases[] = { "", "Z",
		"2026-02-29T00:00:00.000000Z", "2026-13-01T00:00:00.000000Z",
		"2026-11-22T24:00:00.000000Z", "2026-11-22T23:59:60.000000Z",
		"2026-11-22T19:30:00.00000Z", "2026-11-22T19:30:00.000000",
		"2026-11-22T19:30:00.000000ZZ", "2026-11-22 19:30:00.000000Z",
		"+026-11-22T19:30:00.000000Z", "2026-11-22T19:30:-1.000000Z",
		"1969-12-31T23:59:59.999999Z", " 026-11-22T19:30:00.000000Z",
		"2026-11-22t19:30:00.000000z", "2026-11-22T19:30:00.0000000Z" };
	uint64_t time_us = 7;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_FALSE(dp_seal_time_read(&time_us, cases[i]));
	CU_ASSERT_EQUAL(time_us, 7);
}

UNIT_MAIN_WITH("seal_line", set_up, NULL, UNIT(what_is_written_is_read),
    UNIT(the_form_is_fixed), UNIT(no_octet_may_differ),
    UNIT(other_spellings_are_refused), UNIT(times_are_text),
    UNIT(no_other_text_is_a_time))
