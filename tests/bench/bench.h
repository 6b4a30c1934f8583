/*
 * What an operation costs: ns of one thread and of two at once, with what it
 * touches in the processor's cache (warm) and not (cold), and instructions.
 *
 * A program lists its operations and calls bench_run for each: a line is
 * printed. Cold means that the keys are all there are, one far from the next;
 * warm, that they are BENCH_HOT. Times are of the thread's processor time and
 * hold the making of a name, which bench_name_only tells.
 *
 * Under callgrind each operation is counted instead, and its figures dumped
 * under its name; bench_parts.py reads them.
 */
#ifndef BENCH_H
#define BENCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#define CALLGRIND_DUMP_STATS_AT(name) (void)(name)
#endif

#include "module/core/name.h"

#define BENCH_THREADS 2u
#define BENCH_HOT 64u
#define BENCH_TIMES 2000000u
#define BENCH_STRETCH 512u
#define BENCH_COUNTED 20000u	  /* under callgrind */
#define BENCH_GOLDEN 2654435761u /* odd: no two numbers become one */

enum bench_kind {
	BENCH_ALL,
	/* Each number below 2^32 is a key, and keys is how often it is run:
	 * no key comes twice, and there is no warm. */
	BENCH_ONCE,
	BENCH_SINGLE, /* only by the thread that calls bench_run */
};

struct bench_op {
	const char *name;
	void (*run)(unsigned thread, uint32_t key);
	void (*before)(bool cold); /* of each column; NULL: nothing */
	/* What another thread does meanwhile, for each BENCH_STRETCH runs; not
	 * measured. NULL: nothing. */
	void (*meanwhile)(unsigned thread);
	uint32_t keys;
	enum bench_kind kind;
};

struct bench_turn {
	const struct bench_op *op;
	pthread_barrier_t *begin;
	unsigned thread;
	uint32_t first, times, keys;
	double ns;
};

/* --- names --------------------------------------------------------------- */

/* svc-XXXXXXXX.regionNN.cloudNNNN.com, after one octet that is a letter of
 * front each with its length; "" for none. Returns dst. */
static inline struct dp_name *bench_name(struct dp_name *dst, uint32_t n,
    const char *front)
{
	static const char hex[] = "0123456789abcdef";
	static const uint8_t rest[] = "\014svc-00000000\010region00\011cloud0000"
				      "\003com";
	uint32_t x = n * BENCH_GOLDEN, region = n % 31, cloud = n % 4001;
	uint8_t *w = dst->wire;

	for (const char *p = front; *p; p++) {
		*w++ = 1;
		*w++ = (uint8_t)*p;
	}
	memcpy(w, rest, sizeof(rest));
	for (int i = 0; i < 8; i++)
		w[5 + i] = (uint8_t)hex[x >> (28 - 4 * i) & 15];
	w[20] = (uint8_t)('0' + region / 10);
	w[21] = (uint8_t)('0' + region % 10);
	for (int i = 0; i < 4; i++, cloud /= 10)
		w[31 - i] = (uint8_t)('0' + cloud % 10);
	dst->len = (uint8_t)(w - dst->wire + (int)sizeof(rest));
	return dst;
}

static inline void bench_name_only(unsigned thread, uint32_t key)
{
	struct dp_name name;

	(void)thread;
	__asm__ volatile("" : : "r"(bench_name(&name, key, "")) : "memory");
}

/* --- turns --------------------------------------------------------------- */

static inline double bench_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void bench_loop(const struct bench_turn *t, uint32_t first,
    uint32_t times)
{
	for (uint32_t i = first; i < first + times; i++) {
		uint32_t at = i * BENCH_GOLDEN;

		t->op->run(t->thread, t->op->kind == BENCH_ONCE ? at :
		    (uint32_t)((uint64_t)at * t->keys >> 32));
	}
}

static void bench_measure(struct bench_turn *t)
{
	uint32_t times = t->op->meanwhile ? BENCH_STRETCH : t->times;
	double begin, ns = 0;

	for (uint32_t i = 0; i < t->times; i += times) {
		if (t->op->meanwhile)
			t->op->meanwhile(t->thread);
		if (times > t->times - i)
			times = t->times - i;
		begin = bench_ns(CLOCK_THREAD_CPUTIME_ID);
		bench_loop(t, t->first + i, times);
		ns += bench_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
	}
	t->ns = ns / t->times;
}

static void *bench_thread(void *arg)
{
	struct bench_turn *t = arg;

	pthread_barrier_wait(t->begin);
	bench_measure(t);
	return NULL;
}

static inline double bench_column(const struct bench_op *op, unsigned threads,
    bool cold)
{
	uint32_t keys = cold ? op->keys : BENCH_HOT;
	uint32_t times = op->kind == BENCH_ONCE ? op->keys : BENCH_TIMES;
	struct bench_turn turns[BENCH_THREADS];
	pthread_t ids[BENCH_THREADS];
	pthread_barrier_t begin;
	double sum = 0;

	if (op->before)
		op->before(cold);
	if (op->kind == BENCH_SINGLE) {
		turns[0] = (struct bench_turn){ .op = op, .times = times,
			.keys = keys };
		bench_measure(&turns[0]);
		return turns[0].ns;
	}
	pthread_barrier_init(&begin, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		turns[i] = (struct bench_turn){ op, &begin, i,
			i * (times / threads), times / threads, keys, 0 };
		if (pthread_create(&ids[i], NULL, bench_thread, &turns[i]) != 0)
			exit(EXIT_FAILURE);
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		sum += turns[i].ns;
	}
	pthread_barrier_destroy(&begin);
	return sum / threads;
}

static inline void bench_count(const struct bench_op *op)
{
	struct bench_turn t = { .op = op, .times = BENCH_COUNTED,
		.keys = op->kind == BENCH_ONCE ? op->keys : BENCH_HOT };

	if (op->before)
		op->before(op->kind == BENCH_ONCE);
	if (op->kind != BENCH_ONCE)
		bench_loop(&t, 0, t.times);
	CALLGRIND_ZERO_STATS;
	CALLGRIND_START_INSTRUMENTATION;
	bench_loop(&t, 0, t.times);
	CALLGRIND_STOP_INSTRUMENTATION;
	CALLGRIND_DUMP_STATS_AT(op->name);
}

static inline void bench_head(const char *what)
{
	if (!RUNNING_ON_VALGRIND)
		printf("%-28s  %9s  %9s  %9s  %9s\n", what, "warm", "2 threads",
		    "cold", "2 threads");
}

static inline bool bench_has(const struct bench_op *op, bool cold,
    unsigned count)
{
	return (cold || op->kind != BENCH_ONCE) &&
	    (count == 1 || op->kind != BENCH_SINGLE);
}

static inline void bench_run(const struct bench_op *op)
{
	if (RUNNING_ON_VALGRIND) {
		bench_count(op);
		return;
	}
	printf("%-28s", op->name);
	for (int column = 0; column < 4; column++) {
		unsigned count = column % 2 ? BENCH_THREADS : 1;
		bool cold = column >= 2;

		if (bench_has(op, cold, count))
			printf("  %9.1f", bench_column(op, count, cold));
		else
			printf("  %9s", "-");
	}
	putchar('\n');
	fflush(stdout);
}

#endif
