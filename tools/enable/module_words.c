#include "tools/enable/module_words.h"

#include <stdio.h>
#include <string.h>

#define OURS "dynlib"
#define BLANKS " \t"

/* The word at *at, and behind it; 0: there is none. */
static size_t next(const char **at, const char **word)
{
	size_t len;

	*word = *at + strspn(*at, BLANKS);
	len = strcspn(*word, BLANKS);
	*at = *word + len;
	return len;
}

static bool is(const char *word, size_t len, const char *text)
{
	return strlen(text) == len && strncmp(word, text, len) == 0;
}

bool dp_module_words_hold(const char *words, const char *word)
{
	const char *at = words, *one;
	size_t len;

	while ((len = next(&at, &one)) > 0)
		if (is(one, len, word))
			return true;
	return false;
}

static size_t add(char *out, size_t n, const char *word, size_t len)
{
	if (n >= DP_MODULE_WORDS_MAX)
		return n;
	return n + (size_t)snprintf(out + n, DP_MODULE_WORDS_MAX - n,
	    "%s%.*s", n ? " " : "", (int)len, word);
}

enum dp_err dp_module_words_with(char out[DP_MODULE_WORDS_MAX],
    const char *words, const char *without, struct dp_diag *diag)
{
	char made[DP_MODULE_WORDS_MAX] = "";
	const char *at = words, *word;
	bool placed = false;
	size_t len, n = 0;

	while ((len = next(&at, &word)) > 0) {
		bool first = n == 0 && !placed;

		if (is(word, len, OURS) ||
		    (without && is(word, len, without)))
			continue;
		if (!placed && !(first && is(word, len, "dns64"))) {
			n = add(made, n, OURS, strlen(OURS));
			placed = true;
		}
		n = add(made, n, word, len);
	}
	if (n == 0 || !placed || n >= DP_MODULE_WORDS_MAX) {
		dp_diag_set(diag, "module-config", 0, "\"%s\": dynlib cannot "
		    "be put in: see dnspin-unbound(8)", words);
		return DP_ERR_SYNTAX;
	}
	memcpy(out, made, n + 1);
	return DP_OK;
}
