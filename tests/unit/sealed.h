/*
 * Sealed logs in memory: files of a chain as dp_seal makes them, and what
 * dp_verify says of such files. Keys lie in a folder of the test's own.
 */
#ifndef DP_SEALED_H
#define DP_SEALED_H

#include <sodium.h>
#include <string.h>
#include <unistd.h>
#include "tests/unit/unit.h"
#include "tools/seal/seal.h"
#include "tools/seal/verify.h"

#define SEALED_FILE_MAX (1 << 19)
#define SEALED_FILES 4
#define SEALED_NOW UINT64_C(1800000000000000)

struct sealed_file {
	char text[SEALED_FILE_MAX];
	size_t size_b;
};

struct sealed {
	struct dp_seal *seal;
	struct sealed_file files[SEALED_FILES];
	size_t file;  /* that is written */
	unsigned next; /* number of the next line */
	struct sealed_file copies;
};

static char sealed_folder[] = "/tmp/dnspin-sealed-XXXXXX";
static char sealed_key[64], sealed_pub[80], sealed_other[64];
static char sealed_auditor[64], sealed_auditor_pub[80];
static uint8_t sealed_public[DP_KEY_B], sealed_secret[DP_KEY_SIGN_B];

static inline void sealed_pair(char *path, const char *name)
{
	char public_path[80];

	snprintf(path, 64, "%s/%s", sealed_folder, name);
	snprintf(public_path, sizeof(public_path), "%s.pub", path);
	if (dp_key_make(path, public_path, NULL) != DP_OK)
		abort();
}

static inline int sealed_set_up(void)
{
	if (sodium_init() < 0 || !mkdtemp(sealed_folder))
		return -1;
	sealed_pair(sealed_key, "key");
	sealed_pair(sealed_other, "other");
	sealed_pair(sealed_auditor, "auditor");
	snprintf(sealed_pub, sizeof(sealed_pub), "%s.pub", sealed_key);
	snprintf(sealed_auditor_pub, sizeof(sealed_auditor_pub), "%s.pub",
	    sealed_auditor);
	return dp_key_public_read(sealed_public, sealed_pub, NULL) ||
	    dp_key_secret_read(sealed_secret, sealed_auditor, NULL);
}

static inline int sealed_tear_down(void)
{
	static const char *const names[] = { "key", "other", "auditor" };
	char path[96];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", sealed_folder, names[i]);
		unlink(path);
		strcat(path, ".pub");
		unlink(path);
	}
	return rmdir(sealed_folder);
}

static inline void sealed_append(struct sealed_file *f, const char *text,
    size_t size_b)
{
	CU_ASSERT_FATAL(f->size_b + size_b <= sizeof(f->text));
	memcpy(f->text + f->size_b, text, size_b);
	f->size_b += size_b;
}

static inline void sealed_copy(void *arg, const char *line, size_t line_b)
{
	sealed_append(arg, line, line_b);
}

/* What is to be written now goes to the file. */
static inline void sealed_flush(struct sealed *s)
{
	size_t size_b;
	const char *text = dp_seal_output(s->seal, &size_b, NULL);

	if (!text)
		return;
	sealed_append(&s->files[s->file], text, size_b);
	dp_seal_written(s->seal, size_b);
}

/* A writer of blocks of three lines. */
static inline void sealed_open(struct sealed *s, const char *key,
    const char *auditor)
{
	struct dp_seal_options o = { .key = key, .auditor = auditor,
		.block_lines = 3, .block_ms = 1000, .idle_ms = 60000,
		.copy = sealed_copy, .arg = &s->copies };

	for (size_t i = 0; i < SEALED_FILES; i++)
		s->files[i].size_b = 0;
	s->copies.size_b = s->file = s->next = 0;
	CU_ASSERT_EQUAL_FATAL(dp_seal_open(&s->seal, &o, NULL), DP_OK);
}

static inline void sealed_begin(struct sealed *s, const char *key,
    const char *auditor)
{
	sealed_open(s, key, auditor);
	CU_ASSERT_EQUAL_FATAL(dp_seal_begin(s->seal, SEALED_NOW), DP_OK);
	sealed_flush(s);
}

/* Fills in the line's meaning from its text; of another text: false. */
static inline bool sealed_known(void *arg, struct dp_seal_item *item)
{
	char text[64], again[64];
	unsigned n;

	(void)arg;
	if (item->line_b >= sizeof(text))
		return false;
	memcpy(text, item->line, item->line_b);
	text[item->line_b] = '\0';
	if (sscanf(text, "{\"n\":%u}", &n) != 1)
		return false;
	snprintf(again, sizeof(again), "{\"n\":%u}", n);
	item->time_us = SEALED_NOW + n * 1000;
	item->ring = n % 2;
	item->number = n;
	return strcmp(text, again) == 0;
}

static inline void sealed_add(struct sealed *s, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct dp_seal_item item = { .id = 0x1234 };
		char text[64];

		item.line_b = (size_t)snprintf(text, sizeof(text),
		    "{\"n\":%u}", s->next++);
		item.line = text;
		CU_ASSERT_TRUE_FATAL(sealed_known(NULL, &item));
		CU_ASSERT_EQUAL_FATAL(dp_seal_add(s->seal, &item,
		    SEALED_NOW + s->next * 1000), DP_OK);
	}
	CU_ASSERT_EQUAL_FATAL(dp_seal_tick(s->seal, SEALED_NOW + s->next *
	    1000), DP_OK);
	sealed_flush(s);
}

static inline void sealed_rotate(struct sealed *s)
{
	CU_ASSERT_EQUAL_FATAL(dp_seal_end_file(s->seal, SEALED_NOW), DP_OK);
	sealed_flush(s);
	s->file++;
	CU_ASSERT_FATAL(s->file < SEALED_FILES);
	CU_ASSERT_EQUAL_FATAL(dp_seal_next_file(s->seal, SEALED_NOW), DP_OK);
	sealed_flush(s);
}

static inline void sealed_stop(struct sealed *s)
{
	CU_ASSERT_EQUAL_FATAL(dp_seal_stop(s->seal, SEALED_NOW + s->next *
	    1000), DP_OK);
	sealed_flush(s);
	dp_seal_close(&s->seal);
}

/* --- what verify says ----------------------------------------------------- */

#define SEALED_FOUND 64

struct sealed_report {
	struct dp_verify_finding found[SEALED_FOUND];
	size_t count; /* also those that found no room */
	struct dp_verify_sum sum;
	enum dp_err err;
	struct sealed_file plain;
};

static inline void sealed_found(void *arg,
    const struct dp_verify_finding *finding)
{
	struct sealed_report *r = arg;

	if (r->count < SEALED_FOUND)
		r->found[r->count] = *finding;
	r->count++;
}

static inline bool sealed_plain(void *arg, const char *text, size_t size_b)
{
	struct sealed_report *r = arg;

	sealed_append(&r->plain, text, size_b);
	return true;
}

/* What is asked of dp_verify but the files. */
struct sealed_question {
	bool no_key;
	bool still_open;
	const uint8_t *auditor;
	const struct sealed_file *copies;
	size_t piece_b; /* octets are given in such pieces; 0: in one */
};

static inline void sealed_feed(struct dp_verify *v, struct sealed_report *r,
    const struct sealed_file *f, size_t piece_b)
{
	for (size_t at = 0, n; at < f->size_b && !r->err; at += n) {
		n = f->size_b - at;
		if (piece_b > 0 && n > piece_b)
			n = piece_b;
		r->err = dp_verify_octets(v, f->text + at, n);
	}
}

/* Files are called "0", "1", ... */
static inline void sealed_verify(struct sealed_report *r,
    const struct sealed_file *const *files, size_t count,
    const struct sealed_question *q)
{
	static const char *const names[] = { "0", "1", "2", "3" };
	struct dp_verify_options o = { .key = q->no_key ? NULL
		: sealed_public, .auditor = q->auditor, .found = sealed_found,
		.plain = sealed_plain, .arg = r, .still_open = q->still_open };
	struct dp_verify *v = NULL;
	FILE *copies = NULL;

	r->count = r->plain.size_b = 0;
	r->err = DP_OK;
	CU_ASSERT_EQUAL_FATAL(dp_verify_open(&v, &o), DP_OK);
	if (q->copies) {
		copies = fmemopen((char *)(uintptr_t)q->copies->text,
		    q->copies->size_b, "r");
		CU_ASSERT_PTR_NOT_NULL_FATAL(copies);
		dp_verify_copies(v, copies, "copies");
	}
	for (size_t i = 0; i < count && !r->err; i++) {
		dp_verify_file_begin(v, names[i]);
		sealed_feed(v, r, files[i], q->piece_b);
		dp_verify_file_end(v);
	}
	dp_verify_end(v, &r->sum);
	dp_verify_close(&v);
	if (copies)
		fclose(copies);
}

/* The line, from 1, that has the octet. */
static inline uint64_t sealed_line_of(const struct sealed_file *f, size_t at)
{
	uint64_t line = 1;

	for (size_t i = 0; i < at; i++)
		line += f->text[i] == '\n';
	return line;
}

/* Was something found in that file, at that line or directly beside it? */
static inline bool sealed_names(const struct sealed_report *r,
    const char *path, uint64_t line)
{
	for (size_t i = 0; i < r->count && i < SEALED_FOUND; i++) {
		const struct dp_verify_finding *f = &r->found[i];

		if (strcmp(f->path, path) == 0 && f->from_line <= line + 1 &&
		    line <= f->to_line + 1)
			return true;
	}
	return false;
}

#endif
