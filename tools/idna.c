#include "tools/idna.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "xn--" /* of A-labels, RFC 5890, 2.3.2.1 */

#define WRONG(diag, text, ...) \
	(dp_diag_set(diag, text, 0, "not a name: " __VA_ARGS__), DP_ERR_SYNTAX)

/* The name that is being converted. */
struct conversion {
	const char *text;
	char ascii[DP_NAME_TEXT_MAX]; /* what it is so far, no NUL */
	size_t len;
	struct dp_diag *diag;
};

/* Octets of the label that text begins with, escapes as they stand (RFC 1035,
 * 5.1): up to a dot that no backslash escapes. */
static size_t label_b(const char *text)
{
	size_t n = 0;

	while (text[n] && text[n] != '.') {
		if (text[n] == '\\' && text[n + 1])
			n++;
		n++;
	}
	return n;
}

static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] >= 0x80)
			return false;
	return true;
}

/* A letter, a digit or '-', which alone stand in host names (RFC 5890,
 * 2.3.1)? */
static bool is_ldh(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-';
}

/* The first octet of ASCII in text that no U-label has; 0: there is none. */
static char odd_ascii(const char *text)
{
	for (; *text; text++)
		if ((uint8_t)*text < 0x80 && !is_ldh(*text))
			return *text;
	return 0;
}

static enum dp_err say_ascii(const struct conversion *c, char odd)
{
	switch (odd) {
	case '\\':
		return WRONG(c->diag, c->text, "an escape in one label with "
		    "characters beyond ASCII: write the label in its xn-- "
		    "form, or all of its octets as \\DDD");
	case '*':
		return WRONG(c->diag, c->text, "'*' must be a label of its "
		    "own: write the name without '*' and, for all names below "
		    "it, with '*.' in front");
	case '#':
		return WRONG(c->diag, c->text, "'#' stands for no number "
		    "here: write each name on a line of its own");
	default:
		return WRONG(c->diag, c->text, "'%c' in one label with "
		    "characters beyond ASCII, which letters, digits and '-' "
		    "may stand beside only: write the label in its xn-- form "
		    "if it is used", odd);
	}
}

static enum dp_err say_refused(const struct conversion *c, int rc)
{
	switch (rc) {
	case IDN2_MALLOC:
		return DP_ERR_NOMEM;
	case IDN2_ENCODING_ERROR:
		return WRONG(c->diag, c->text, "it is not in UTF-8: write it "
		    "in UTF-8 or in its xn-- form, octets that are no text as "
		    "\\DDD");
	case IDN2_TOO_BIG_LABEL:
	case IDN2_TOO_BIG_DOMAIN:
	case IDN2_PUNYCODE_BIG_OUTPUT:
		return WRONG(c->diag, c->text, "a label is longer than 63 "
		    "octets in its xn-- form");
	default:
		return WRONG(c->diag, c->text, "IDNA2008 refuses it (%s): "
		    "write the xn-- form if such a name is used",
		    idn2_strerror(rc));
	}
}

/* What the mapping made of a label must be one label still, and, where it is
 * an A-label, one that may be registered. */
static enum dp_err check(const struct conversion *c, const char *mapped)
{
	uint8_t *again = NULL;
	char *label = NULL;
	int rc;

	if (!mapped[0])
		return WRONG(c->diag, c->text, "a label of nothing but "
		    "characters that cannot be seen: take it out");
	if (strchr(mapped, '.'))
		return WRONG(c->diag, c->text, "a full stop that is not "
		    "ASCII's: write '.' where one label ends and the next "
		    "begins");
	if (odd_ascii(mapped))
		return WRONG(c->diag, c->text, "it has a character that "
		    "stands for '%c', which no host name has: write the name "
		    "in letters, digits and '-'", odd_ascii(mapped));
	if (strncmp(mapped, PREFIX, strlen(PREFIX)) != 0)
		return DP_OK;
	rc = idn2_to_unicode_8z8z(mapped, &label, 0);
	if (rc == IDN2_OK)
		rc = idn2_register_u8((const uint8_t *)label,
		    (const uint8_t *)mapped, &again, 0);
	idn2_free(label);
	idn2_free(again);
	return rc == IDN2_OK ? DP_OK : say_refused(c, rc);
}

/* Put octets, and the dot behind them if there is one, behind the name. */
static enum dp_err append(struct conversion *c, const char *label, size_t len)
{
	/* Room for a dot and the NUL. */
	if (len >= sizeof(c->ascii) - 1 - c->len)
		return WRONG(c->diag, c->text,
		    "longer than 255 octets in wire form");
	memcpy(c->ascii + c->len, label, len);
	c->len += len;
	return DP_OK;
}

/* The label of len octets, one of them beyond ASCII, converted behind the
 * name. */
static enum dp_err convert(struct conversion *c, const char *label, size_t len)
{
	char ulabel[DP_NAME_TEXT_MAX];
	uint8_t *mapped = NULL;
	enum dp_err err;
	int rc;

	/* So much text of characters that all count is too long, too. */
	if (len >= sizeof(ulabel))
		return say_refused(c, IDN2_TOO_BIG_LABEL);
	memcpy(ulabel, label, len);
	ulabel[len] = '\0';
	if (odd_ascii(ulabel))
		return say_ascii(c, odd_ascii(ulabel));
	/* Not IDN2_USE_STD3_ASCII_RULES: libidn2 2.3.3 drops with it what it
	 * should refuse, and "ü_" becomes "ü". */
	rc = idn2_lookup_u8((const uint8_t *)ulabel, &mapped,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return say_refused(c, rc);
	err = check(c, (const char *)mapped);
	if (!err)
		err = append(c, (const char *)mapped,
		    strlen((const char *)mapped));
	idn2_free(mapped);
	return err;
}

/* All labels, converted where they must be, and a NUL. */
static enum dp_err convert_all(struct conversion *c)
{
	const char *label = c->text;
	enum dp_err err;

	for (;;) {
		size_t len = label_b(label);

		if (is_ascii(label, len))
			err = append(c, label, len);
		else
			err = convert(c, label, len);
		if (err)
			return err;
		c->ascii[c->len] = label[len];
		if (!label[len])
			return DP_OK;
		c->len++;
		label += len + 1;
	}
}

enum dp_err dp_idna_name(struct dp_name *out, const char *text,
    struct dp_diag *diag)
{
	struct conversion c = { .text = text, .diag = diag };
	struct dp_diag said = { .line = 0 };
	enum dp_err err;

	if (is_ascii(text, strlen(text)))
		return dp_name_from_text(out, text, diag);
	err = convert_all(&c);
	if (err)
		return err;
	err = dp_name_from_text(out, c.ascii, &said);
	/* What the user knows, not what became of it. */
	if (err)
		dp_diag_set(diag, text, 0, "%s", said.reason);
	return err;
}
