#include "dp_config.h"

#include "tools/export/export_watch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "tools/export/export_round.h"

/* How long news may lie unseen. A look is a load and three stat(2). */
static const struct timespec between = { .tv_nsec = 100000000 };

static uint64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* False when it is time to end. */
static bool rest(const sigset_t *ends)
{
	return sigtimedwait(ends, NULL, &between) == -1;
}

int dp_export_watch(const struct dp_cli *cli, const struct dp_export_options *o)
{
	struct dp_export_seen seen = { .map = NULL };
	uint64_t next_ms = 0;
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	if (sigprocmask(SIG_BLOCK, &ends, NULL) != 0)
		return dp_cli_fail(DP_EXIT_FAILED, "export", "%s",
		    strerror(errno));
	do {
		uint32_t now_s = (uint32_t)time(NULL);

		if (monotonic_ms() < next_ms ||
		    !dp_export_news(cli, o, now_s, &seen))
			continue;
		dp_cli_round();
		/* What fails has been said; the next round may go better. */
		(void)dp_export_round(cli, o, now_s, &seen);
		next_ms = monotonic_ms() + (uint64_t)o->watch_s * 1000;
	} while (rest(&ends));
	dp_export_seen_free(&seen);
	return DP_EXIT_OK;
}
