/*
 * A sealed log of two files, taken apart and put together anew.
 */
#ifndef DP_SEALED_PARTS_H
#define DP_SEALED_PARTS_H

#include "tests/unit/sealed.h"

#define SEALED_LINES 64

struct sealed_parts { /* lines of a file */
	const char *at[SEALED_LINES];
	size_t size_b[SEALED_LINES];
	size_t count;
};

static inline void sealed_two(struct sealed *s)
{
	sealed_begin(s, sealed_key, NULL);
	sealed_add(s, 7);
	sealed_rotate(s);
	sealed_add(s, 4);
	sealed_stop(s);
}

static inline void sealed_split(struct sealed_parts *p,
    const struct sealed_file *f)
{
	const char *from = f->text, *end = f->text + f->size_b, *next;

	for (p->count = 0; from < end; from = next) {
		next = (const char *)memchr(from, '\n',
		    (size_t)(end - from)) + 1;
		CU_ASSERT_FATAL(p->count < SEALED_LINES);
		p->at[p->count] = from;
		p->size_b[p->count++] = (size_t)(next - from);
	}
}

/* Lines from..to (not included) of p. */
static inline void sealed_join(struct sealed_file *f,
    const struct sealed_parts *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		sealed_append(f, p->at[i], p->size_b[i]);
}

/* The end of each block of a file, as a count of lines; the first is that of
 * the file's first line. */
static inline size_t sealed_ends(const struct sealed_parts *p,
    size_t ends[SEALED_LINES])
{
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		if (dp_seal_line_is(p->at[i], p->size_b[i]))
			ends[count++] = i + 1;
	return count;
}

#endif
