#include "tools/policy/pattern.h"

#include <string.h>

static bool label_is(const uint8_t *label, const char *text)
{
	size_t len = strlen(text);

	return label[0] == len && memcmp(label + 1, text, len) == 0;
}

static bool label_has(const uint8_t *label, char c)
{
	return memchr(label + 1, c, label[0]) != NULL;
}

static void from_wire(struct dp_name *out, const uint8_t *wire, size_t len)
{
	memcpy(out->wire, wire, len);
	out->len = (uint8_t)len;
}

/* The text of name with the label at `at` changed: its first octet becomes
 * first, or vanishes when first is 0. The label has two octets or more. */
static void change_first(char text[DP_NAME_TEXT_MAX],
    const struct dp_name *name, size_t at, char first)
{
	struct dp_name changed = *name;

	if (first) {
		changed.wire[at + 1] = (uint8_t)first;
	} else {
		memmove(changed.wire + at + 1, changed.wire + at + 2,
		    name->len - at - 2);
		changed.wire[at]--;
		changed.len--;
	}
	dp_name_to_text(&changed, text);
}

static void say_star(const struct dp_name *pattern, size_t at,
    struct dp_diag *diag, const char *text)
{
	const uint8_t *label = pattern->wire + at;
	char meant[DP_NAME_TEXT_MAX];

	if (label_is(label, "*")) {
		dp_diag_set(diag, text, 0,
		    "'*' stands for labels in front of a name only: it must "
		    "be the first label");
	} else if (at == 0 && label[1] == '*' &&
	    !memchr(label + 2, '*', label[0] - 1u)) {
		change_first(meant, pattern, at, 0);
		dp_diag_set(diag, text, 0,
		    "'*' must be a label of its own: write %s and, for all "
		    "names below it, *.%s", meant, meant);
	} else {
		dp_diag_set(diag, text, 0,
		    "'*' must be a label of its own and the first one: write "
		    "each name out, or *. and a name that all stand below");
	}
}

static void say_number(const struct dp_name *pattern, size_t at,
    struct dp_diag *diag, const char *text)
{
	char zero[DP_NAME_TEXT_MAX], one[DP_NAME_TEXT_MAX];

	if (pattern->wire[at + 1] != '#') {
		dp_diag_set(diag, text, 0, "'#' stands for no number here: "
		    "write each name on a line of its own");
		return;
	}
	change_first(zero, pattern, at, '0');
	change_first(one, pattern, at, '1');
	dp_diag_set(diag, text, 0,
	    "'#' stands for no number here: write each name on a line of its "
	    "own, as %s, %s and so on", zero, one);
}

/* A page's address, or that of a host with a port. In the reverse tree labels
 * have slashes (RFC 2317, 4). */
static bool is_address(const uint8_t *label, bool last, bool reverse)
{
	return (label_has(label, '/') && !reverse) ||
	    (label_has(label, ':') && last);
}

static bool is_reverse(const struct dp_name *pattern)
{
	static const uint8_t arpa[] = "\4arpa";

	return pattern->len >= sizeof(arpa) &&
	    memcmp(pattern->wire + pattern->len - sizeof(arpa), arpa,
		sizeof(arpa)) == 0;
}

/* The label nearest to the apex tells the triggers of RPZ apart. */
static bool is_trigger(const uint8_t *label)
{
	return label_is(label, "rpz-ip") || label_is(label, "rpz-client-ip") ||
	    label_is(label, "rpz-nsdname") || label_is(label, "rpz-nsip");
}

static enum dp_err check_labels(const struct dp_name *pattern,
    struct dp_diag *diag)
{
	bool reverse = is_reverse(pattern);
	const uint8_t *label = pattern->wire;
	char text[DP_NAME_TEXT_MAX];

	for (size_t at = 0; label[0]; at += 1u + label[0],
		    label = pattern->wire + at) {
		bool last = label[1 + label[0]] == 0;
		bool star = label_has(label, '*') &&
		    !(at == 0 && label_is(label, "*"));

		if (!star && !label_has(label, '#') &&
		    !is_address(label, last, reverse) &&
		    !(last && is_trigger(label)))
			continue;
		dp_name_to_text(pattern, text);
		if (is_address(label, last, reverse))
			dp_diag_set(diag, text, 0,
			    "is an address, not a name: write the name of the "
			    "host alone, without scheme, port and path (ports "
			    "are services, as \"tcp/443\")");
		else if (star)
			say_star(pattern, at, diag, text);
		else if (label_has(label, '#'))
			say_number(pattern, at, diag, text);
		else
			dp_diag_set(diag, text, 0,
			    "the triggers rpz-ip, rpz-client-ip, rpz-nsdname "
			    "and rpz-nsip are not supported: rules here judge "
			    "the name that is asked; take the record out (an "
			    "APL at the zone's own name limits the zone to "
			    "clients)");
		return DP_ERR_SYNTAX;
	}
	return DP_OK;
}

enum dp_err dp_pattern_from_owner(struct dp_pattern *out,
    const struct dp_name *owner, const struct dp_name *apex,
    struct dp_diag *diag)
{
	size_t len = (size_t)owner->len - apex->len;
	struct dp_name pattern;
	enum dp_err err;

	memcpy(pattern.wire, owner->wire, len);
	pattern.wire[len] = 0;
	pattern.len = (uint8_t)(len + 1);
	err = check_labels(&pattern, diag);
	if (err)
		return err;
	out->wildcard = label_is(pattern.wire, "*");
	if (out->wildcard)
		from_wire(&out->base, pattern.wire + 2, pattern.len - 2u);
	else
		out->base = pattern;
	return DP_OK;
}
