#include "dp_config.h"

#include "tests/unit/unit.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/sync_fault.h"

#define PAGES 8u

static size_t page_b;

/* A file of ones, mapped; *fd to cut it. */
static const volatile uint8_t *ones(int *fd)
{
	FILE *f = tmpfile();
	void *bytes;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (size_t i = 0; i < PAGES * page_b; i++)
		fputc(1, f);
	CU_ASSERT_EQUAL_FATAL(fflush(f), 0);
	*fd = fileno(f);
	bytes = mmap(NULL, PAGES * page_b, PROT_READ, MAP_SHARED, *fd, 0);
	CU_ASSERT_FATAL(bytes != MAP_FAILED);
	return bytes;
}

static void what_was_cut_off_reads_as_zeros(void)
{
	static const struct {
		unsigned left;	   /* pages of the file */
		unsigned first;	   /* page that is read first */
	} cases[] = { { 4, 4 }, { 4, 7 }, { 0, 3 }, { 1, 1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const volatile uint8_t *bytes;
		int fd;

		bytes = ones(&fd);
		dp_fault_cover((const void *)bytes, PAGES * page_b);
		CU_ASSERT_FALSE(dp_fault_seen());
		CU_ASSERT_EQUAL_FATAL(ftruncate(fd,
		    (off_t)(cases[i].left * page_b)), 0);
		CU_ASSERT_EQUAL(bytes[cases[i].first * page_b + 5], 0);
		CU_ASSERT_TRUE(dp_fault_seen());
		for (unsigned p = 0; p < PAGES; p++)
			CU_ASSERT_EQUAL(bytes[p * page_b + 7],
			    p < cases[i].left);
		munmap((void *)(uintptr_t)bytes, PAGES * page_b);
		dp_fault_cover(NULL, 0);
		CU_ASSERT_FALSE(dp_fault_seen());
	}
}

static void anywhere_while_a_file_is_opened(void)
{
	const volatile uint8_t *bytes;
	int fd;

	dp_fault_cover(NULL, SIZE_MAX);
	bytes = ones(&fd);
	CU_ASSERT_EQUAL_FATAL(ftruncate(fd, 0), 0);
	for (unsigned p = 0; p < PAGES; p++)
		CU_ASSERT_EQUAL(bytes[p * page_b], 0);
	CU_ASSERT_TRUE(dp_fault_seen());
	dp_fault_cover(NULL, 0);
}

/* A fault of our own must not become a loop, nor zeros. */
static void elsewhere_it_ends_the_process(void)
{
	const volatile uint8_t *bytes;
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
	dp_fault_cover(NULL, 0);
}

static int set_up(void)
{
	page_b = (size_t)sysconf(_SC_PAGESIZE);
	dp_fault_catch();
	return 0;
}

UNIT_MAIN_WITH("sync_fault", set_up, NULL,
    UNIT(what_was_cut_off_reads_as_zeros),
    UNIT(anywhere_while_a_file_is_opened), UNIT(elsewhere_it_ends_the_process))
