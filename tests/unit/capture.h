/*
 * What a verb prints, by way of a real file: a stream is pointed at it and
 * back. For one stream at a time per struct capture.
 */
#ifndef DP_CAPTURE_H
#define DP_CAPTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/unit/unit.h"

struct capture {
	FILE *stream;
	FILE *file;
	int kept; /* where stream went before */
	char text[65536]; /* after capture_end */
};

static inline void capture_begin(struct capture *c, FILE *stream)
{
	fflush(stream);
	c->stream = stream;
	c->file = tmpfile();
	CU_ASSERT_PTR_NOT_NULL_FATAL(c->file);
	c->kept = dup(fileno(stream));
	CU_ASSERT_FATAL(c->kept >= 0);
	CU_ASSERT_FATAL(dup2(fileno(c->file), fileno(stream)) >= 0);
}

static inline void capture_end(struct capture *c)
{
	size_t n;

	fflush(c->stream);
	dup2(c->kept, fileno(c->stream));
	close(c->kept);
	rewind(c->file);
	n = fread(c->text, 1, sizeof(c->text) - 1, c->file);
	c->text[n] = '\0';
	fclose(c->file);
}

#endif
