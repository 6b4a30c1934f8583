#include "dp_config.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/sync/sync_guard.h"

static char folder[64], lock[80];
static struct dp_diag diag;

/* Exit status of a process that does this: what it gave up is gone for good. */
static int in_a_process(int (*what)(void))
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0)
		_exit(what());
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* The value of a line of /proc/self/status. */
static unsigned long status_of(const char *name, int base)
{
	FILE *in = fopen("/proc/self/status", "r");
	unsigned long value = 999999;
	char line[200];

	while (in && fgets(line, sizeof(line), in))
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtoul(line + strlen(name) + 1, NULL, base);
	if (in)
		fclose(in);
	return value;
}

static int drop_to(const char *user, uid_t uid)
{
	struct stat st;

	if (dp_guard_become(folder, user, &diag))
		return 1;
	if (geteuid() != uid || stat(folder, &st) || st.st_uid != uid)
		return 2;
	if (status_of("CapPrm:", 16) != 0x1000 ||
	    status_of("CapEff:", 16) != 0x1000 ||
	    status_of("CapInh:", 16) != 0 || status_of("CapAmb:", 16) != 0 ||
	    status_of("CapBnd:", 16) != 0)
		return 3;
	if (status_of("NoNewPrivs:", 10) != 1)
		return 4;
	return 0;
}

static int drop_to_nobody(void)
{
	return drop_to("nobody", getpwnam("nobody")->pw_uid);
}

static int drop_to_the_owner(void)
{
	return drop_to(NULL, getpwnam("nobody")->pw_uid);
}

static int drop_nothing_but_capabilities(void)
{
	return drop_to(NULL, 0);
}

static int drop_to_a_stranger(void)
{
	if (dp_guard_become(folder, "no-such-user", &diag) == DP_OK)
		return 1;
	return strstr(diag.reason, "no such user") ? 0 : 2;
}

static int nobody_cannot(void)
{
	if (setuid(getpwnam("nobody")->pw_uid))
		return 1;
	if (dp_guard_become(folder, NULL, &diag) == DP_OK)
		return 2;
	return strstr(diag.reason, "CAP_NET_ADMIN") ? 0 : 3;
}

/* Where the folder cannot be made the message says what to do. */
static int drop_where(const char *path, const char *wanted)
{
	if (dp_guard_become(path, NULL, &diag) == DP_OK)
		return 1;
	return strstr(diag.reason, wanted) ? 0 : 2;
}

static int drop_without_a_state_directory(void)
{
	return drop_where("/nonexistent/dnspin/sync", "run dnspin compile");
}

static int drop_where_no_folder_can_be(void)
{
	return drop_where("/proc/version/sync", "cannot be made: ");
}

static int lock_of_another(void)
{
	(void)mkdir(folder, 0755);
	if (chown(folder, 0, 0) || setuid(getpwnam("nobody")->pw_uid))
		return 1;
	if (dp_guard_lock(lock, &diag) == DP_OK)
		return 2;
	return strstr(diag.reason, "must belong to the agent's user") ? 0 : 3;
}

static void what_cannot_be_made_is_told(void)
{
	CU_ASSERT_EQUAL(in_a_process(drop_without_a_state_directory), 0);
	CU_ASSERT_EQUAL(in_a_process(drop_where_no_folder_can_be), 0);
	if (geteuid() != 0)
		printf("skipped: only root can become another user ");
	else
		CU_ASSERT_EQUAL(in_a_process(lock_of_another), 0);
}

static void all_but_one_capability_goes(void)
{
	if (geteuid() != 0) {
		printf("skipped: only root has anything to give up ");
		return;
	}
	CU_ASSERT_EQUAL(in_a_process(drop_nothing_but_capabilities), 0);
	CU_ASSERT_EQUAL(in_a_process(drop_to_nobody), 0);
	CU_ASSERT_EQUAL(in_a_process(drop_to_the_owner), 0);
	CU_ASSERT_EQUAL(in_a_process(drop_to_a_stranger), 0);
	CU_ASSERT_EQUAL(in_a_process(nobody_cannot), 0);
}

static int take_the_lock(void)
{
	return dp_guard_lock(lock, &diag) == DP_OK ? 0
	    : strstr(diag.reason, "runs already") ? 1 : 2;
}

static void there_is_one_agent(void)
{
	(void)mkdir(folder, 0755);
	CU_ASSERT_EQUAL(in_a_process(take_the_lock), 0);
	CU_ASSERT_EQUAL(in_a_process(take_the_lock), 0); /* the first is gone */
	CU_ASSERT_EQUAL(dp_guard_lock(lock, &diag), DP_OK);
	CU_ASSERT_EQUAL(in_a_process(take_the_lock), 1);
}

static int call_what_is_not_allowed(void)
{
	bool done;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (dp_guard_calls(&done, &diag))
		return 1;
	if (!done)
		return 77;
	if (fork() != -1 || errno != EPERM)
		return 2;
	if (socket(AF_INET, SOCK_DGRAM, 0) != -1 || errno != EPERM)
		return 3;
	if (execl("/bin/true", "true", (char *)NULL) != -1 || errno != EPERM)
		return 4;
	return socket(AF_NETLINK, SOCK_RAW, 0) < 0 ? 5 : 0;
}

static void calls_are_limited(void)
{
	int code;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	printf("skipped: sanitizers make calls of their own ");
	return;
#endif
	code = in_a_process(call_what_is_not_allowed);
	if (code == 77)
		printf("skipped: no seccomp filters in this kernel ");
	else
		CU_ASSERT_EQUAL(code, 0);
}

static int set_up(void)
{
	snprintf(folder, sizeof(folder), "/tmp/dnspin-guard.%d", (int)getpid());
	snprintf(lock, sizeof(lock), "%s/lock", folder);
	return 0;
}

static int tear_down(void)
{
	unlink(lock);
	return rmdir(folder);
}

UNIT_MAIN_WITH("sync_guard", set_up, tear_down,
    UNIT(all_but_one_capability_goes), UNIT(what_cannot_be_made_is_told),
    UNIT(there_is_one_agent),
    UNIT(calls_are_limited))
