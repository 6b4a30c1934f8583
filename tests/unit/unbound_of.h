/* What a test needs of Unbound to stand in for it: a log to read, and a message
 * cache. After module/compat.h. */
#ifndef DP_UNBOUND_OF_H
#define DP_UNBOUND_OF_H

#include <stdio.h>
#include <string.h>
#include "tests/unit/unit.h"

/* What Unbound logs goes to a file without a name, until the end. */
static inline FILE *unbound_log_begin(void)
{
	FILE *log = tmpfile();

	CU_ASSERT_PTR_NOT_NULL_FATAL(log);
	log_file(log);
	return log;
}

static inline void unbound_log_end(FILE *log)
{
	log_file(stderr);
	fclose(log);
}

/* Lines that hold the text. */
static inline unsigned unbound_log_said(FILE *log, const char *text)
{
	char line[1024];
	unsigned n = 0;

	fflush(log);
	rewind(log);
	while (fgets(line, sizeof(line), log))
		n += strstr(line, text) != NULL;
	fseek(log, 0, SEEK_END);
	return n;
}

/* The caller deletes it by slabhash_delete. */
static inline struct slabhash *unbound_cache_new(size_t slabs)
{
	struct slabhash *cache = slabhash_create(slabs,
	    HASH_DEFAULT_STARTARRAY, 65536, msgreply_sizefunc,
	    query_info_compare, query_entry_delete, reply_info_delete, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
	return cache;
}

#endif
