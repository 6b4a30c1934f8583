#include "tools/master.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_B 65536u
#define END (-1)

struct dp_master {
	FILE *in;
	int failure;	    /* errno of the read that failed */
	unsigned long line; /* of the next character */

	unsigned char *input; /* INPUT_B */
	size_t at, filled;

	char *text; /* of all tokens of the entry */
	size_t text_b, text_max_b;
	struct dp_token *tokens; /* their text is set when the entry ends */
	size_t *starts;		 /* where it begins in text */
	size_t count, max;

	unsigned depth;		   /* of parentheses */
	unsigned long opened_line; /* of the outermost '(' */
};

enum dp_err dp_master_open(struct dp_master **out, FILE *in)
{
	struct dp_master *m = calloc(1, sizeof(*m));

	if (!m)
		return DP_ERR_NOMEM;
	m->input = malloc(INPUT_B);
	if (!m->input) {
		free(m);
		return DP_ERR_NOMEM;
	}
	m->in = in;
	m->line = 1;
	*out = m;
	return DP_OK;
}

void dp_master_close(struct dp_master **master)
{
	struct dp_master *m = *master;

	if (!m)
		return;
	free(m->starts);
	free(m->tokens);
	free(m->text);
	free(m->input);
	free(m);
	*master = NULL;
}

static void fill(struct dp_master *m)
{
	bool first = m->filled == 0;

	m->at = 0;
	m->filled = fread(m->input, 1, INPUT_B, m->in);
	if (m->filled < INPUT_B && ferror(m->in))
		m->failure = errno ? errno : EIO;
	/* What some editors put in front of UTF-8. */
	if (first && m->filled >= 3 && memcmp(m->input, "\xef\xbb\xbf", 3) == 0)
		m->at = 3;
}

static inline int get(struct dp_master *m)
{
	if (m->at == m->filled) {
		if (feof(m->in) || m->failure)
			return END;
		fill(m);
		if (m->at == m->filled)
			return END;
	}
	return m->input[m->at++];
}

/* Give back what get returned last. */
static inline void unget(struct dp_master *m, int c)
{
	if (c != END)
		m->at--;
}

static enum dp_err wrong(const struct dp_master *m, struct dp_diag *diag,
    const char *reason)
{
	dp_diag_set(diag, NULL, m->line, "%s", reason);
	return DP_ERR_SYNTAX;
}

static enum dp_err put(struct dp_master *m, char c, struct dp_diag *diag)
{
	if (m->text_b == m->text_max_b) {
		size_t max_b = m->text_max_b ? 2 * m->text_max_b : 4096;
		char *text;

		if (max_b > DP_MASTER_ENTRY_MAX)
			return wrong(m, diag, "an entry of more than 1 MiB: is "
			    "a ')' missing above?");
		text = realloc(m->text, max_b);
		if (!text)
			return DP_ERR_NOMEM;
		m->text = text;
		m->text_max_b = max_b;
	}
	m->text[m->text_b++] = c;
	return DP_OK;
}

static enum dp_err grow(struct dp_master *m)
{
	size_t max = m->max ? 2 * m->max : 64;
	struct dp_token *tokens = realloc(m->tokens, max * sizeof(*tokens));
	size_t *starts;

	if (!tokens)
		return DP_ERR_NOMEM;
	m->tokens = tokens;
	starts = realloc(m->starts, max * sizeof(*starts));
	if (!starts)
		return DP_ERR_NOMEM;
	m->starts = starts;
	m->max = max;
	return DP_OK;
}

/* Begin a token at the end of the text. */
static enum dp_err begin(struct dp_master *m, bool quoted)
{
	enum dp_err err = m->count == m->max ? grow(m) : DP_OK;

	if (err)
		return err;
	m->starts[m->count] = m->text_b;
	m->tokens[m->count++] = (struct dp_token){
		.line = m->line,
		.quoted = quoted,
	};
	return DP_OK;
}

/* One character of a token into the text, with what a backslash escapes. */
static enum dp_err take(struct dp_master *m, int c, struct dp_diag *diag)
{
	enum dp_err err;

	if (c == '\\') {
		err = put(m, '\\', diag);
		if (err)
			return err;
		c = get(m);
		if (c == END || c == '\n' || c == '\r')
			return wrong(m, diag,
			    "a backslash at the end of a line");
	}
	if (c == 0)
		return wrong(m, diag, "a NUL byte: this is no text file");
	if ((c < ' ' && c != '\t') || c == 0x7f)
		return wrong(m, diag, "a control character: write it as \\DDD, "
		    "its decimal number");
	return put(m, (char)c, diag);
}

static bool ends_word(int c)
{
	switch (c) {
	case END:
	case ' ':
	case '\t':
	case '\r':
	case '\n':
	case ';':
	case '(':
	case ')':
	case '"':
		return true;
	default:
		return false;
	}
}

static enum dp_err read_word(struct dp_master *m, struct dp_diag *diag)
{
	enum dp_err err = begin(m, false);
	int c = get(m);

	for (; !err && !ends_word(c); c = get(m))
		err = take(m, c, diag);
	if (err)
		return err;
	unget(m, c);
	return put(m, '\0', diag);
}

static enum dp_err read_quoted(struct dp_master *m, struct dp_diag *diag)
{
	enum dp_err err = begin(m, true);
	int c = get(m);

	for (; !err && c != '"'; c = get(m)) {
		if (c == END || c == '\n' || c == '\r')
			return wrong(m, diag, "a quote is not closed on its "
			    "line: write a '\"' at its end");
		err = take(m, c, diag);
	}
	return err ? err : put(m, '\0', diag);
}

static void skip_comment(struct dp_master *m)
{
	int c;

	do {
		c = get(m);
	} while (c != '\n' && c != END);
	unget(m, c);
}

static enum dp_err parenthesis(struct dp_master *m, int c,
    struct dp_diag *diag)
{
	if (c == '(') {
		if (m->depth++ == 0)
			m->opened_line = m->line;
	} else if (m->depth == 0) {
		return wrong(m, diag, "a ')' without a '(' before it");
	} else {
		m->depth--;
	}
	return DP_OK;
}

static enum dp_err at_end(const struct dp_master *m, struct dp_diag *diag)
{
	if (m->failure) {
		dp_diag_set(diag, NULL, 0, "%s", strerror(m->failure));
		return DP_ERR_IO;
	}
	if (m->depth > 0) {
		dp_diag_set(diag, NULL, m->opened_line,
		    "a '(' that is never closed");
		return DP_ERR_SYNTAX;
	}
	return m->count > 0 ? DP_OK : DP_ERR_NOTFOUND;
}

/* Read tokens until the entry ends; blank lines are skipped. */
static enum dp_err read_entry(struct dp_master *m, bool *indented,
    struct dp_diag *diag)
{
	enum dp_err err = DP_OK;
	int before = '\n';

	while (!err) {
		int c = get(m);

		switch (c) {
		case END:
			return at_end(m, diag);
		case '\n':
			m->line++;
			if (m->count > 0 && m->depth == 0)
				return DP_OK;
			if (m->count == 0)
				*indented = false;
			break;
		case ' ':
		case '\t':
			if (before == '\n' && m->count == 0)
				*indented = true;
			break;
		case '\r':
			break;
		case ';':
			skip_comment(m);
			break;
		case '(':
		case ')':
			err = parenthesis(m, c, diag);
			break;
		case '"':
			err = read_quoted(m, diag);
			break;
		default:
			unget(m, c);
			err = read_word(m, diag);
		}
		before = c;
	}
	return err;
}

enum dp_err dp_master_next(struct dp_master *m, struct dp_entry *out,
    struct dp_diag *diag)
{
	bool indented = false;
	enum dp_err err;

	m->count = 0;
	m->text_b = 0;
	m->depth = 0;
	err = read_entry(m, &indented, diag);
	if (err == DP_ERR_NOMEM)
		dp_diag_set(diag, NULL, m->line, "%s", dp_err_text(err));
	if (err)
		return err;
	/* Only now the text stays where it is. */
	for (size_t i = 0; i < m->count; i++)
		m->tokens[i].text = m->text + m->starts[i];
	*out = (struct dp_entry){
		.tokens = m->tokens,
		.count = m->count,
		.line = m->tokens[0].line,
		.indented = indented,
	};
	return DP_OK;
}

/* The octet behind a backslash at *at, which moves on to its last character;
 * -1: there is none. */
static int escaped(const char **at)
{
	const char *p = *at + 1;
	int value = 0;

	if (*p < '0' || *p > '9') {
		*at = p;
		return (unsigned char)*p;
	}
	for (int i = 0; i < 3; i++, p++) {
		if (*p < '0' || *p > '9')
			return -1;
		value = value * 10 + (*p - '0');
	}
	*at = p - 1;
	return value <= 255 ? value : -1;
}

const char *dp_master_string(uint8_t out[DP_STRING_MAX + 1],
    const struct dp_token *token)
{
	size_t n = 0;

	for (const char *p = token->text; *p; p++) {
		int octet = *p == '\\' ? escaped(&p) : (unsigned char)*p;

		if (octet < 0)
			return "\\ and a digit must be followed by two more, "
			       "in all at most 255";
		if (n == DP_STRING_MAX)
			return "a string of more than 255 octets: write "
			       "several strings";
		out[1 + n++] = (uint8_t)octet;
	}
	out[0] = (uint8_t)n;
	return NULL;
}
