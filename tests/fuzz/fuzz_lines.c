/*
 * Logs of strangers: what reads the lines of dnspin log, and what makes rules of
 * them.
 */
#include "dp_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tools/log/log_read.h"
#include "tools/report/suggest_read.h"

const char fuzz_seeds[] = "tests/fuzz/seeds/lines";

static enum dp_err must_be_sound(void *arg, const struct dp_log_line *line)
{
	size_t *lines = arg;

	++*lines;
	if (!line->client || line->kind > DP_LOG_OTHER ||
	    (line->kind == DP_LOG_EVENT &&
		line->verdict >= DP_EVENT_VERDICT_COUNT))
		abort();
	return DP_OK;
}

static void read_lines(const uint8_t *data, size_t size, const char *path)
{
	size_t lines = 0, ends = 0;

	for (size_t i = 0; i < size; i++)
		ends += data[i] == '\n';
	if (dp_log_read_file(path, must_be_sound, &lines, NULL) != DP_OK ||
	    lines != ends + (size > 0 && data[size - 1] != '\n'))
		abort();
}

static void suggest(const char *path)
{
	struct dp_suggest_read read = { .denied = true, .absent = true };
	struct dp_suggestion *list = NULL;
	static struct dp_suffix_list *suffixes;
	struct dp_suggest *s;
	uint64_t queries = 0;
	size_t count = 0;

	if (dp_suggest_open(&s, NULL) != DP_OK ||
	    (!suffixes &&
		dp_suffixes_open(&suffixes, NULL, 0, NULL) != DP_OK))
		abort();
	if (dp_suggest_read_log(s, &read, path, NULL) != DP_OK ||
	    read.off_list > read.events ||
	    dp_suggest_make(s, suffixes, 1, 2, &list, &count) != DP_OK)
		abort();
	for (size_t i = 0; i < count; i++)
		queries += list[i].queries;
	if (queries + dp_suggest_odd(s) + dp_suggest_dropped(s) !=
	    read.off_list)
		abort();
	free(list);
	dp_suggest_close(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_lines(data, size, path);
	suggest(path);
	close(fd);
	return 0;
}
