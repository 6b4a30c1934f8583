#include "dp_config.h"

#include "tools/sync/sync_guard.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/core/state.h"

static enum dp_err fail(struct dp_diag *diag, const char *object,
    const char *what)
{
	dp_diag_set(diag, object, 0, "%s: %s", what, strerror(errno));
	return DP_ERR_IO;
}

/* The folder sync is there, or is made. */
static enum dp_err folder_make(const char *folder, struct dp_diag *diag)
{
	if (mkdir(folder, 0755) == 0 || errno == EEXIST)
		return DP_OK;
	if (errno == ENOENT) {
		dp_diag_set(diag, folder, 0, "there is no state directory to "
		    "make it in: run dnspin compile first, or name the "
		    "directory with dnspin -d DIR or DNSPIN_DIR");
		return DP_ERR_NOTFOUND;
	}
	dp_diag_set(diag, folder, 0, "cannot be made: %s: make it and give it "
	    "to the agent's user, or start the agent as root with -u USER",
	    strerror(errno));
	return DP_ERR_IO;
}

/* The files in the folder that were made by an agent of another user. Links
 * are not followed: the folder is that user's by now. */
static enum dp_err folder_give(const char *folder, const struct passwd *to,
    struct dp_diag *diag)
{
	static const char *const names[] = { DP_STATE_ACK, DP_STATE_SYNC_LOCK };
	int dir = open(folder, O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC);
	enum dp_err err = DP_OK;

	if (dir < 0 || fchown(dir, to->pw_uid, to->pw_gid))
		err = fail(diag, folder, "cannot be given to the agent's user");
	for (size_t i = 0; !err && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *name = strrchr(names[i], '/') + 1;

		if (fchownat(dir, name, to->pw_uid, to->pw_gid,
			AT_SYMLINK_NOFOLLOW) && errno != ENOENT)
			err = fail(diag, folder, name);
	}
	if (dir >= 0)
		close(dir);
	return err;
}

static enum dp_err capabilities_drop(uid_t uid, gid_t gid,
    struct dp_diag *diag)
{
	int failed;

	capng_get_caps_process();
	if (!capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN)) {
		dp_diag_set(diag, "sync", 0, "CAP_NET_ADMIN is needed: start "
		    "it as root, or as a service that has it");
		return DP_ERR_IO;
	}
	if (geteuid() == 0 && uid != 0) {
		capng_clear(CAPNG_SELECT_ALL);
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
		    CAP_NET_ADMIN);
		failed = capng_change_id((int)uid, (int)gid,
		    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
	} else {
		bool bounds = capng_have_capability(CAPNG_EFFECTIVE,
		    CAP_SETPCAP);

		capng_clear(CAPNG_SELECT_ALL);
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
		    CAP_NET_ADMIN);
		failed = capng_apply(bounds ? CAPNG_SELECT_ALL
					    : CAPNG_SELECT_CAPS);
	}
	if (failed || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		dp_diag_set(diag, "sync", 0,
		    "cannot drop privileges (libcap-ng: %d)", failed);
		return DP_ERR_IO;
	}
	return DP_OK;
}

enum dp_err dp_guard_become(const char *folder, const char *user,
    struct dp_diag *diag)
{
	const struct passwd *pw = NULL;
	struct stat st;
	enum dp_err err;

	if (user) {
		pw = getpwnam(user);
		if (!pw || (geteuid() != 0 && pw->pw_uid != geteuid())) {
			dp_diag_set(diag, user, 0, pw ? "only root can become "
			    "another user" : "there is no such user");
			return DP_ERR_NOTFOUND;
		}
	}
	err = folder_make(folder, diag);
	if (err)
		return err;
	if (pw && geteuid() == 0) {
		err = folder_give(folder, pw, diag);
		if (err)
			return err;
	}
	if (lstat(folder, &st) || !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return fail(diag, folder, "is no folder");
	}
	return capabilities_drop(st.st_uid, pw ? pw->pw_gid : st.st_gid, diag);
}

enum dp_err dp_guard_lock(const char *path, struct dp_diag *diag)
{
	int fd = open(path, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0) {
		dp_diag_set(diag, path, 0, "cannot be opened: %s%s",
		    strerror(errno), errno == EACCES ? ": the folder and what "
		    "is in it must belong to the agent's user, as dnspin sync "
		    "-u USER makes it when root starts it" : "");
		return DP_ERR_IO;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return DP_OK; /* held until the process ends */
	close(fd);
	dp_diag_set(diag, path, 0, "another dnspin sync runs already");
	return DP_ERR_BUSY;
}

/* libc's own needs among them, for other versions and machines, too. */
static const int calls[] = {
	SCMP_SYS(bind), SCMP_SYS(brk), SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64), SCMP_SYS(clock_nanosleep), SCMP_SYS(close),
	SCMP_SYS(dup), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(fadvise64), SCMP_SYS(fallocate), SCMP_SYS(fchmod),
	SCMP_SYS(fcntl), SCMP_SYS(fcntl64), SCMP_SYS(fdatasync),
	SCMP_SYS(flock), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(fsync),
	SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64), SCMP_SYS(futex),
	SCMP_SYS(getdents64), SCMP_SYS(getegid), SCMP_SYS(geteuid),
	SCMP_SYS(getgid), SCMP_SYS(getpid), SCMP_SYS(getrandom),
	SCMP_SYS(getsockname), SCMP_SYS(gettid), SCMP_SYS(getuid),
	SCMP_SYS(inotify_add_watch), SCMP_SYS(inotify_init1),
	SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(lstat), SCMP_SYS(madvise),
	SCMP_SYS(memfd_create), SCMP_SYS(mmap), SCMP_SYS(mmap2),
	SCMP_SYS(mprotect), SCMP_SYS(mremap), SCMP_SYS(munmap),
	SCMP_SYS(newfstatat), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(read),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_yield), SCMP_SYS(sendfile),
	SCMP_SYS(sendmsg), SCMP_SYS(sendto), SCMP_SYS(setitimer),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sigreturn), SCMP_SYS(stat), SCMP_SYS(stat64),
	SCMP_SYS(statx), SCMP_SYS(sysinfo), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
	SCMP_SYS(write), SCMP_SYS(writev),
};

static int calls_allow(scmp_filter_ctx filter)
{
	static const unsigned families[] = { AF_NETLINK, AF_UNIX };
	int failed = 0;

	for (size_t i = 0; !failed && i < sizeof(calls) / sizeof(calls[0]); i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	for (size_t i = 0; !failed && i < 2; i++) {
		const struct scmp_arg_cmp first = { .arg = 0,
			.op = SCMP_CMP_EQ, .datum_a = families[i] };

		failed = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(socket), 1, &first);
	}
	return failed;
}

enum dp_err dp_guard_calls(bool *done, struct dp_diag *diag)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int failed = filter ? calls_allow(filter) : -ENOMEM;

	*done = false;
	if (!failed && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0) {
		failed = seccomp_load(filter);
		*done = !failed;
	}
	if (filter)
		seccomp_release(filter);
	/* Kernels without it say EINVAL to PR_GET_SECCOMP, those with half of
	 * it EINVAL to the filter. */
	if (failed && failed != -EINVAL && failed != -ENOSYS) {
		dp_diag_set(diag, "seccomp", 0, "%s", strerror(-failed));
		return DP_ERR_IO;
	}
	return DP_OK;
}
