#include "dp_config.h"

#include "tools/seal/verify_report.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct dp_verify_report {
	FILE *to;
	json_t *findings; /* NULL: text is printed */
	uint64_t count;
	bool failed; /* for want of memory */
};

enum dp_err dp_verify_report_open(struct dp_verify_report **out, FILE *to,
    bool as_json)
{
	struct dp_verify_report *r = calloc(1, sizeof(*r));

	if (r && as_json)
		r->findings = json_array();
	if (!r || (as_json && !r->findings)) {
		free(r);
		return DP_ERR_NOMEM;
	}
	r->to = to;
	*out = r;
	return DP_OK;
}

void dp_verify_report_close(struct dp_verify_report **r)
{
	if (*r)
		json_decref((*r)->findings);
	free(*r);
	*r = NULL;
}

/* --- findings ------------------------------------------------------------- */

/* A name of a file may hold anything; a line of the report is one line. */
static void print_path(FILE *to, const char *path)
{
	for (; *path; path++)
		fputc((unsigned char)*path < 0x20 || *path == 0x7f ? '?'
								   : *path, to);
}

static void print_finding(FILE *to, const struct dp_verify_finding *f)
{
	print_path(to, f->path);
	if (f->from_line > 0)
		fprintf(to, ":%" PRIu64, f->from_line);
	if (f->to_line > f->from_line)
		fprintf(to, "-%" PRIu64, f->to_line);
	fprintf(to, ": %s: %s", dp_verify_words[f->kind].word, f->reason);
	if (f->to_octet > f->from_octet)
		fprintf(to, "; octets %" PRIu64 " to %" PRIu64, f->from_octet,
		    f->to_octet - 1);
	if (f->after[0])
		fprintf(to, "; after %s", f->after);
	if (f->before[0])
		fprintf(to, "; before %s", f->before);
	fputc('\n', to);
}

/* Numbers of jansson are signed; no file is so long. */
static json_int_t number(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (json_int_t)n;
}

/* null where there is none. */
static json_t *text_or_null(const char *text)
{
	return text[0] ? json_string(text) : json_null();
}

/* What is no UTF-8 is told by its octets. */
static json_t *path_string(const char *path)
{
	json_t *string = json_string(path);
	char *hex;

	if (string)
		return string;
	hex = malloc(strlen(path) * 2 + 1);
	if (!hex)
		return NULL;
	sodium_bin2hex(hex, strlen(path) * 2 + 1, (const uint8_t *)path,
	    strlen(path));
	string = json_string(hex);
	free(hex);
	return string;
}

static json_t *finding_object(const struct dp_verify_finding *f)
{
	return json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:s}",
	    "file", path_string(f->path), "kind",
	    dp_verify_words[f->kind].word, "from_line", number(f->from_line),
	    "to_line", number(f->to_line), "from_octet",
	    number(f->from_octet), "octets",
	    number(f->to_octet - f->from_octet), "after",
	    text_or_null(f->after), "before", text_or_null(f->before),
	    "reason", f->reason);
}

void dp_verify_report_found(void *arg, const struct dp_verify_finding *f)
{
	struct dp_verify_report *r = arg;

	if (++r->count > DP_VERIFY_FINDINGS_MAX)
		return;
	if (!r->findings)
		print_finding(r->to, f);
	else if (json_array_append_new(r->findings, finding_object(f)) != 0)
		r->failed = true;
}

/* --- summary -------------------------------------------------------------- */

static const char *const end_words[] = { "open", "stopped", "turned" };

/* "1 block", "2 blocks" */
static void print_count(FILE *to, const char *before, uint64_t n,
    const char *what)
{
	fprintf(to, "%s%" PRIu64 " %s%s", before, n, what, n == 1 ? "" : "s");
}

/* Nobody may have written then. */
static void print_silence(FILE *to, const struct dp_verify_sum *s)
{
	uint64_t seconds = s->silence_us / 1000000;

	if (seconds > 0)
		fprintf(to, "longest time without a checkpoint: %" PRIu64
		    ":%02u:%02u, from %s to %s\n", seconds / 3600,
		    (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60),
		    s->silence_from, s->silence_until);
}

static void print_sum(FILE *to, const struct dp_verify_sum *s)
{
	if (s->findings > DP_VERIFY_FINDINGS_MAX)
		fprintf(to, "and so on, %" PRIu64 " more\n",
		    s->findings - DP_VERIFY_FINDINGS_MAX);
	if (s->findings > 0)
		print_count(to, "not intact: ", s->findings, "finding");
	print_count(to, s->findings > 0 ? "; sealed are " : "intact: ",
	    s->records, "record");
	print_count(to, " in ", s->blocks, "block");
	fprintf(to, ", %" PRIu64 " lost", s->lost);
	print_count(to, " in ", s->gaps, "gap");
	if (s->from[0])
		fprintf(to, ", from %s to %s", s->from, s->until);
	fputc('\n', to);
	if (!s->has_chain)
		return;
	fprintf(to, "files %" PRIu64 " to %" PRIu64 " of the log; ",
	    s->first_file, s->last_file);
	if (s->end == DP_SEAL_END_FILE)
		fprintf(to, "it goes on in file %" PRIu64 "\n",
		    s->last_file + 1);
	else
		fprintf(to, "%s\n", s->end == DP_SEAL_END_STOP
			? "it was stopped there"
			: "its end is open: it was cut off, or is being written");
	print_silence(to, s);
	if (s->open_octets > 0) {
		print_count(to, "not sealed, behind the last checkpoint: ",
		    s->open_lines, "line");
		print_count(to, ", ", s->open_octets, "octet");
		fputc('\n', to);
	}
	if (s->recovered > 0) {
		print_count(to, "recovered after a crash: ", s->recovered,
		    "block");
		print_count(to, "; cut off then: ", s->cut_b, "octet");
		fputc('\n', to);
	}
	if (s->copies + s->other_copies > 0) {
		print_count(to, "compared with what was sent elsewhere: ",
		    s->copies, "checkpoint");
		fprintf(to, "; of other logs: %" PRIu64 "\n",
		    s->other_copies);
	}
}

static json_t *sum_object(const struct dp_verify_report *r,
    const struct dp_verify_sum *s)
{
	char chain[2 * DP_SEAL_CHAIN_B + 1];
	char key[sodium_base64_ENCODED_LEN(DP_KEY_B,
	    sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2hex(chain, sizeof(chain), s->chain, sizeof(s->chain));
	sodium_bin2base64(key, sizeof(key), s->key, sizeof(s->key),
	    sodium_base64_VARIANT_ORIGINAL);
	return json_pack("{s:b, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, "
	    "s:o, s:I, s:I, s:b, s:s, s:{s:I, s:o, s:o}, s:{s:I, s:I}, "
	    "s:{s:I, s:I}, s:I, s:O}",
	    "intact", s->findings == 0, "chain",
	    s->has_chain ? json_string(chain) : json_null(), "key",
	    s->has_chain ? json_string(key) : json_null(), "first_file",
	    number(s->first_file), "last_file", number(s->last_file), "blocks",
	    number(s->blocks), "records", number(s->records), "lost",
	    number(s->lost), "gaps", number(s->gaps), "from",
	    text_or_null(s->from), "until", text_or_null(s->until),
	    "recovered", number(s->recovered), "cut", number(s->cut_b),
	    "encrypted", s->encrypted, "end", end_words[s->end], "silence",
	    "seconds", number(s->silence_us / 1000000), "from",
	    text_or_null(s->silence_from), "until",
	    text_or_null(s->silence_until), "unsealed",
	    "lines", number(s->open_lines), "octets", number(s->open_octets),
	    "copies", "compared", number(s->copies), "other",
	    number(s->other_copies), "found", number(s->findings), "findings",
	    r->findings);
}

enum dp_err dp_verify_report_end(struct dp_verify_report *r,
    const struct dp_verify_sum *sum)
{
	json_t *object;
	int failed = 0;

	if (!r->findings) {
		print_sum(r->to, sum);
	} else {
		object = r->failed ? NULL : sum_object(r, sum);
		if (!object)
			return DP_ERR_NOMEM;
		failed = json_dumpf(object, r->to, JSON_INDENT(2));
		fputc('\n', r->to);
		json_decref(object);
	}
	return failed != 0 || fflush(r->to) != 0 || ferror(r->to) ? DP_ERR_IO
								  : DP_OK;
}
