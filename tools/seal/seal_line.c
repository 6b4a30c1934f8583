#include "dp_config.h"

#include "tools/seal/seal_line.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEX_MAX (2 * DP_SEAL_DIGEST_B + 1)
#define KEY_MAX \
	sodium_base64_ENCODED_LEN(DP_KEY_B, sodium_base64_VARIANT_ORIGINAL)
#define SIGNATURE_MAX sodium_base64_ENCODED_LEN(crypto_sign_BYTES, \
	sodium_base64_VARIANT_ORIGINAL)
/* ,"signature":"..."}}} and a line feed: what the signature does not cover. */
#define BEFORE_SIGNATURE ",\"signature\":\""
#define AFTER_SIGNATURE "\"}}}\n"
#define TAIL_B (strlen(BEFORE_SIGNATURE) + SIGNATURE_MAX - 1 + \
	strlen(AFTER_SIGNATURE))

static const char *const ends[] = { "no", "stop", "file" };

void dp_seal_time_text(char text[DP_SEAL_TIME_MAX], uint64_t time_us)
{
	time_t when = (time_t)(time_us / 1000000);
	struct tm tm;
	size_t len = 0;

	/* The year has four digits for as long as this is used. */
	if (time_us / 1000000 <= UINT64_C(253402300799) &&
	    gmtime_r(&when, &tm))
		len = strftime(text, DP_SEAL_TIME_MAX, "%Y-%m-%dT%H:%M:%S",
		    &tm);
	if (len == 0) {
		strcpy(text, "9999-12-31T23:59:59.999999Z");
		return;
	}
	snprintf(text + len, DP_SEAL_TIME_MAX - len, ".%06uZ",
	    (unsigned)(time_us % 1000000));
}

bool dp_seal_time_read(uint64_t *time_us, const char *text)
{
	char again[DP_SEAL_TIME_MAX];
	struct tm tm = { .tm_isdst = 0 };
	uint64_t us;
	time_t when;
	unsigned micro;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%6uZ", &tm.tm_year,
		&tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		&micro) != 7)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	when = timegm(&tm);
	if (when < 0)
		return false;
	us = (uint64_t)when * 1000000 + micro;
	dp_seal_time_text(again, us); /* which is the only spelling */
	if (strcmp(text, again) != 0)
		return false;
	*time_us = us;
	return true;
}

/* --- writing -------------------------------------------------------------- */

struct writer {
	char *text; /* DP_SEAL_LINE_MAX */
	size_t size_b;
};

/* 1024 positions and everything else fit, so nothing is ever cut off. */
static void put(struct writer *w, const char *fmt, ...) DP_PRINTF(2, 3);
static void put(struct writer *w, const char *fmt, ...)
{
	size_t room = DP_SEAL_LINE_MAX - w->size_b;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(w->text + w->size_b, room, fmt, args);
	va_end(args);
	w->size_b += (size_t)n < room ? (size_t)n : room - 1;
}

static uint64_t number(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : n;
}

static void put_number(struct writer *w, const char *name, uint64_t n)
{
	put(w, ",\"%s\":%" PRIu64, name, number(n));
}

static void put_hex(struct writer *w, const char *name, const uint8_t *octets,
    size_t size_b)
{
	char hex[HEX_MAX];

	sodium_bin2hex(hex, sizeof(hex), octets, size_b);
	put(w, ",\"%s\":\"%s\"", name, hex);
}

static void put_key(struct writer *w, const char *name,
    const uint8_t key[DP_KEY_B])
{
	char base64[KEY_MAX];

	sodium_bin2base64(base64, sizeof(base64), key, DP_KEY_B,
	    sodium_base64_VARIANT_ORIGINAL);
	put(w, ",\"%s\":\"%s\"", name, base64);
}

static void put_file(struct writer *w, const struct dp_seal_line *l)
{
	put_number(w, "file", l->file);
	put_key(w, "key", l->key);
	if (l->is_encrypted)
		put_key(w, "auditor", l->auditor);
	else
		put(w, ",\"auditor\":\"\"");
}

static void put_block(struct writer *w, const struct dp_seal_line *l)
{
	put_hex(w, "digest", l->digest, sizeof(l->digest));
	put_number(w, "octets", l->octets);
	put_number(w, "lines", l->lines);
	put_number(w, "records", l->records);
	put_number(w, "gaps", l->gaps);
	put_number(w, "lost", l->lost);
	put(w, ",\"from\":\"%s\",\"until\":\"%s\"", l->from, l->until);
	put(w, ",\"recovered\":%s", l->recovered ? "true" : "false");
	put_number(w, "cut", l->cut_b);
	put(w, ",\"end\":\"%s\"", ends[l->end]);
}

static void put_positions(struct writer *w, const struct dp_seal_line *l)
{
	put(w, ",\"positions\":[");
	for (size_t i = 0; i < l->position_count; i++) {
		const struct dp_seal_position *p = &l->positions[i];

		put(w, "%s[%" PRIu32 ",\"%016" PRIx64 "\",%" PRIu64 "]",
		    i > 0 ? "," : "", p->ring, p->id, number(p->number));
	}
	put(w, "]");
}

/* All that is signed. */
static size_t write_unsigned(char text[DP_SEAL_LINE_MAX],
    const struct dp_seal_line *l)
{
	struct writer w = { text, 0 };

	put(&w, DP_SEAL_PREFIX "\"kind\":\"%s\",\"version\":%d",
	    l->is_block ? "block" : "file", DP_SEAL_VERSION);
	put_hex(&w, "chain", l->chain, sizeof(l->chain));
	put_number(&w, "number", l->number);
	put(&w, ",\"time\":\"%s\"", l->time);
	put_hex(&w, "previous", l->previous, sizeof(l->previous));
	put_number(&w, "before", l->before);
	if (l->is_block)
		put_block(&w, l);
	else
		put_file(&w, l);
	put_positions(&w, l);
	return w.size_b;
}

size_t dp_seal_line_write(char text[DP_SEAL_LINE_MAX],
    const struct dp_seal_line *l, const uint8_t key[DP_KEY_SIGN_B])
{
	uint8_t signature[crypto_sign_BYTES];
	char base64[SIGNATURE_MAX];
	struct writer w = { text, write_unsigned(text, l) };

	crypto_sign_detached(signature, NULL, (const uint8_t *)text, w.size_b,
	    key);
	sodium_bin2base64(base64, sizeof(base64), signature, sizeof(signature),
	    sodium_base64_VARIANT_ORIGINAL);
	put(&w, BEFORE_SIGNATURE "%s" AFTER_SIGNATURE, base64);
	return w.size_b;
}

/* --- reading -------------------------------------------------------------- */

bool dp_seal_line_is(const char *text, size_t size_b)
{
	return size_b >= strlen(DP_SEAL_PREFIX) &&
	    memcmp(text, DP_SEAL_PREFIX, strlen(DP_SEAL_PREFIX)) == 0;
}

/* The octets of member name; false: it is not right. */
static bool get_hex(const json_t *from, const char *name, uint8_t *octets,
    size_t size_b)
{
	const char *hex = json_string_value(json_object_get(from, name));
	size_t len;

	return hex && sodium_hex2bin(octets, size_b, hex, strlen(hex), NULL,
	    &len, NULL) == 0 && len == size_b;
}

static bool get_key(const json_t *from, const char *name,
    uint8_t key[DP_KEY_B])
{
	const char *base64 = json_string_value(json_object_get(from, name));
	size_t len;

	return base64 && sodium_base642bin(key, DP_KEY_B, base64,
	    strlen(base64), NULL, &len, NULL,
	    sodium_base64_VARIANT_ORIGINAL) == 0 && len == DP_KEY_B;
}

/* A negative number becomes one above INT64_MAX, which is never written. */
static bool get_number(const json_t *from, const char *name, uint64_t *out)
{
	const json_t *n = json_object_get(from, name);

	*out = (uint64_t)json_integer_value(n);
	return json_is_integer(n);
}

static bool get_time(const json_t *from, const char *name, bool may_lack,
    char time[DP_SEAL_TIME_MAX])
{
	const char *text = json_string_value(json_object_get(from, name));
	uint64_t time_us;

	if (!text || (text[0] ? !dp_seal_time_read(&time_us, text) :
				!may_lack))
		return false;
	strcpy(time, text);
	return true;
}

static bool get_word(const json_t *from, const char *name,
    const char *const *words, size_t count, size_t *out)
{
	const char *word = json_string_value(json_object_get(from, name));

	for (*out = 0; word && *out < count; (*out)++)
		if (strcmp(word, words[*out]) == 0)
			return true;
	return false;
}

static bool get_file(struct dp_seal_line *l, const json_t *from)
{
	l->is_encrypted = json_string_length(json_object_get(from,
	    "auditor")) > 0;
	return get_number(from, "file", &l->file) &&
	    get_key(from, "key", l->key) &&
	    (!l->is_encrypted || get_key(from, "auditor", l->auditor));
}

static bool get_block(struct dp_seal_line *l, const json_t *from)
{
	size_t end;

	if (!get_hex(from, "digest", l->digest, sizeof(l->digest)) ||
	    !get_number(from, "octets", &l->octets) ||
	    !get_number(from, "lines", &l->lines) ||
	    !get_number(from, "records", &l->records) ||
	    !get_number(from, "gaps", &l->gaps) ||
	    !get_number(from, "lost", &l->lost) ||
	    !get_time(from, "from", true, l->from) ||
	    !get_time(from, "until", true, l->until) ||
	    !get_number(from, "cut", &l->cut_b) ||
	    !get_word(from, "end", ends, sizeof(ends) / sizeof(ends[0]), &end))
		return false;
	l->recovered = json_is_true(json_object_get(from, "recovered"));
	l->end = (enum dp_seal_end)end;
	return true;
}

static bool get_positions(struct dp_seal_line *l, const json_t *from)
{
	const json_t *list = json_object_get(from, "positions");

	l->position_count = json_array_size(list);
	if (!json_is_array(list) || l->position_count > DP_SEAL_RINGS_MAX)
		return false;
	for (size_t i = 0; i < l->position_count; i++) {
		const json_t *item = json_array_get(list, i);
		const json_t *ring = json_array_get(item, 0);
		const char *id = json_string_value(json_array_get(item, 1));
		const json_t *at = json_array_get(item, 2);
		struct dp_seal_position *p = &l->positions[i];

		if (!json_is_integer(ring) || !json_is_integer(at) || !id)
			return false;
		p->ring = (uint32_t)json_integer_value(ring);
		p->id = strtoull(id, NULL, 16);
		p->number = (uint64_t)json_integer_value(at);
	}
	return true;
}

static enum dp_err read_members(struct dp_seal_line *l, const json_t *from)
{
	static const char *const kinds[] = { "file", "block" };
	uint64_t version;
	size_t kind;

	if (!get_number(from, "version", &version))
		return DP_ERR_FORMAT;
	if (version != DP_SEAL_VERSION)
		return DP_ERR_VERSION;
	if (!get_word(from, "kind", kinds, 2, &kind) ||
	    !get_hex(from, "chain", l->chain, sizeof(l->chain)) ||
	    !get_number(from, "number", &l->number) ||
	    !get_time(from, "time", false, l->time) ||
	    !get_hex(from, "previous", l->previous, sizeof(l->previous)) ||
	    !get_number(from, "before", &l->before) ||
	    !get_positions(l, from))
		return DP_ERR_FORMAT;
	l->is_block = kind == 1;
	if (l->is_block ? !get_block(l, from) : !get_file(l, from))
		return DP_ERR_FORMAT;
	return DP_OK;
}

/* Octets of the signature; false: they are not written as they should be. */
static bool signature_of(uint8_t signature[crypto_sign_BYTES],
    const char *text, size_t size_b)
{
	char base64[SIGNATURE_MAX];
	const char *tail, *begin;
	size_t len = 0;

	if (size_b < TAIL_B)
		return false;
	tail = text + size_b - TAIL_B;
	begin = tail + strlen(BEFORE_SIGNATURE);
	if (sodium_base642bin(signature, crypto_sign_BYTES, begin,
		SIGNATURE_MAX - 1, NULL, &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    len != crypto_sign_BYTES)
		return false;
	/* There is one spelling only of these octets. */
	sodium_bin2base64(base64, sizeof(base64), signature, crypto_sign_BYTES,
	    sodium_base64_VARIANT_ORIGINAL);
	return memcmp(begin, base64, SIGNATURE_MAX - 1) == 0 &&
	    memcmp(tail, BEFORE_SIGNATURE, strlen(BEFORE_SIGNATURE)) == 0 &&
	    memcmp(begin + SIGNATURE_MAX - 1, AFTER_SIGNATURE,
		strlen(AFTER_SIGNATURE)) == 0;
}

enum dp_err dp_seal_line_read(struct dp_seal_line *out, const char *text,
    size_t size_b)
{
	uint8_t signature[crypto_sign_BYTES];
	char again[DP_SEAL_LINE_MAX];
	enum dp_err err = DP_ERR_FORMAT;
	struct dp_seal_line *l;
	json_t *line;

	if (size_b > DP_SEAL_LINE_MAX || !dp_seal_line_is(text, size_b))
		return DP_ERR_FORMAT;
	line = json_loadb(text, size_b, JSON_REJECT_DUPLICATES, NULL);
	l = calloc(1, sizeof(*l));
	if (!l || !line) {
		err = l ? DP_ERR_FORMAT : DP_ERR_NOMEM;
		goto out;
	}
	err = read_members(l, json_object_get(json_object_get(line, "dnspin"),
	    "seal"));
	/* Written again it must be the same, octet by octet. */
	if (!err && (!signature_of(signature, text, size_b) ||
	    write_unsigned(again, l) != size_b - TAIL_B ||
	    memcmp(again, text, size_b - TAIL_B) != 0))
		err = DP_ERR_FORMAT;
	if (!err)
		*out = *l;
out:
	json_decref(line);
	free(l);
	return err;
}

bool dp_seal_line_signed(const char *text, size_t size_b,
    const uint8_t key[DP_KEY_B])
{
	uint8_t signature[crypto_sign_BYTES];

	return size_b > TAIL_B && signature_of(signature, text, size_b) &&
	    crypto_sign_verify_detached(signature, (const uint8_t *)text,
		size_b - TAIL_B, key) == 0;
}

void dp_seal_line_digest(uint8_t digest[DP_SEAL_DIGEST_B], const char *text,
    size_t size_b)
{
	crypto_generichash(digest, DP_SEAL_DIGEST_B, (const uint8_t *)text,
	    size_b, NULL, 0);
}
