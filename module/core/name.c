#include "module/core/name.h"

#include <string.h>

static uint8_t lower(uint8_t c)
{
	return (uint8_t)(c + (((uint8_t)(c - 'A') < 26) << 5));
}

/* The high bits of those of eight octets that are upper-case letters. Without
 * their high bits no sum runs over into the next one; those that have it are no
 * letters. */
static uint64_t upper_of(uint64_t w)
{
	const uint64_t ones = UINT64_MAX / 255, high = 0x80 * ones;
	uint64_t low = w & ~high;
	uint64_t from_a = low + (0x80 - 'A') * ones;
	uint64_t beyond_z = low + (0x80 - 'Z' - 1) * ones;

	return from_a & ~beyond_z & ~w & high;
}

static void lower_eight(uint8_t *to, const uint8_t *from)
{
	uint64_t w;

	memcpy(&w, from, 8);
	w |= upper_of(w) >> 2;
	memcpy(to, &w, 8);
}

/* Gcc and clang make of it what the processor has for sixteen octets. */
typedef uint8_t sixteen __attribute__((vector_size(16)));

static void lower_sixteen(uint8_t *to, const uint8_t *from)
{
	sixteen w;

	memcpy(&w, from, 16);
	/* All bits of those that compare. */
	w += (sixteen)(w - (uint8_t)'A' < (uint8_t)26) & (uint8_t)0x20;
	memcpy(to, &w, 16);
}

/* Length octets are below 'A', so that all octets are treated alike, and some
 * at the end twice. */
static void copy_lower(uint8_t *to, const uint8_t *from, size_t len)
{
	if (len >= 16) {
		for (size_t i = 0; i < len - 16; i += 16)
			lower_sixteen(to + i, from + i);
		lower_sixteen(to + len - 16, from + len - 16);
	} else if (len >= 8) {
		lower_eight(to, from);
		lower_eight(to + len - 8, from + len - 8);
	} else {
		for (size_t i = 0; i < len; i++)
			to[i] = lower(from[i]);
	}
}

bool dp_name_copy_lower(struct dp_name *out, const uint8_t *wire, size_t len)
{
	if (len == 0 || len > DP_NAME_MAX)
		return false;
	copy_lower(out->wire, wire, len);
	out->len = (uint8_t)len;
	return true;
}

/* The octets of the name that wire begins with; 0: there is none within len. */
static size_t wire_name_b(const uint8_t *wire, size_t len)
{
	size_t at = 0;

	if (len > DP_NAME_MAX)
		len = DP_NAME_MAX;
	while (at < len) {
		if (wire[at] == 0)
			return at + 1;
		if (wire[at] > DP_LABEL_MAX)
			return 0;
		at += 1u + wire[at];
	}
	return 0;
}

enum dp_err dp_name_from_wire(struct dp_name *out, const uint8_t *wire,
    size_t len)
{
	size_t name_b = wire_name_b(wire, len);

	if (!dp_name_copy_lower(out, wire, name_b))
		return DP_ERR_FORMAT;
	return DP_OK;
}

bool dp_name_is_lower(const uint8_t *wire, size_t len)
{
	uint64_t upper = 0, w;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		memcpy(&w, wire + i, 8);
		upper |= upper_of(w);
	}
	if (i > 0) {
		memcpy(&w, wire + len - 8, 8); /* some for a second time */
		return (upper | upper_of(w)) == 0;
	}
	for (; i < len; i++)
		upper |= lower(wire[i]) ^ wire[i];
	return upper == 0;
}

bool dp_name_is_canonical(const uint8_t *wire, size_t len)
{
	return len > 0 && wire_name_b(wire, len) == len &&
	    dp_name_is_lower(wire, len);
}

/*
 * Read one octet at *at, which may be escaped, and move on. *bare tells a
 * character that stands for itself. NULL, or what is wrong.
 */
static const char *text_octet(const char **at, uint8_t *octet, bool *bare)
{
	const char *p = *at;
	unsigned value = 0;

	*bare = *p != '\\';
	if (*bare) {
		if ((uint8_t)*p >= 0x80)
			return "octets beyond ASCII: write an "
			       "internationalized name in its xn-- form, other "
			       "octets as \\DDD";
		if (*p <= ' ' || *p == 0x7f || strchr("\"();@", *p))
			return "a blank, a control character or one of \"();@: "
			       "write it as \\DDD, its decimal number";
		*octet = (uint8_t)*p;
		*at = p + 1;
		return NULL;
	}
	p++;
	if (*p < '0' || *p > '9') {
		if (*p <= ' ' || *p >= 0x7f)
			return "a backslash with nothing printable behind it";
		*octet = (uint8_t)*p;
		*at = p + 1;
		return NULL;
	}
	for (int i = 0; i < 3; i++, p++) {
		if (*p < '0' || *p > '9')
			return "a backslash and a digit must be followed by "
			       "two more digits";
		value = value * 10 + (unsigned)(*p - '0');
	}
	if (value > 255)
		return "\\DDD above 255 is no octet";
	*octet = (uint8_t)value;
	*at = p;
	return NULL;
}

/* Fill out from text that is neither empty nor ".". NULL, or what is wrong. */
static const char *text_labels(struct dp_name *out, const char *text)
{
	size_t label = 0, end = 1; /* the label's length octet, next octet */
	const char *wrong;
	uint8_t octet;
	bool bare;

	while (*text) {
		wrong = text_octet(&text, &octet, &bare);
		if (wrong)
			return wrong;
		if (bare && octet == '.') {
			if (end == label + 1)
				return "an empty label (two dots in a row, or "
				       "a dot in front)";
			out->wire[label] = (uint8_t)(end - label - 1);
			label = end++;
			continue;
		}
		if (end - label > DP_LABEL_MAX)
			return "a label is longer than 63 octets";
		/* The last octet is the root's. */
		if (end >= DP_NAME_MAX - 1)
			return "longer than 255 octets in wire form";
		out->wire[end++] = lower(octet);
	}
	if (end > label + 1) {
		out->wire[label] = (uint8_t)(end - label - 1);
		label = end;
	}
	out->wire[label] = 0;
	out->len = (uint8_t)(label + 1);
	return NULL;
}

enum dp_err dp_name_from_text(struct dp_name *out, const char *text,
    struct dp_diag *diag)
{
	struct dp_name name = { .len = 1 };
	const char *wrong = NULL;

	if (*text == '\0')
		wrong = "an empty name: the root is written \".\"";
	else if (strcmp(text, ".") != 0)
		wrong = text_labels(&name, text);
	if (wrong) {
		dp_diag_set(diag, text, 0, "not a name: %s", wrong);
		return DP_ERR_SYNTAX;
	}
	*out = name;
	return DP_OK;
}

static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*' ||
	    c == '/';
}

size_t dp_octet_escape(uint8_t octet, char text[DP_OCTET_ESCAPE_B])
{
	text[0] = '\\';
	text[1] = (char)('0' + octet / 100);
	text[2] = (char)('0' + octet / 10 % 10);
	text[3] = (char)('0' + octet % 10);
	return DP_OCTET_ESCAPE_B;
}

size_t dp_name_to_text(const struct dp_name *name, char text[DP_NAME_TEXT_MAX])
{
	const uint8_t *p = name->wire;
	size_t n = 0;

	if (*p == 0)
		text[n++] = '.';
	while (*p) {
		if (n > 0)
			text[n++] = '.';
		for (unsigned left = *p++; left > 0; left--, p++) {
			if (is_plain(*p))
				text[n++] = (char)*p;
			else
				n += dp_octet_escape(*p, text + n);
		}
	}
	text[n] = '\0';
	return n;
}

bool dp_name_equal(const struct dp_name *a, const struct dp_name *b)
{
	return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

/* Where the labels begin, without the root's. */
static unsigned label_starts(const struct dp_name *name,
    uint8_t start[DP_NAME_LABELS_MAX])
{
	unsigned n = 0;

	for (unsigned at = 0; name->wire[at]; at += 1u + name->wire[at])
		start[n++] = (uint8_t)at;
	return n;
}

int dp_name_compare(const struct dp_name *a, const struct dp_name *b)
{
	uint8_t start_a[DP_NAME_LABELS_MAX], start_b[DP_NAME_LABELS_MAX];
	unsigned left_a = label_starts(a, start_a);
	unsigned left_b = label_starts(b, start_b);

	while (left_a > 0 && left_b > 0) {
		const uint8_t *la = a->wire + start_a[--left_a];
		const uint8_t *lb = b->wire + start_b[--left_b];
		int order = memcmp(la + 1, lb + 1, *la < *lb ? *la : *lb);

		if (order != 0)
			return order;
		if (*la != *lb)
			return *la < *lb ? -1 : 1;
	}
	return (left_a > 0) - (left_b > 0);
}

unsigned dp_name_labels(const struct dp_name *name)
{
	unsigned n = 1;

	for (unsigned at = 0; name->wire[at]; at += 1u + name->wire[at])
		n++;
	return n;
}

bool dp_name_within(const struct dp_name *name, const struct dp_name *parent)
{
	unsigned at = 0;

	while ((unsigned)name->len - at > parent->len)
		at += 1u + name->wire[at];
	return (unsigned)name->len - at == parent->len &&
	    memcmp(name->wire + at, parent->wire, parent->len) == 0;
}
