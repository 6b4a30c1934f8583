#include "dp_config.h"

#include "tools/log/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "module/core/state.h"

#define TURNED_MAX (DP_PATH_MAX + 32)
#define AHEAD_S 60u /* so far may the names of turned files be */

struct dp_log_file {
	const char *path;
	struct dp_log_turns turns;
	int fd;
	uint64_t size_b;
	uint64_t begun_s;
};

static enum dp_err refused(struct dp_diag *diag, const char *path,
    const char *what)
{
	dp_diag_set(diag, path, 0, "cannot %s: %s", what, strerror(errno));
	return DP_ERR_IO;
}

/* --- opening -------------------------------------------------------------- */

static uint64_t begin_of(int fd)
{
	struct statx s;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_MTIME, &s) != 0)
		return 0;
	return (uint64_t)(s.stx_mask & STATX_BTIME ? s.stx_btime.tv_sec :
						     s.stx_mtime.tv_sec);
}

/* O_NONBLOCK: it may be a FIFO. */
static enum dp_err open_at(int *fd, const char *path, uint64_t *size_b,
    struct dp_diag *diag)
{
	struct stat st;
	int opened = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0640);

	if (opened < 0 && errno == ELOOP) {
		dp_diag_set(diag, path, 0, "is a symbolic link: name the file "
		    "that it leads to");
		return DP_ERR_FORMAT;
	}
	if (opened < 0)
		return refused(diag, path, "open");
	if (fstat(opened, &st) != 0 || !S_ISREG(st.st_mode)) {
		dp_diag_set(diag, path, 0, "is no regular file");
		close(opened);
		return DP_ERR_FORMAT;
	}
	if (flock(opened, LOCK_EX | LOCK_NB) != 0) {
		dp_diag_set(diag, path, 0, "another dnspin log writes to it");
		close(opened);
		return DP_ERR_BUSY;
	}
	*fd = opened;
	*size_b = (uint64_t)st.st_size;
	return DP_OK;
}

enum dp_err dp_log_file_open(struct dp_log_file **out, const char *path,
    const struct dp_log_turns *turns, struct dp_diag *diag)
{
	struct dp_log_file *f = calloc(1, sizeof(*f));
	enum dp_err err;

	if (!f) {
		dp_diag_set(diag, path, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	if (strlen(path) >= DP_PATH_MAX) {
		free(f);
		dp_diag_set(diag, path, 0, "path is too long");
		return DP_ERR_LIMIT;
	}
	f->path = path;
	f->turns = *turns;
	f->fd = -1;
	err = dp_log_file_reopen(f, diag);
	if (err != DP_OK) {
		dp_log_file_close(&f);
		return err;
	}
	*out = f;
	return DP_OK;
}

void dp_log_file_close(struct dp_log_file **f)
{
	if (!*f)
		return;
	if ((*f)->fd >= 0)
		close((*f)->fd);
	free(*f);
	*f = NULL;
}

int dp_log_file_fd(const struct dp_log_file *f)
{
	return f->fd;
}

uint64_t dp_log_file_size_b(const struct dp_log_file *f)
{
	return f->size_b;
}

bool dp_log_file_is_new(const struct dp_log_file *f)
{
	return f->size_b == 0;
}

bool dp_log_file_is_there(const struct dp_log_file *f)
{
	struct stat at, ours;

	return fstat(f->fd, &ours) == 0 && stat(f->path, &at) == 0 &&
	    at.st_dev == ours.st_dev && at.st_ino == ours.st_ino;
}

enum dp_err dp_log_file_reopen(struct dp_log_file *f, struct dp_diag *diag)
{
	uint64_t size_b;
	enum dp_err err;
	int fd;

	if (f->fd >= 0 && dp_log_file_is_there(f))
		return DP_OK;
	err = open_at(&fd, f->path, &size_b, diag);
	if (err != DP_OK)
		return err;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = fd;
	f->size_b = size_b;
	f->begun_s = begin_of(fd);
	return DP_OK;
}

enum dp_err dp_log_file_measure(struct dp_log_file *f, struct dp_diag *diag)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0)
		return refused(diag, f->path, "measure");
	f->size_b = (uint64_t)st.st_size;
	return DP_OK;
}

enum dp_err dp_log_file_sync(struct dp_log_file *f, struct dp_diag *diag)
{
	return fdatasync(f->fd) == 0 ? DP_OK : refused(diag, f->path, "sync");
}

/* --- writing -------------------------------------------------------------- */

enum dp_err dp_log_file_cut(struct dp_log_file *f, uint64_t size_b,
    struct dp_diag *diag)
{
	if (ftruncate(f->fd, (off_t)size_b) != 0)
		return refused(diag, f->path, "cut off");
	f->size_b = size_b;
	return DP_OK;
}

static bool write_all(int fd, const struct dp_log_batch *b)
{
	size_t done_b = 0;

	while (done_b < b->size_b) {
		ssize_t n = write(fd, b->bytes + done_b, b->size_b - done_b);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? ENOSPC : errno;
			return false;
		}
		done_b += (size_t)n;
	}
	return true;
}

/* A file system that is full takes a part: that is taken back, so that the file
 * always ends with a whole line. */
enum dp_err dp_log_file_write(struct dp_log_file *f,
    const struct dp_log_batch *head, const struct dp_log_batch *body,
    struct dp_diag *diag)
{
	struct stat st;

	if (write_all(f->fd, head) && write_all(f->fd, body)) {
		f->size_b += head->size_b + body->size_b;
		return DP_OK;
	}
	(void)refused(diag, f->path, "write");
	if (fstat(f->fd, &st) == 0 && (uint64_t)st.st_size > f->size_b &&
	    ftruncate(f->fd, (off_t)f->size_b) != 0)
		return refused(diag, f->path, "take half a line back");
	return DP_ERR_IO;
}

/* --- turning -------------------------------------------------------------- */

/* What the file is called that is turned then. */
static bool turned_name(char name[TURNED_MAX], const struct dp_log_file *f,
    uint64_t at_s)
{
	time_t t = (time_t)at_s;
	char when[32];
	struct tm tm;

	if (!gmtime_r(&t, &tm) ||
	    strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm) == 0)
		return false;
	snprintf(name, TURNED_MAX, "%s.%s", f->path, when);
	return true;
}

/* Turned more often than once a second, names run ahead of the clock. Where
 * they are a minute ahead, the file grows until there is one again. */
static bool is_named_ahead(const struct dp_log_file *f, uint64_t now_s)
{
	char name[TURNED_MAX];

	return turned_name(name, f, now_s + AHEAD_S - 1) &&
	    faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool dp_log_file_is_due(const struct dp_log_file *f, uint64_t now_s)
{
	bool due;

	if (f->size_b == 0)
		return false;
	due = (f->turns.size_b > 0 && f->size_b >= f->turns.size_b) ||
	    (f->turns.every_s > 0 &&
		now_s / f->turns.every_s > f->begun_s / f->turns.every_s);
	return due && !is_named_ahead(f, now_s);
}

/* Two turns in a second: the later one gets the next second's name. */
static enum dp_err move_away(const struct dp_log_file *f, uint64_t now_s,
    struct dp_diag *diag)
{
	char name[TURNED_MAX];

	for (unsigned i = 0; i < AHEAD_S; i++) {
		if (!turned_name(name, f, now_s + i))
			break;
		if (renameat2(AT_FDCWD, f->path, AT_FDCWD, name,
			RENAME_NOREPLACE) == 0)
			return DP_OK;
		/* EINVAL: a file system that cannot do that. */
		if (errno == EINVAL && access(name, F_OK) != 0 &&
		    rename(f->path, name) == 0)
			return DP_OK;
		if (errno != EEXIST)
			break;
	}
	return refused(diag, f->path, "rename");
}

enum dp_err dp_log_file_move(const struct dp_log_file *f, uint64_t now_s,
    struct dp_diag *diag)
{
	return dp_log_file_is_there(f) ? move_away(f, now_s, diag) : DP_OK;
}

enum dp_err dp_log_file_turn(struct dp_log_file *f, uint64_t now_s,
    struct dp_diag *diag)
{
	enum dp_err err = dp_log_file_move(f, now_s, diag);

	return err == DP_OK ? dp_log_file_reopen(f, diag) : err;
}
