/*
 * What an event costs the thread that answers: putting it together as octets,
 * writing it to the ring, both. Of an answer with one address, and of one with
 * as many as fit. Each thread has a ring; cold are those of the default size,
 * gone through many times over, as by a resolver that nobody listens to, warm
 * the smallest.
 *
 *	tests/bench/bench_ring [FOLDER]
 */
#include "dp_config.h"

#include "tests/bench/bench.h"

#include <unistd.h>

#include "module/core/event.h"
#include "module/core/ring.h"

#define RING_B ((uint64_t)65536 * 256) /* the default */

static struct {
	_Alignas(64) struct dp_ring *ring;
	char path[512];
	struct dp_event one, four, full; /* addresses of each family */
	uint64_t words[DP_EVENT_WORDS_MAX];
} threads[BENCH_THREADS];

static uint8_t v4[DP_EVENT_ADDRESSES_MAX][4];
static uint8_t v6[DP_EVENT_ADDRESSES_MAX][16];

static struct dp_event event_of(size_t v4_count, size_t v6_count)
{
	static const uint8_t name[] = "\12enterprise\6manage\11microsoft\3com";
	static const char group[] = "intune-core";
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

/* --- operations ---------------------------------------------------------- */

static size_t encode(unsigned thread, struct dp_event *e, uint32_t key)
{
	size_t count;

	e->fixed.time_us = key;
	count = dp_event_encode(threads[thread].words, e);
	/* What was encoded is used. */
	__asm__ volatile("" : : "r"(threads[thread].words) : "memory");
	return count;
}

static void log_event(unsigned thread, struct dp_event *e, uint32_t key)
{
	size_t count = encode(thread, e, key);

	if (!dp_ring_write(threads[thread].ring, DP_RING_EVENT,
		threads[thread].words, count))
		exit(EXIT_FAILURE);
}

static void encode_one(unsigned thread, uint32_t key)
{
	(void)encode(thread, &threads[thread].one, key);
}

static void log_one(unsigned thread, uint32_t key)
{
	log_event(thread, &threads[thread].one, key);
}

static void log_four(unsigned thread, uint32_t key)
{
	log_event(thread, &threads[thread].four, key);
}

static void log_full(unsigned thread, uint32_t key)
{
	log_event(thread, &threads[thread].full, key);
}

static void open_rings(bool cold)
{
	const struct dp_ring_made made = {
		.size_b = cold ? RING_B : DP_RING_MIN_B, .id = 1 };
	struct dp_diag diag = { .object = "" };

	for (unsigned i = 0; i < BENCH_THREADS; i++) {
		dp_ring_close(&threads[i].ring);
		if (dp_ring_open(&threads[i].ring, threads[i].path, &made,
			&diag) != DP_OK) {
			fprintf(stderr, "%s: %s\n", diag.object, diag.reason);
			exit(EXIT_FAILURE);
		}
		/* All its pages are there. */
		for (uint64_t done_b = 0; done_b < made.size_b; done_b += 128)
			log_event(i, &threads[i].one, 0);
	}
}

int main(int argc, char **argv)
{
	static const struct bench_op ops[] = {
		{ "event, one address", encode_one, NULL, NULL,
		    UINT32_MAX, BENCH_ALL },
		{ "event and ring, one", log_one, open_rings, NULL,
		    UINT32_MAX, BENCH_ALL },
		{ "event and ring, four of each", log_four, open_rings, NULL,
		    UINT32_MAX, BENCH_ALL },
		{ "event and ring, all that fit", log_full, open_rings, NULL,
		    UINT32_MAX, BENCH_ALL },
	};

	for (unsigned i = 0; i < BENCH_THREADS; i++) {
		threads[i].one = event_of(1, 0);
		threads[i].four = event_of(4, 4);
		threads[i].full = event_of(DP_EVENT_ADDRESSES_MAX,
		    DP_EVENT_ADDRESSES_MAX);
		snprintf(threads[i].path, sizeof(threads[i].path),
		    "%.400s/bench-ring.%ld.%u", argc > 1 ? argv[1] : "/tmp",
		    (long)getpid(), i);
	}
	bench_head("ring");
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		bench_run(&ops[i]);
	for (unsigned i = 0; i < BENCH_THREADS; i++) {
		dp_ring_close(&threads[i].ring);
		unlink(threads[i].path);
	}
	return EXIT_SUCCESS;
}
