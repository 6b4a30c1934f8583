/*
 * A test on a disk that gets full: a tmpfs in a mount namespace of a child.
 */
#ifndef DP_SMALL_DISK_H
#define DP_SMALL_DISK_H

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/unit/unit.h"

/* The test itself, in the child, where CUnit counts nothing: fine? */
typedef bool small_disk_test(void);

/* size: as mount(8) takes it, "64k". */
static inline void small_disk_run(small_disk_test *test, const char *folder,
    const char *size)
{
	enum { FINE, WRONG, NOT_PERMITTED };
	char option[32];
	int status;
	pid_t pid;

	snprintf(option, sizeof(option), "size=%s", size);
	fflush(stdout);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) != 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		    mount("tmpfs", folder, "tmpfs", 0, option) != 0)
			_exit(NOT_PERMITTED);
		_exit(test() ? FINE : WRONG);
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE_FATAL(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_PERMITTED)
		printf("SKIPPED: a mount namespace is not permitted here ");
	else
		CU_ASSERT_EQUAL(WEXITSTATUS(status), FINE);
}

#endif
