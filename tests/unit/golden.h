/*
 * Comparing text with a file of tests/golden. The files were read by people
 * when they were made; whoever changes a format reads the difference again.
 */
#ifndef DP_GOLDEN_H
#define DP_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/unit.h"

/* All of the file, with a NUL behind; the caller frees. */
static inline char *golden_read(const char *path, size_t *size_b)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	*size_b = 0;
	do {
		text = realloc(text, *size_b + 65537);
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		n = fread(text + *size_b, 1, 65536, f);
		*size_b += n;
	} while (n > 0);
	fclose(f);
	text[*size_b] = '\0';
	return text;
}

/* name: of the file in tests/golden. What differs is printed in full. */
static inline void golden_check(const char *name, const char *text,
    size_t size_b)
{
	const char *source = getenv("DNSPIN_SRCDIR");
	char path[1024];
	size_t wanted_b;
	char *wanted;
	int same;

	CU_ASSERT_PTR_NOT_NULL_FATAL(source);
	snprintf(path, sizeof(path), "%s/tests/golden/%s", source, name);
	wanted = golden_read(path, &wanted_b);
	same = wanted_b == size_b && memcmp(wanted, text, size_b) == 0;
	free(wanted);
	if (!same)
		printf("\n%s is not what came out, which is:\n%.*s", path,
		    (int)size_b, text);
	CU_ASSERT(same);
}

#endif
