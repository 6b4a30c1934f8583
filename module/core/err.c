#include "module/core/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

const char *dp_err_text(enum dp_err err)
{
	static const char *const text[] = {
		[DP_OK] = "success",
		[DP_ERR_NOMEM] = "out of memory",
		[DP_ERR_IO] = "input/output error",
		[DP_ERR_NOTFOUND] = "not found",
		[DP_ERR_SYNTAX] = "syntax error",
		[DP_ERR_FORMAT] = "wrong format",
		[DP_ERR_VERSION] = "wrong version",
		[DP_ERR_DIGEST] = "digest does not fit",
		[DP_ERR_SIGNATURE] = "signature does not fit",
		[DP_ERR_LIMIT] = "limit exceeded",
		[DP_ERR_FULL] = "full",
		[DP_ERR_BUSY] = "busy",
	};

	if ((unsigned)err >= sizeof(text) / sizeof(text[0]))
		return "unknown error";
	return text[err];
}

/*
 * The octets of the character that text begins with (UTF-8: RFC 3629, 4), its
 * code point in *c. Of octets that are none: 1, *c is 0.
 */
static size_t character_b(const unsigned char *text, uint32_t *c)
{
	/* By length: bits that the first octet has, least code point. */
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0x01 }, { 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	*c = 0;
	for (size_t n = 0; n < sizeof(forms) / sizeof(forms[0]); n++) {
		uint32_t value = text[0] & (unsigned char)~forms[n].mask;
		size_t i = 1;

		if ((text[0] & forms[n].mask) != forms[n].lead)
			continue;
		for (; i <= n && (text[i] & 0xc0) == 0x80; i++)
			value = value << 6 | (text[i] & 0x3f);
		if (i <= n || value < forms[n].least || value > 0x10ffff ||
		    (value >= 0xd800 && value < 0xe000))
			return 1;
		*c = value;
		return i;
	}
	return 1;
}

/* Is it more than a command? Controls are, ends of lines and turns of the
 * direction, with which one name can be made to look like another (Unicode
 * Bidi_Control). */
static bool is_shown(uint32_t c)
{
	return c >= ' ' && (c < 0x7f || c > 0x9f) && c != 0x61c &&
	    c != 0x200e && c != 0x200f && (c < 0x2028 || c > 0x202e) &&
	    (c < 0x2066 || c > 0x2069);
}

/* What is said quotes files: it must stay one line, and no terminal must take
 * it for commands. */
static void clean(char *text)
{
	size_t len;
	uint32_t c;

	for (; *text; text += len) {
		len = character_b((const unsigned char *)text, &c);
		if (!is_shown(c))
			memset(text, '?', len);
	}
}

void dp_diag_set(struct dp_diag *d, const char *object, unsigned long line,
    const char *fmt, ...)
{
	va_list args;

	if (!d)
		return;
	if (object) {
		snprintf(d->object, sizeof(d->object), "%s", object);
		clean(d->object);
	}
	d->line = line;
	va_start(args, fmt);
	vsnprintf(d->reason, sizeof(d->reason), fmt, args);
	va_end(args);
	clean(d->reason);
}
