#include "dp_config.h"

#include "tools/policy/gather.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/policy/zone.h"

#define QUIET_MS 500
#define STEP_MS 100

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void dp_gather_progress(const char *fmt, ...)
{
	static long long next_ms;
	static bool shown;
	long long now = now_ms();
	va_list args;

	if (next_ms == 0)
		next_ms = now + QUIET_MS;
	if (fmt ? now < next_ms || !isatty(STDERR_FILENO) : !shown)
		return;
	/* ECMA-48: to the line's start, erase to its end. */
	fputs("\r\033[K", stderr);
	shown = fmt != NULL;
	if (!fmt)
		return;
	next_ms = now + STEP_MS;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fflush(stderr);
}

static void tick(void *arg, const char *file, unsigned long line)
{
	(void)arg;
	dp_gather_progress("dnspin: reading %s, line %lu", file, line);
}

static enum dp_err gather(struct dp_ruleset *rs, const char *path,
    struct dp_diag *diag)
{
	static const struct dp_zone_watch watch = { .tick = tick };
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(path, "re");
	enum dp_err err;

	if (!in) {
		dp_diag_set(diag, path, 0, "%s", strerror(errno));
		return errno == ENOENT ? DP_ERR_NOTFOUND : DP_ERR_IO;
	}
	err = dp_zone_read(rs, in, path, &watch, diag);
	if (!is_stdin)
		fclose(in);
	return err;
}

enum dp_err dp_gather_files(struct dp_ruleset *rs, char *const *paths,
    size_t count, struct dp_diag *diag)
{
	enum dp_err err = DP_OK;

	dp_gather_progress("dnspin: reading");
	for (size_t i = 0; i < count && !err; i++)
		err = gather(rs, paths[i], diag);
	dp_gather_progress(NULL);
	return err;
}

/* A folder that is missing fits no pattern; other trouble is trouble. */
static int is_trouble(const char *path, int reason)
{
	(void)path;
	return reason != ENOENT && reason != ENOTDIR;
}

enum dp_err dp_gather_globs(struct dp_ruleset *rs, char *const *patterns,
    size_t count, struct dp_diag *diag)
{
	enum dp_err err = DP_OK;

	for (size_t i = 0; i < count && !err; i++) {
		glob_t found;
		int result = glob(patterns[i], 0, is_trouble, &found);

		if (result == 0) {
			err = dp_gather_files(rs, found.gl_pathv,
			    found.gl_pathc, diag);
		} else if (result == GLOB_NOMATCH) {
			dp_diag_set(diag, patterns[i], 0, "no zone file fits "
			    "this pattern of the setting zones");
			err = DP_ERR_NOTFOUND;
		} else {
			dp_diag_set(diag, patterns[i], 0, "%s",
			    result == GLOB_NOSPACE
				? dp_err_text(DP_ERR_NOMEM)
				: "a folder of it cannot be read");
			err = result == GLOB_NOSPACE ? DP_ERR_NOMEM
						     : DP_ERR_IO;
		}
		globfree(&found);
	}
	return err;
}
