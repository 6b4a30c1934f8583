#include "dp_config.h"
#include "tools/policy/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (DP_ENTRY_MAX / 2) /* of one byte each */
#define FRONT_B 2u		     /* see struct dp_entry */

struct dp_entry_reader {
	FILE *in;
	unsigned long line; /* of the next character */
	bool begun;	    /* the text's first byte was read */

	char *text; /* DP_ENTRY_MAX */
	size_t text_b;
	struct dp_word *words; /* WORDS_MAX */
	size_t count;

	unsigned depth;		   /* of parentheses */
	unsigned long opened_line; /* of the outermost '(' */
};

enum dp_err dp_entry_open(struct dp_entry_reader **out, FILE *in)
{
	struct dp_entry_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return DP_ERR_NOMEM;
	r->text = malloc(DP_ENTRY_MAX);
	r->words = malloc(WORDS_MAX * sizeof(*r->words));
	if (!r->text || !r->words) {
		dp_entry_close(&r);
		return DP_ERR_NOMEM;
	}
	r->in = in;
	r->line = 1;
	*out = r;
	return DP_OK;
}

void dp_entry_close(struct dp_entry_reader **reader)
{
	struct dp_entry_reader *r = *reader;

	if (!r)
		return;
	free(r->words);
	free(r->text);
	free(r);
	*reader = NULL;
}

static inline int get(struct dp_entry_reader *r)
{
	return getc_unlocked(r->in);
}

/* Give back what get returned last. */
static inline void unget(struct dp_entry_reader *r, int c)
{
	if (c != EOF)
		ungetc(c, r->in);
}

static enum dp_err wrong(const struct dp_entry_reader *r, struct dp_diag *diag,
    const char *reason)
{
	dp_diag_set(diag, NULL, r->line, "%s", reason);
	return DP_ERR_SYNTAX;
}

static enum dp_err too_long(const struct dp_entry_reader *r,
    struct dp_diag *diag)
{
	dp_diag_set(diag, NULL, r->words[0].line, "an entry of more than %u "
	    "bytes: is a ')' missing? A long list of pins may be several APL "
	    "records", DP_ENTRY_MAX);
	return DP_ERR_SYNTAX;
}

static enum dp_err put(struct dp_entry_reader *r, char c, struct dp_diag *diag)
{
	if (r->text_b == DP_ENTRY_MAX)
		return too_long(r, diag);
	r->text[r->text_b++] = c;
	return DP_OK;
}

/* Begin a word at the end of the text. */
static enum dp_err begin(struct dp_entry_reader *r, struct dp_diag *diag)
{
	if (r->count == WORDS_MAX)
		return too_long(r, diag);
	r->words[r->count++] = (struct dp_word){
		.text = r->text + r->text_b,
		.line = r->line,
	};
	return DP_OK;
}

/* One character of a word into the text, with what a backslash escapes. */
static enum dp_err take(struct dp_entry_reader *r, int c, struct dp_diag *diag)
{
	enum dp_err err;

	if (c == '\\') {
		err = put(r, '\\', diag);
		if (err)
			return err;
		c = get(r);
		if (c == EOF || c == '\n' || c == '\r')
			return wrong(r, diag,
			    "a backslash at the end of a line");
	}
	if (c == 0)
		return wrong(r, diag, "a NUL byte: this is no text file");
	if ((c < ' ' && c != '\t') || c == 0x7f)
		return wrong(r, diag, "a control character: write it as \\DDD, "
		    "its decimal number");
	return put(r, (char)c, diag);
}

static bool ends_word(int c)
{
	switch (c) {
	case EOF:
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

static enum dp_err read_word(struct dp_entry_reader *r, int c,
    struct dp_diag *diag)
{
	enum dp_err err = begin(r, diag);

	for (; !err && !ends_word(c); c = get(r))
		err = take(r, c, diag);
	if (err)
		return err;
	unget(r, c);
	return put(r, '\0', diag);
}

static enum dp_err read_quoted(struct dp_entry_reader *r, struct dp_diag *diag)
{
	enum dp_err err = begin(r, diag);
	int c;

	if (!err)
		err = put(r, '"', diag);
	for (c = get(r); !err && c != '"'; c = get(r)) {
		if (c == EOF || c == '\n' || c == '\r')
			return wrong(r, diag, "a quote is not closed on its "
			    "line: write a '\"' at its end");
		err = take(r, c, diag);
	}
	if (!err)
		err = put(r, '"', diag);
	return err ? err : put(r, '\0', diag);
}

static void skip_comment(struct dp_entry_reader *r)
{
	int c;

	do {
		c = get(r);
	} while (c != '\n' && c != EOF);
	unget(r, c);
}

static enum dp_err parenthesis(struct dp_entry_reader *r, int c,
    struct dp_diag *diag)
{
	if (c == '(') {
		if (r->depth++ == 0)
			r->opened_line = r->line;
	} else if (r->depth == 0) {
		return wrong(r, diag, "a ')' without a '(' before it");
	} else {
		r->depth--;
	}
	return DP_OK;
}

static enum dp_err at_end(const struct dp_entry_reader *r,
    struct dp_diag *diag)
{
	if (ferror(r->in)) {
		dp_diag_set(diag, NULL, 0, "%s", strerror(errno));
		return DP_ERR_IO;
	}
	if (r->depth > 0) {
		dp_diag_set(diag, NULL, r->opened_line,
		    "a '(' that is never closed");
		return DP_ERR_SYNTAX;
	}
	return r->count > 0 ? DP_OK : DP_ERR_NOTFOUND;
}

/* Step over what some editors put in front of UTF-8. */
static enum dp_err skip_mark(struct dp_entry_reader *r, struct dp_diag *diag)
{
	int c = get(r);

	r->begun = true;
	if (c != 0xef)
		unget(r, c);
	else if (get(r) != 0xbb || get(r) != 0xbf)
		return wrong(r, diag, "begins neither with ASCII nor with a "
		    "mark of UTF-8: begin with $ORIGIN");
	return DP_OK;
}

/* Read words until the entry ends; blank lines are skipped. */
static enum dp_err read_entry(struct dp_entry_reader *r, bool *indented,
    struct dp_diag *diag)
{
	enum dp_err err = r->begun ? DP_OK : skip_mark(r, diag);
	int before = '\n';

	while (!err) {
		int c = get(r);

		switch (c) {
		case EOF:
			return at_end(r, diag);
		case '\n':
			r->line++;
			if (r->count > 0 && r->depth == 0)
				return DP_OK;
			if (r->count == 0)
				*indented = false;
			break;
		case ' ':
		case '\t':
			if (before == '\n' && r->count == 0)
				*indented = true;
			break;
		case '\r':
			break;
		case ';':
			skip_comment(r);
			break;
		case '(':
		case ')':
			err = parenthesis(r, c, diag);
			break;
		case '"':
			err = read_quoted(r, diag);
			break;
		default:
			err = read_word(r, c, diag);
		}
		before = c;
	}
	return err;
}

enum dp_err dp_entry_next(struct dp_entry_reader *r, struct dp_entry *out,
    struct dp_diag *diag)
{
	bool indented = false;
	enum dp_err err;

	r->count = 0;
	r->text_b = FRONT_B;
	r->depth = 0;
	err = read_entry(r, &indented, diag);
	if (err)
		return err;
	*out = (struct dp_entry){
		.words = r->words,
		.count = r->count,
		.line = r->words[0].line,
		.indented = indented,
	};
	return DP_OK;
}
