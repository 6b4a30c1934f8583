/*
 * Every state that a writer goes through: a child that writes is stopped after
 * each of its instructions (ptrace(2)) that changed an octet of the file. There
 * it is as if killed, or does not go on before another writer did something.
 */
#include "dp_config.h"

#include "tests/unit/unit_map.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "module/core/map_private.h"

#define CAPACITY 16
#define OLD 8	 /* bindings that live all the time */
#define BRIEF 8	 /* from here on: those that ended */
#define VICTIM 3 /* the binding that is written, where it is known */
#define FRESH 40 /* else */
#define LATER (NOW + 100)
#define FILE_MAX_B 65536

static struct dp_map *map; /* of the parent; the child has it, too */
static const uint8_t *bytes;
static size_t size_b;
static uint64_t seq_before; /* an agent has all changes below it */

/* --- what the child does, to a map of what it may meet ------------------- */

static void sight(struct dp_map *m, uint64_t n, uint32_t now_s,
    uint32_t lifetime_s)
{
	struct unit_sighting u;

	unit_sighting(&u, n);
	u.s.lifetime_s = lifetime_s;
	CU_ASSERT_EQUAL(dp_map_record(m, &u.s, now_s), DP_OK);
}

static void enter_new(void)
{
	sight(map, FRESH, LATER, 300);
}

static void prolong(void)
{
	sight(map, VICTIM, LATER, 900);
}

static void see_again(void)
{
	sight(map, VICTIM, LATER, 200);
}

static void cut_lives(void)
{
	(void)dp_map_clamp(map, LATER, 100);
}

struct act {
	const char *what;
	void (*run)(void);
	uint64_t n;	  /* that it writes to */
	unsigned brief;	  /* bindings that ended: places with slots */
	uint32_t end_s;	  /* what of it is promised in the end */
	unsigned changes; /* at least so many states */
};

static const struct act acts[] = {
	{ "a new place", enter_new, FRESH, 0, LATER + 300, 15 },
	{ "a place that was used", enter_new, FRESH, 24, LATER + 300, 15 },
	{ "a longer life", prolong, VICTIM, 0, LATER + 900, 5 },
	{ "a known life", see_again, VICTIM, 0, NOW + 300, 2 },
};

static const struct act cut = { "lives cut", cut_lives, VICTIM, 0, LATER + 100,
	2 * OLD };

/* --- what another writer does meanwhile ---------------------------------- */

static void the_same(const struct act *a)
{
	sight(map, a->n, LATER, 300);
}

static void the_same_for_longer(const struct act *a)
{
	sight(map, a->n, LATER, 2000);
}

static void another(const struct act *a)
{
	(void)a;
	sight(map, FRESH + 1, LATER, 300);
}

static const struct {
	void (*run)(const struct act *);
	uint64_t n; /* that it records; 0: that of the act */
	uint32_t lifetime_s;
} others[] = {
	{ the_same, 0, 300 },
	{ the_same_for_longer, 0, 2000 },
	{ another, FRESH + 1, 300 },
};

/* --- what must hold ------------------------------------------------------- */

static uint32_t end_of(const struct dp_map *m, uint64_t n, uint32_t now_s)
{
	struct dp_binding b;
	uint32_t cursor = 0, end_s = 0;

	while (dp_map_next(m, &cursor, now_s, &b)) {
		uint64_t found = unit_number(&b);

		CU_ASSERT_NOT_EQUAL(found, UINT64_MAX);
		if (found == n && b.end_s > end_s)
			end_s = b.end_s;
	}
	return end_s;
}

/* What an agent makes of the changes that it had not seen. */
static uint32_t told_of(const struct dp_map *m, uint64_t n)
{
	struct dp_binding b;
	uint64_t seq = seq_before;
	uint32_t end_s = n < OLD ? NOW + 300 : 0;
	enum dp_err err;

	while ((err = dp_map_feed(m, &seq, &b)) == DP_OK)
		if (unit_number(&b) == n && b.end_s > end_s)
			end_s = b.end_s;
	return err == DP_ERR_LIMIT ? end_of(m, n, LATER) : end_s;
}

static void check_old(const struct dp_map *m, uint32_t least_s)
{
	for (uint64_t n = 0; n < OLD; n++)
		CU_ASSERT_TRUE(end_of(m, n, LATER) >= least_s);
}

/* No slot has two places. How many have none? */
static uint64_t check_slots(const struct dp_map *m)
{
	uint64_t lost = m->head->slots_given;
	uint8_t owned[64] = { 0 };

	for (uint32_t i = 0; i < m->slot_count; i++) {
		uint32_t number = m->slot_of[i];

		CU_ASSERT_FATAL(number <= m->head->slots_given);
		CU_ASSERT_TRUE(number == 0 || !owned[number - 1]++);
		lost -= number != 0;
	}
	return lost;
}

/* What was left goes on as a map of the same capacity, tells of all that lives,
 * and has no claim and no slot that is lost or given twice. */
static void check_next_writer(const struct act *a, uint32_t least_s)
{
	struct dp_map *m;
	struct dp_map_stats stats;

	unit_diag.reason[0] = '\0';
	m = unit_map_open(CAPACITY);
	CU_ASSERT_STRING_EQUAL(unit_diag.reason, "");
	CU_ASSERT_EQUAL(check_slots(m), 0);
	check_old(m, least_s);
	CU_ASSERT_TRUE(told_of(m, a->n) >= end_of(m, a->n, LATER));
	dp_map_stats(m, LATER, &stats);
	CU_ASSERT_TRUE(stats.dropped_torn <= 1);
	for (uint64_t n = 100; stats.live < CAPACITY; n++, stats.live++)
		CU_ASSERT_EQUAL(unit_record(m, n, LATER), DP_OK);
	check_old(m, least_s);
	CU_ASSERT_EQUAL(check_slots(m), 0);
	for (uint32_t i = 0; i < m->slot_count; i++)
		CU_ASSERT_NOT_EQUAL(dp_map_end(m->index[i]), DP_MAP_CLAIMED);
	dp_map_close(&m);
}

/* As if killed: the file as it is now, in a folder where nobody has it. */
static void check_killed(const struct act *a, uint32_t least_s)
{
	static uint8_t left[FILE_MAX_B];
	struct dp_map *m;

	memcpy(left, bytes, size_b);
	unlink(unit_path);
	CU_ASSERT_TRUE_FATAL(unit_write(unit_path, left, size_b));
	m = unit_map_open_ro();
	check_old(m, least_s);
	dp_map_close(&m);
	check_next_writer(a, least_s);
}

/* --- the child, instruction by instruction -------------------------------- */

static void map_make(const struct act *a)
{
	size_t n;

	map = unit_map_new(CAPACITY);
	for (n = 0; n < OLD; n++)
		sight(map, n, NOW, 300);
	for (n = 0; n < a->brief; n++)
		sight(map, BRIEF + n, NOW, 1);
	bytes = dp_map_bytes(map, &size_b);
	CU_ASSERT_FATAL(size_b <= FILE_MAX_B);
	seq_before = dp_map_seq(map);
	/* The copies that the tests open must not meet its lock. */
	CU_ASSERT_EQUAL(dp_map_try_lock(map, F_UNLCK, unit_path, NULL), DP_OK);
}

static pid_t child_begin(const struct act *a)
{
	int status;
	pid_t pid = fork();

	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
			_exit(2);
		raise(SIGSTOP);
		a->run();
		raise(SIGSTOP);
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE_FATAL(WIFSTOPPED(status) &&
	    WSTOPSIG(status) == SIGSTOP);
	return pid;
}

/* On to its next change of the file; false when it has done all. */
static bool child_step(pid_t pid)
{
	static uint8_t before[FILE_MAX_B];
	int status;

	memcpy(before, bytes, size_b);
	while (memcmp(before, bytes, size_b) == 0) {
		CU_ASSERT_EQUAL_FATAL(
		    ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
		CU_ASSERT_TRUE_FATAL(WIFSTOPPED(status));
		if (WSTOPSIG(status) == SIGSTOP)
			return false;
		CU_ASSERT_EQUAL_FATAL(WSTOPSIG(status), SIGTRAP);
	}
	return true;
}

static void child_finish(pid_t pid)
{
	int status;

	CU_ASSERT_EQUAL(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
}

static void child_end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
}

/* Killed at each state in turn: one child, the file as it is after each. */
static unsigned kill_everywhere(const struct act *a, uint32_t least_s)
{
	unsigned states = 0;
	pid_t pid;

	map_make(a);
	pid = child_begin(a);
	while (child_step(pid)) {
		check_killed(a, least_s);
		states++;
	}
	child_end(pid);
	CU_ASSERT_TRUE(end_of(map, a->n, LATER) >= a->end_s);
	CU_ASSERT_TRUE(told_of(map, a->n) >= a->end_s);
	CU_ASSERT_EQUAL(check_slots(map), 0);
	dp_map_close(&map);
	CU_ASSERT_TRUE(states >= a->changes);
	return states;
}

/* The promise of dp_map_record and dp_map_lives, while the child sleeps. */
static void check_promise(const struct act *a, size_t k)
{
	uint64_t n = others[k].n ? others[k].n : a->n;
	struct unit_sighting u;

	CU_ASSERT_TRUE(told_of(map, n) >= LATER + others[k].lifetime_s);
	unit_sighting(&u, a->n);
	if (dp_map_lives(map, &u.name, &u.s.addr, LATER))
		CU_ASSERT_TRUE(told_of(map, a->n) > LATER);
}

/* False: the child has fewer changes than that. */
static bool meet(const struct act *a, size_t k, unsigned changes)
{
	bool more = true;
	pid_t pid;

	map_make(a);
	pid = child_begin(a);
	while (more && changes-- > 0)
		more = child_step(pid);
	if (more) {
		others[k].run(a);
		check_promise(a, k);
		check_killed(a, NOW + 300);
		child_finish(pid);
		CU_ASSERT_TRUE(end_of(map, a->n, LATER) >= a->end_s);
		CU_ASSERT_TRUE(told_of(map, a->n) >= a->end_s);
		check_promise(a, k);
		check_old(map, NOW + 300);
		CU_ASSERT_EQUAL(check_slots(map), 0);
	}
	child_end(pid);
	dp_map_close(&map);
	return more;
}

static void a_writer_may_die_after_each_store(void)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		printf("%s: %u states, ", acts[i].what,
		    kill_everywhere(&acts[i], NOW + 300));
}

static void who_cuts_lives_may_die_after_each_store(void)
{
	printf("%u states ", kill_everywhere(&cut, LATER + 100));
}

/* In the short form after every fourth, beginning elsewhere for each other. */
static void a_writer_may_sleep_after_each_store(void)
{
	unsigned step = unit_turns(1, 4);

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++)
			for (unsigned n = (unsigned)k % step;
			    meet(&acts[i], k, n); n += step)
				;
}

/* --- who was alone dies between two tries to lock ------------------------- */

static void open_it(void)
{
	map = unit_map_open(CAPACITY);
}

/* Run the child until its next fcntl(2) that failed. */
static void child_fails_to_lock(pid_t pid)
{
	struct __ptrace_syscall_info info;
	bool inside = false, failed = false;
	int status;

	while (!failed) {
		CU_ASSERT_EQUAL_FATAL(ptrace(PTRACE_SYSCALL, pid, NULL, NULL),
		    0);
		CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
		CU_ASSERT_TRUE_FATAL(WIFSTOPPED(status) &&
		    WSTOPSIG(status) == (SIGTRAP | 0x80));
		CU_ASSERT_TRUE_FATAL(ptrace(PTRACE_GET_SYSCALL_INFO, pid,
			sizeof(info), &info) > 0);
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			inside = info.entry.nr == SYS_fcntl;
		else
			failed = inside && info.exit.is_error;
	}
}

static void nobody_joins_what_nobody_prepared(void)
{
	static const struct act opening = { "open", open_it, 0, 0, 0, 0 };
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char lock[200];
	pid_t pid;
	int fd;

	map_make(&cut);
	map->index[0] = dp_map_entry(7, DP_MAP_CLAIMED); /* by the dead */
	snprintf(lock, sizeof(lock), "%s.lock", unit_path);
	fd = open(lock, O_RDWR | O_CLOEXEC);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(fcntl(fd, F_OFD_SETLK, &all), 0);
	pid = child_begin(&opening);
	CU_ASSERT_EQUAL(ptrace(PTRACE_SETOPTIONS, pid, NULL,
	    PTRACE_O_TRACESYSGOOD), 0);
	child_fails_to_lock(pid);
	all.l_type = F_UNLCK;
	CU_ASSERT_EQUAL(fcntl(fd, F_OFD_SETLK, &all), 0);
	child_finish(pid);
	CU_ASSERT_EQUAL(map->index[0], 0);
	child_end(pid);
	close(fd);
	dp_map_close(&map);
}

/* One processor: they take turns, and to wake another one costs more than a
 * step. */
static int begin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	(void)!sched_setaffinity(0, sizeof(one), &one);
	return unit_map_begin();
}

UNIT_MAIN_WITH("map_step", begin, unit_map_end,
    UNIT(a_writer_may_die_after_each_store),
    UNIT(who_cuts_lives_may_die_after_each_store),
    UNIT(nobody_joins_what_nobody_prepared),
    UNIT(a_writer_may_sleep_after_each_store))
