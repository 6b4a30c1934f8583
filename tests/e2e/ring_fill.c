/*
 * Rings of events as a resolver writes them, for tests and benchmarks of who
 * reads them:
 *
 *	ring_fill DIR RINGS EVENTS RATE [SIZE]
 *
 * writes so many events in turn to so many rings of SIZE octets (default: 32
 * MiB) in the state directory DIR, RATE of them a second (0: as fast as it
 * goes), and says how many and in what time. SIGTERM ends it early.
 */
#include "dp_config.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "module/core/event.h"
#include "module/core/name.h"
#include "module/core/ring.h"
#include "module/core/state.h"

#define RINGS_MAX 16
#define NAMES 64

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static uint64_t clock_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void die(const char *object, const char *reason)
{
	fprintf(stderr, "ring_fill: %s: %s\n", object, reason);
	exit(EXIT_FAILURE);
}

static void open_rings(struct dp_ring **rings, int count, const char *dir,
    uint64_t size_b)
{
	char path[DP_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/unbound", dir);
	(void)mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/" DP_STATE_EVENTS, dir);
	(void)mkdir(path, 0750);
	for (int i = 0; i < count; i++) {
		struct dp_ring_made made = {
			.size_b = size_b,
			.id = clock_us(CLOCK_REALTIME) * 16 + (unsigned)i,
			.boot = { 1, 1 },
		};
		struct dp_diag diag;

		snprintf(path, sizeof(path), "%s/" DP_STATE_EVENTS "/%d", dir,
		    i);
		if (dp_ring_open(&rings[i], path, &made, &diag) != DP_OK)
			die(diag.object, diag.reason);
	}
}

static void names_make(struct dp_name *names)
{
	for (int i = 0; i < NAMES; i++) {
		struct dp_diag diag;
		char text[64];

		snprintf(text, sizeof(text), "host%d.manage.microsoft.com", i);
		if (dp_name_from_text(&names[i], text, &diag) != DP_OK)
			die(text, diag.reason);
	}
}

static void event_make(struct dp_event *e, uint64_t n,
    const struct dp_name *name)
{
	static const uint8_t v4[2][4] = {
		{ 134, 170, 168, 254 }, { 13, 107, 219, 10 }
	};
	static const char group[] = "intune-core";

	memset(e, 0, sizeof(*e));
	e->fixed.time_us = clock_us(CLOCK_REALTIME);
	e->fixed.policy = 0x0123456789abcdef;
	e->fixed.latency_us = (uint32_t)(n % 100);
	e->fixed.ttl_s = 300;
	e->fixed.flags = DP_EVENT_RD;
	e->fixed.type = e->fixed.class = 1;
	e->fixed.port = (uint16_t)(1024 + n % 60000);
	e->fixed.verdict = DP_EVENT_VERDICT_ALLOW;
	e->fixed.client_kind = DP_EVENT_CLIENT_V4;
	memcpy(e->fixed.client, (uint8_t[]){ 10, 20, 0, (uint8_t)n }, 4);
	e->fixed.rule_kind = DP_EVENT_RULE_WILDCARD;
	e->fixed.rule_at = (uint8_t)(1 + name->wire[0]);
	e->name = name->wire;
	e->name_b = name->len;
	e->group = group;
	e->group_b = sizeof(group) - 1;
	e->v4 = v4;
	e->v4_count = 2;
}

/* Until it is time for event n; now and then only, as sleeping is coarse. */
static void pace(uint64_t begun_us, uint64_t n, uint64_t rate)
{
	uint64_t due_us;

	if (rate == 0 || (rate >= 1000 && n % (rate / 1000) != 0))
		return;
	due_us = begun_us + n * 1000000 / rate;
	while (!stopped && clock_us(CLOCK_MONOTONIC) < due_us) {
		uint64_t left_us = due_us - clock_us(CLOCK_MONOTONIC);

		if (left_us < 1000000)
			nanosleep(&(struct timespec){
			    .tv_nsec = (long)left_us * 1000 }, NULL);
		else
			nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
	}
}

int main(int argc, char **argv)
{
	struct dp_ring *rings[RINGS_MAX] = { NULL };
	struct dp_name names[NAMES];
	uint64_t words[DP_EVENT_WORDS_MAX], n, count, rate, begun_us;
	int ring_count;

	if (argc < 5 || argc > 6)
		die("usage", "ring_fill DIR RINGS EVENTS RATE [SIZE]");
	ring_count = atoi(argv[2]);
	if (ring_count < 1 || ring_count > RINGS_MAX)
		die(argv[2], "1 to 16 rings");
	count = strtoull(argv[3], NULL, 10);
	rate = strtoull(argv[4], NULL, 10);
	signal(SIGTERM, on_signal);
	open_rings(rings, ring_count, argv[1],
	    argc > 5 ? strtoull(argv[5], NULL, 10) : 32u << 20);
	names_make(names);
	begun_us = clock_us(CLOCK_MONOTONIC);
	for (n = 0; n < count && !stopped; n++) {
		struct dp_event e;

		pace(begun_us, n, rate);
		event_make(&e, n, &names[n % NAMES]);
		if (!dp_ring_write(rings[n % (unsigned)ring_count],
			DP_RING_EVENT, words, dp_event_encode(words, &e)))
			die("ring", "a record was not written");
	}
	printf("%" PRIu64 " %" PRIu64 "\n", n,
	    clock_us(CLOCK_MONOTONIC) - begun_us);
	for (int i = 0; i < ring_count; i++)
		dp_ring_close(&rings[i]);
	return EXIT_SUCCESS;
}
