#include "dp_config.h"

#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module/core/fault.h"

#define PAGES 8u

static size_t page_b;

/* A file of ones, mapped; *fd to cut it. */
static volatile uint8_t *ones(int *fd)
{
	FILE *f = tmpfile();
	void *bytes;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (size_t i = 0; i < PAGES * page_b; i++)
		fputc(1, f);
	CU_ASSERT_EQUAL_FATAL(fflush(f), 0);
	*fd = fileno(f);
	bytes = mmap(NULL, PAGES * page_b, PROT_READ | PROT_WRITE, MAP_SHARED,
	    *fd, 0);
	CU_ASSERT_FATAL(bytes != MAP_FAILED);
	return bytes;
}

static void forget(volatile uint8_t *bytes)
{
	dp_fault_uncover((const void *)bytes);
	munmap((void *)bytes, PAGES * page_b);
	dp_fault_forget();
}

static void what_was_cut_off_is_memory(void)
{
	static const struct {
		unsigned left;	   /* pages of the file */
		unsigned first;	   /* page that is touched first */
	} cases[] = { { 4, 4 }, { 4, 7 }, { 0, 3 }, { 1, 1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		volatile uint8_t *bytes, *first;
		int fd;

		bytes = ones(&fd);
		first = bytes + cases[i].first * page_b;
		dp_fault_cover((const void *)bytes, PAGES * page_b);
		CU_ASSERT_EQUAL_FATAL(ftruncate(fd,
		    (off_t)(cases[i].left * page_b)), 0);
		CU_ASSERT_FALSE(dp_fault_seen());
		CU_ASSERT_FALSE(dp_fault_is_cut((const void *)bytes));
		CU_ASSERT_EQUAL(first[5], 0);
		CU_ASSERT_TRUE(dp_fault_seen());
		CU_ASSERT_TRUE(dp_fault_is_cut((const void *)bytes));
		first[5] = 9;
		for (unsigned p = 0; p < PAGES; p++)
			CU_ASSERT_EQUAL(bytes[p * page_b + 7],
			    p < cases[i].left);
		CU_ASSERT_EQUAL(first[5], 9);
		forget(bytes);
		CU_ASSERT_FALSE(dp_fault_seen());
		CU_ASSERT_FALSE(dp_fault_is_cut((const void *)bytes));
	}
}

static void of_many_files_it_is_known_which(void)
{
	volatile uint8_t *bytes[3];
	int fd[3];

	for (int i = 0; i < 3; i++) {
		bytes[i] = ones(&fd[i]);
		dp_fault_cover((const void *)bytes[i], PAGES * page_b);
	}
	CU_ASSERT_EQUAL_FATAL(ftruncate(fd[1], 0), 0);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(bytes[i][0], i != 1);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(dp_fault_is_cut((const void *)bytes[i]),
		    i == 1);
	for (int i = 0; i < 3; i++)
		forget(bytes[i]);
}

/* More than fit are not covered, and nothing is lost by that. */
static void the_table_has_an_end(void)
{
	static uint8_t one[600];

	for (size_t i = 0; i < sizeof(one); i++)
		dp_fault_cover(&one[i], 1);
	for (size_t i = 0; i < sizeof(one); i++)
		dp_fault_uncover(&one[i]);
	dp_fault_cover(NULL, 0);
	dp_fault_uncover(NULL);
	CU_ASSERT_FALSE(dp_fault_is_cut(NULL));
	what_was_cut_off_is_memory();
}

/* Threads of servers block what they can. Each has octets of its own. */
static void *touch(void *arg)
{
	volatile uint8_t *bytes = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	dp_fault_unblock();
	for (unsigned p = 0; p < PAGES; p++)
		bytes[p * page_b] = 7;
	return NULL;
}

static void threads_that_fault_at_once_go_on(void)
{
	pthread_t thread[4];
	volatile uint8_t *bytes;
	int fd;

	bytes = ones(&fd);
	dp_fault_cover((const void *)bytes, PAGES * page_b);
	CU_ASSERT_EQUAL_FATAL(ftruncate(fd, 0), 0);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, touch,
		    (void *)(bytes + i)), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	for (unsigned p = 0; p < PAGES; p++)
		for (unsigned i = 0; i < 4; i++)
			CU_ASSERT_EQUAL(bytes[p * page_b + i], 7);
	forget(bytes);
}

/* A fault of our own must not become a loop, nor zeros. */
static void elsewhere_it_ends_the_process(void)
{
	volatile uint8_t *bytes;
	int fd, status;
	pid_t pid;

	bytes = ones(&fd);
	dp_fault_cover((const void *)bytes, page_b);
	CU_ASSERT_EQUAL_FATAL(ftruncate(fd, 0), 0);
	fflush(NULL);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0)
		_exit(bytes[page_b]);
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGBUS
					   : WEXITSTATUS(status) != 0);
	forget(bytes);
}

static void (*caught(void))(int)
{
	struct sigaction now;

	CU_ASSERT_EQUAL_FATAL(sigaction(SIGBUS, NULL, &now), 0);
	return now.sa_handler;
}

static void nothing(int number)
{
	(void)number;
}

static void who_caught_it_before_does_again(void)
{
	struct sigaction other = { .sa_handler = nothing }, before;

	dp_fault_release();
	CU_ASSERT_EQUAL_FATAL(sigaction(SIGBUS, &other, &before), 0);
	dp_fault_catch();
	dp_fault_catch();
	CU_ASSERT_PTR_NOT_EQUAL(caught(), nothing);
	dp_fault_release();
	CU_ASSERT_PTR_NOT_EQUAL(caught(), nothing);
	dp_fault_release();
	CU_ASSERT_PTR_EQUAL(caught(), nothing);
	dp_fault_catch();
	CU_ASSERT_EQUAL_FATAL(sigaction(SIGBUS, &other, NULL), 0);
	dp_fault_release(); /* not ours any more */
	CU_ASSERT_PTR_EQUAL(caught(), nothing);
	CU_ASSERT_EQUAL_FATAL(sigaction(SIGBUS, &before, NULL), 0);
	dp_fault_catch();
}

static int set_up(void)
{
	page_b = (size_t)sysconf(_SC_PAGESIZE);
	dp_fault_catch();
	return 0;
}

UNIT_MAIN_WITH("fault", set_up, NULL,
    UNIT(what_was_cut_off_is_memory),
    UNIT(of_many_files_it_is_known_which),
    UNIT(the_table_has_an_end),
    UNIT(threads_that_fault_at_once_go_on),
    UNIT(elsewhere_it_ends_the_process),
    UNIT(who_caught_it_before_does_again))
