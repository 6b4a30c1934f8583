/*
 * A firewall agent without a firewall, as slow as one likes: it follows the map
 * and says, as dnspin sync does, that all is in the kernel. slow_agent STATE,
 * then commands on standard input, each answered with a line:
 *
 *	delay MS	from now on changes are confirmed so much later
 *	never		not at all
 */
#include "dp_config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "module/core/file.h"
#include "module/core/map.h"
#include "module/core/policy.h"
#include "module/core/state.h"
#include "module/core/sync.h"

#define NEVER UINT64_MAX
#define SEEN 4096 /* looks that are remembered */
#define LOOK_NS 200000

struct agent {
	char policy_path[DP_PATH_MAX], map_path[DP_PATH_MAX];
	uint64_t policy_id[4];
	uint8_t digest[DP_SYNC_DIGEST_B];
	struct dp_map *map;
	struct dp_sync *sync;
	uint64_t delay_ns;
	struct {
		uint64_t seq, at_ns;
	} seen[SEEN];
	uint64_t first, last; /* of seen, modulo SEEN */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void look_at_policy(struct agent *a)
{
	struct dp_policy *p;
	uint64_t id[4];

	if (dp_file_identify(id, a->policy_path) ||
	    memcmp(id, a->policy_id, sizeof(id)) == 0 ||
	    dp_policy_open(&p, a->policy_path, NULL, NULL))
		return;
	memcpy(a->policy_id, id, sizeof(id));
	memcpy(a->digest, dp_policy_digest(p), sizeof(a->digest));
	dp_policy_close(&p);
}

static bool look_at_map(struct agent *a)
{
	if (a->map && !dp_map_is_at(a->map, a->map_path))
		dp_map_close(&a->map);
	if (!a->map && dp_map_open_ro(&a->map, a->map_path, NULL))
		return false;
	dp_sync_subject(a->sync, dp_map_id(a->map), a->digest);
	return true;
}

static void follow(struct agent *a)
{
	uint64_t seq = dp_map_seq(a->map), now = now_ns(), acked = 0;

	if (a->last == a->first || a->seen[(a->last - 1) % SEEN].seq != seq) {
		a->seen[a->last % SEEN].seq = seq;
		a->seen[a->last++ % SEEN].at_ns = now;
	}
	if (a->delay_ns == NEVER)
		return;
	while (a->first < a->last &&
	    a->seen[a->first % SEEN].at_ns + a->delay_ns <= now)
		acked = a->seen[a->first++ % SEEN].seq;
	if (acked)
		dp_sync_ack(a->sync, acked);
}

/* False: nobody is there any more. */
static bool obey(struct agent *a)
{
	char line[64];
	ssize_t n = read(STDIN_FILENO, line, sizeof(line) - 1);

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	line[n] = '\0';
	if (sscanf(line, "delay %" SCNu64, &a->delay_ns) == 1)
		a->delay_ns *= 1000000;
	else
		a->delay_ns = NEVER;
	return puts("done") >= 0 && fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { 0, LOOK_NS };
	static struct agent a;
	struct dp_diag diag = { .line = 0 };
	char ack[DP_PATH_MAX];

	if (argc != 2 || fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) != 0 ||
	    dp_state_path(ack, argv[1], DP_STATE_ACK, &diag) ||
	    dp_state_path(a.policy_path, argv[1], DP_STATE_POLICY, &diag) ||
	    dp_state_path(a.map_path, argv[1], DP_STATE_MAP, &diag) ||
	    dp_sync_create(&a.sync, ack, &diag)) {
		fprintf(stderr, "slow_agent STATE: %s\n", diag.reason);
		return EXIT_FAILURE;
	}
	while (obey(&a)) {
		dp_sync_beat(a.sync, now_ns());
		look_at_policy(&a);
		if (look_at_map(&a))
			follow(&a);
		nanosleep(&pause, NULL);
	}
	dp_map_close(&a.map);
	dp_sync_close(&a.sync);
	return EXIT_SUCCESS;
}
