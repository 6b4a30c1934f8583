#include "tools/policy/word.h"

#include <string.h>

#include "tools/idna.h"

#define ABOUT(diag, word, ...) \
	(dp_diag_set(diag, (word)->text, (word)->line, __VA_ARGS__), \
	    DP_ERR_SYNTAX)

bool dp_word_number(uint32_t *out, const struct dp_word *word)
{
	const char *text = word->text;
	uint64_t n = 0;

	if (*text == '\0')
		return false;
	for (; *text >= '0' && *text <= '9' && n <= UINT32_MAX; text++)
		n = n * 10 + (uint64_t)(*text - '0');
	if (*text || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

bool dp_word_period(const struct dp_word *word, uint32_t max_s)
{
	static const char units[] = "smhdw";
	static const uint32_t unit_s[] = { 1, 60, 3600, 86400, 604800 };
	const char *text = word->text;
	uint64_t total = 0;

	do {
		const char *digits = text, *unit;
		uint64_t n = 0;

		for (; *text >= '0' && *text <= '9' && n <= max_s; text++)
			n = n * 10 + (uint64_t)(*text - '0');
		if (text == digits)
			return false;
		if (*text) {
			unit = strchr(units, *text | 0x20);
			if (!unit)
				return false;
			n *= unit_s[unit - units];
			text++;
		}
		total += n;
	} while (*text && total <= max_s);
	return total <= max_s;
}

/* Does a dot end the name, one that no backslash escapes? */
static bool is_absolute(const char *text)
{
	size_t len = strlen(text), escapes = 0;

	if (len == 0 || text[len - 1] != '.')
		return false;
	while (escapes < len - 1 && text[len - 2 - escapes] == '\\')
		escapes++;
	return escapes % 2 == 0;
}

/* Put the origin behind name. */
static enum dp_err append_origin(struct dp_name *name,
    const struct dp_word *word, const struct dp_name *origin,
    struct dp_diag *diag)
{
	size_t len = name->len - 1u;

	if (!origin || origin->len == 0)
		return ABOUT(diag, word, "a relative name before any $ORIGIN: "
		    "write a line \"$ORIGIN group.dnspin.\" with the group's "
		    "name in front");
	if (len + origin->len > DP_NAME_MAX)
		return ABOUT(diag, word, "longer than 255 octets together with "
		    "the origin: take a shorter name for the zone");
	memcpy(name->wire + len, origin->wire, origin->len);
	name->len = (uint8_t)(len + origin->len);
	return DP_OK;
}

typedef enum dp_err text_reader(struct dp_name *out, const char *text,
    struct dp_diag *diag);

static enum dp_err read_name(struct dp_name *out, const struct dp_word *word,
    const struct dp_name *origin, text_reader *from_text, struct dp_diag *diag)
{
	struct dp_name name = { .len = 1 };
	enum dp_err err = DP_OK;

	if (word->text[0] == '"')
		return ABOUT(diag, word,
		    "a name in quotes: take the quotes away");
	if (strcmp(word->text, "@") != 0)
		err = from_text(&name, word->text, diag);
	if (err) {
		if (diag)
			diag->line = word->line;
		return err;
	}
	if (!is_absolute(word->text))
		err = append_origin(&name, word, origin, diag);
	if (!err)
		*out = name;
	return err;
}

enum dp_err dp_word_name(struct dp_name *out, const struct dp_word *word,
    const struct dp_name *origin, struct dp_diag *diag)
{
	return read_name(out, word, origin, dp_name_from_text, diag);
}

enum dp_err dp_word_owner(struct dp_name *out, const struct dp_word *word,
    const struct dp_name *origin, struct dp_diag *diag)
{
	return read_name(out, word, origin, dp_idna_name, diag);
}

/* [!]afi:address/prefix, where afi is 1 for IPv4 and 2 for IPv6. */
enum dp_err dp_word_pin(struct dp_prefix *out, const struct dp_word *word,
    struct dp_diag *diag)
{
	const char *text = word->text;
	const char *prefix = strchr(text, ':');
	struct dp_prefix read;
	enum dp_err err;

	if (text[0] == '!')
		return ABOUT(diag, word, "exceptions ('!') are not supported: "
		    "write the prefixes that remain");
	if (!prefix || (strncmp(text, "1:", 2) != 0 &&
		strncmp(text, "2:", 2) != 0))
		return ABOUT(diag, word, "a prefix is written 1:192.0.2.0/24 "
		    "(IPv4) or 2:2001:db8::/32 (IPv6)");
	prefix++;
	if (!strchr(prefix, '/'))
		return ABOUT(diag, word, "the prefix length is missing: write "
		    "%s/%s for one address", text,
		    text[0] == '1' ? "32" : "128");
	err = dp_prefix_from_text(&read, prefix, diag);
	if (err) {
		if (diag)
			diag->line = word->line;
		return err;
	}
	if ((read.addr.family == 4) != (text[0] == '1'))
		return ABOUT(diag, word, "the address is IPv%c: write %c:%s",
		    read.addr.family == 4 ? '4' : '6',
		    read.addr.family == 4 ? '1' : '2', prefix);
	*out = read;
	return DP_OK;
}
