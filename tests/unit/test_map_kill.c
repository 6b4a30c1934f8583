/*
 * kill -9 at any moment: a child with several threads records at full speed
 * and confirms each sighting in memory that it shares with the parent, until
 * one of them kills them all, wherever the others are, or the parent does,
 * while they begin. The parent looks at what is left, first as a distrusting
 * reader, then as the next writer.
 */
#include "dp_config.h"

#include "tests/unit/unit_map.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "module/core/epoch.h"
#include "module/core/map_move.h"

#define THREADS 4
#define ROUNDS 120
#define QUICK_ROUNDS 10
#define MOVE_ROUNDS 40
#define QUICK_MOVE_ROUNDS 12
#define NAMES 2000 /* of each thread */
#define LONG_S 100000u
#define RECENT 64

/* What outlives the child. */
struct confirmed {
	_Atomic uint32_t now_s;
	_Atomic uint32_t moves;
	_Atomic uint64_t until; /* count at which the killer kills */
	_Atomic uint32_t killer; /* a thread; THREADS: parent, or mover */
	struct {
		_Alignas(64) _Atomic uint64_t count;
		/* number << 32 | lifetime end, of the last ones */
		_Atomic uint64_t recent[RECENT];
	} thread[THREADS];
};
static struct confirmed *confirmed;
static _Atomic(struct dp_map *) map;
static bool is_small, is_moving;
static struct dp_epoch epoch;

static uint64_t number_of(unsigned thread, uint64_t i)
{
	return (i % NAMES) * THREADS + thread;
}

static void *writer_run(void *arg)
{
	unsigned t = (unsigned)(uintptr_t)arg;
	uint64_t i = atomic_load(&confirmed->thread[t].count);
	uint64_t random = i;
	int slot = dp_epoch_register(&epoch);

	for (;; i++) {
		uint32_t now_s = atomic_load(&confirmed->now_s);
		uint64_t n = number_of(t, i);
		struct unit_sighting u;
		enum dp_err err;

		unit_sighting(&u, n);
		u.s.lifetime_s = is_small ? 2 : LONG_S;
		dp_epoch_enter(&epoch, slot);
		err = dp_map_record(atomic_load(&map), &u.s, now_s);
		dp_epoch_leave(&epoch, slot);
		if (err == DP_OK)
			atomic_store(&confirmed->thread[t].recent[i % RECENT],
			    n << 32 | (now_s + u.s.lifetime_s));
		else if (!is_small)
			_exit(3);
		atomic_store(&confirmed->thread[t].count, i + 1);
		if (t == atomic_load(&confirmed->killer) &&
		    i >= atomic_load(&confirmed->until))
			kill(getpid(), SIGKILL);
		if (i % (is_small ? 8 : 1000) == 0)
			atomic_fetch_add(&confirmed->now_s, 1);
		if (unit_random(&random) % 32 == 0)
			sched_yield(); /* else one thread has all the time */
	}
	return NULL;
}

/* Where the mover is to kill, it does so in the middle of one of its moves. */
static void maybe_kill(uint64_t *random)
{
	if (atomic_load(&confirmed->killer) == THREADS &&
	    unit_random(random) % 4 == 0)
		kill(getpid(), SIGKILL);
	sched_yield();
}

/* To and fro between two capacities, until somebody kills us. */
static void move_for_ever(struct dp_map *from)
{
	static const uint32_t more[] = { 0, 1000 };
	uint64_t random = (uint64_t)getpid();

	for (unsigned k = 0;; k++) {
		uint8_t key[DP_MAP_KEY_B] = { (uint8_t)k, (uint8_t)(k >> 8),
			(uint8_t)getpid() };
		uint32_t now_s = atomic_load(&confirmed->now_s);
		struct dp_map *to;
		uint64_t begun;

		if (dp_map_move_begin(&to, from, unit_path,
			NAMES * THREADS + more[k % 2], key, now_s,
			&unit_diag) != DP_OK)
			_exit(4);
		maybe_kill(&random);
		atomic_store(&map, to);
		maybe_kill(&random);
		begun = dp_epoch_advance(&epoch);
		while (!dp_epoch_passed(&epoch, begun))
			sched_yield();
		maybe_kill(&random);
		if (dp_map_move_end(to, &from, unit_path, now_s, &unit_diag) !=
		    DP_OK)
			_exit(4);
		atomic_fetch_add(&confirmed->moves, 1);
		from = to;
	}
}

static void child_run(void)
{
	pthread_t threads[THREADS];
	struct dp_map *opened;

	dp_epoch_init(&epoch);
	if (dp_map_open(&opened, unit_path, is_small ? 16 : NAMES * THREADS,
		unit_key, NOW, &unit_diag) != DP_OK)
		_exit(2);
	atomic_store(&map, opened);
	for (uintptr_t t = 0; t < THREADS; t++)
		if (pthread_create(&threads[t], NULL, writer_run, (void *)t))
			_exit(2);
	if (is_moving)
		move_for_ever(opened);
	pthread_join(threads[0], NULL);
	_exit(2);
}

static uint64_t confirmed_count(void)
{
	uint64_t sum = 0;

	for (int t = 0; t < THREADS; t++)
		sum += atomic_load(&confirmed->thread[t].count);
	return sum;
}

/* by: the thread that kills, after some more confirmations, or THREADS: the
 * parent, or the thread that moves the map, if one does. */
static void run_and_kill(uint64_t *random, unsigned by)
{
	uint64_t turns = unit_random(random) % 2000;
	/* A move takes as long as thousands of records. */
	uint64_t more = unit_random(random) % (is_moving ? 200000 : 2000);
	int status;
	pid_t pid;

	atomic_store(&confirmed->killer, by);
	if (by < THREADS)
		atomic_store(&confirmed->until,
		    atomic_load(&confirmed->thread[by].count) + more);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0)
		child_run();
	if (by == THREADS && !is_moving) {
		while (turns-- > 0)
			sched_yield();
		kill(pid, SIGKILL);
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Everything read is sound, everything confirmed and still alive is read. */
static void check_contents(const struct dp_map *m)
{
	static uint32_t end_s[NAMES * THREADS];
	uint32_t now_s = atomic_load(&confirmed->now_s), cursor = 0;
	struct dp_binding b;
	unsigned lost = 0, unsound = 0;

	memset(end_s, 0, sizeof(end_s));
	while (dp_map_next(m, &cursor, now_s, &b)) {
		uint64_t n = unit_number(&b);

		if (n >= NAMES * THREADS || b.first_seen_s < NOW ||
		    b.first_seen_s > now_s || b.hits == 0 ||
		    b.end_s > now_s + (is_small ? 2 : LONG_S))
			unsound++;
		else if (b.end_s > end_s[n])
			end_s[n] = b.end_s;
	}
	for (unsigned t = 0; t < THREADS; t++) {
		uint64_t count = atomic_load(&confirmed->thread[t].count);

		for (uint64_t i = 0; !is_small && i < count && i < NAMES; i++)
			lost += end_s[number_of(t, i)] == 0;
		for (int i = 0; i < RECENT; i++) {
			uint64_t r = atomic_load(
			    &confirmed->thread[t].recent[i]);

			lost += r && (uint32_t)r > now_s &&
			    end_s[r >> 32] < (uint32_t)r;
		}
	}
	CU_ASSERT_EQUAL(unsound, 0);
	CU_ASSERT_EQUAL(lost, 0);
}

static void check_kills(bool small, bool moving)
{
	unsigned rounds = moving ? unit_turns(MOVE_ROUNDS, QUICK_MOVE_ROUNDS)
				 : unit_turns(ROUNDS, QUICK_ROUNDS);
	uint64_t random = small ? 1 : 2, dropped = 0, amid = 0;
	struct dp_map_stats stats;

	is_small = small;
	is_moving = moving;
	unit_map_remove();
	memset(confirmed, 0, sizeof(*confirmed));
	atomic_store(&confirmed->now_s, NOW);
	for (unsigned round = 0; round < rounds; round++) {
		struct dp_map *m;
		enum dp_err err;

		run_and_kill(&random, moving && round % 2 ?
			THREADS : round % (THREADS + 1));
		err = dp_map_open_ro(&m, unit_path, &unit_diag);
		if (err == DP_OK) {
			/* Moved to a map that is not at its place yet, it may
			 * lack what only the next writer finds. */
			if (!is_moving)
				check_contents(m);
			dp_map_close(&m);
		} else { /* killed before the map was there */
			CU_ASSERT_EQUAL(err, DP_ERR_NOTFOUND);
			CU_ASSERT_EQUAL(confirmed_count(), 0);
			continue;
		}
		amid += unit_map_there_is(".next");
		if (round % 2 && !is_moving)
			continue; /* the next child mends it */
		unit_diag.reason[0] = '\0';
		m = unit_map_open(64);
		CU_ASSERT_STRING_EQUAL(unit_diag.reason, "");
		CU_ASSERT_FALSE(unit_map_there_is(".new"));
		CU_ASSERT_FALSE(unit_map_there_is(".next"));
		check_contents(m);
		dp_map_stats(m, 0, &stats);
		CU_ASSERT_TRUE(stats.dropped_torn - dropped <= 2 * THREADS);
		dropped = stats.dropped_torn;
		dp_map_close(&m);
	}
	printf("%llu recorded, %llu claims of the dead ",
	    (unsigned long long)confirmed_count(),
	    (unsigned long long)dropped);
	if (moving)
		printf("%u moves, %llu cut short ",
		    (unsigned)atomic_load(&confirmed->moves),
		    (unsigned long long)amid);
	CU_ASSERT_TRUE(!moving || amid > 0);
	CU_ASSERT_TRUE(confirmed_count() > rounds);
}

static void a_killed_writer_loses_nothing(void)
{
	check_kills(false, false);
}

static void a_killed_writer_leaves_no_mixture(void)
{
	check_kills(true, false);
}

static void a_killed_move_loses_nothing(void)
{
	check_kills(false, true);
	CU_ASSERT_TRUE(atomic_load(&confirmed->moves) > 0);
}

static int begin(void)
{
	confirmed = mmap(NULL, sizeof(*confirmed), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return confirmed == MAP_FAILED || unit_map_begin() != 0;
}

UNIT_MAIN_WITH("map_kill", begin, unit_map_end,
    UNIT(a_killed_writer_loses_nothing),
    UNIT(a_killed_writer_leaves_no_mixture), UNIT(a_killed_move_loses_nothing))
