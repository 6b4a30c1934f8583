/*
 * What an event costs the thread that answers: putting it together as octets,
 * writing it to the ring, both. Of an answer with one address, and of one with
 * as many as fit. The ring is gone through many times over, as by a resolver
 * that nobody listens to.
 *
 *	tests/bench/bench_ring [FOLDER]
 */
#include "dp_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "module/core/event.h"
#include "module/core/ring.h"

#define EVENTS 4000000u
#define RING_B ((uint64_t)65536 * 256) /* the default */

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static const uint8_t name[] = "\12enterprise\6manage\11microsoft\3com";
static const char group[] = "intune-core";
static uint8_t v4[DP_EVENT_ADDRESSES_MAX][4];
static uint8_t v6[DP_EVENT_ADDRESSES_MAX][16];

static struct dp_event event_of(size_t v4_count, size_t v6_count)
{
	struct dp_event e = {
		.fixed = { .type = 1, .class = 1, .ttl_s = 300,
			.client_kind = DP_EVENT_CLIENT_V4,
			.rule_kind = DP_EVENT_RULE_WILDCARD, .rule_at = 11 },
		.name = name,
		.name_b = sizeof(name),
		.group = group,
		.group_b = sizeof(group) - 1,
		.v4 = (const void *)v4,
		.v4_count = v4_count,
		.v6 = (const void *)v6,
		.v6_count = v6_count,
	};

	return e;
}

enum { ENCODE = 1, WRITE = 2 };

static double run(struct dp_ring *ring, struct dp_event *e, int what)
{
	uint64_t words[DP_EVENT_WORDS_MAX];
	size_t count = dp_event_encode(words, e);
	double begin = cpu_ns();

	for (unsigned i = 0; i < EVENTS; i++) {
		e->fixed.time_us = i;
		if (what & ENCODE)
			count = dp_event_encode(words, e);
		/* What was encoded is used. */
		__asm__ volatile("" : : "r"(words) : "memory");
		if (what & WRITE && !dp_ring_write(ring, DP_RING_EVENT, words,
			count))
			exit(EXIT_FAILURE);
	}
	return (cpu_ns() - begin) / EVENTS;
}

static void show(struct dp_ring *ring, const char *what, struct dp_event e)
{
	uint64_t words[DP_EVENT_WORDS_MAX];

	printf("%-22s%6zu octets: encode %6.1f ns, write %6.1f ns, both "
	       "%6.1f ns\n", what, dp_event_encode(words, &e) * 8,
	    run(ring, &e, ENCODE), run(ring, &e, WRITE),
	    run(ring, &e, ENCODE | WRITE));
}

int main(int argc, char **argv)
{
	const struct dp_ring_made made = { .size_b = RING_B, .id = 1 };
	struct dp_diag diag = { .object = "" };
	struct dp_ring *ring;
	char path[512];

	snprintf(path, sizeof(path), "%.400s/bench-ring.%ld",
	    argc > 1 ? argv[1] : "/tmp", (long)getpid());
	if (dp_ring_open(&ring, path, &made, &diag) != DP_OK) {
		fprintf(stderr, "%s: %s\n", diag.object, diag.reason);
		return EXIT_FAILURE;
	}
	(void)run(ring, &(struct dp_event){ .name = name }, WRITE); /* warm */
	show(ring, "one address", event_of(1, 0));
	show(ring, "four of each family", event_of(4, 4));
	show(ring, "as many as fit", event_of(DP_EVENT_ADDRESSES_MAX,
	    DP_EVENT_ADDRESSES_MAX));
	dp_ring_close(&ring);
	return unlink(path) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
