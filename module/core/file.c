#include "dp_config.h"

#include "module/core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/core/fault.h"
#include "module/core/state.h"

#define COPY_B 32768		/* bytes at a time */
#define WRITE_B ((size_t)1 << 18)	/* at a time, at most */
#define TEMP_NAMES 100		/* left by killed processes, at most */
#define TEMP_MAX (DP_PATH_MAX + 64) /* bytes, with the NUL */

static const struct dp_file closed = { .fd = -1 };

static enum dp_err system_refused(struct dp_diag *diag, const char *path,
    const char *what)
{
	int error = errno;

	dp_diag_set(diag, path, 0, "cannot %s: %s", what, strerror(error));
	return error == ENOENT || error == ENOTDIR ? DP_ERR_NOTFOUND :
						     DP_ERR_IO;
}

static void id_of(uint64_t id[4], const struct stat *st)
{
	id[0] = (uint64_t)st->st_dev;
	id[1] = (uint64_t)st->st_ino;
	id[2] = (uint64_t)st->st_size;
	id[3] = (uint64_t)st->st_mtim.tv_sec * 1000000000u +
	    (uint64_t)st->st_mtim.tv_nsec;
}

/* O_NONBLOCK: a FIFO or a device must not hold us up before fstat tells. */
static enum dp_err open_regular(int *fd, struct stat *st, const char *path,
    int flags, struct dp_diag *diag)
{
	enum dp_err err;
	int new_fd;

	do {
		new_fd = open(path,
		    flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
	} while (new_fd < 0 && errno == EINTR);
	if (new_fd < 0) {
		if ((flags & O_NOFOLLOW) && errno == ELOOP) {
			dp_diag_set(diag, path, 0, "is a symbolic link");
			return DP_ERR_FORMAT;
		}
		return system_refused(diag, path, "open");
	}
	if (fstat(new_fd, st) != 0) {
		err = system_refused(diag, path, "stat");
		close(new_fd);
		return err;
	}
	if (!S_ISREG(st->st_mode)) {
		dp_diag_set(diag, path, 0, "is not a regular file");
		close(new_fd);
		return DP_ERR_FORMAT;
	}
	*fd = new_fd;
	return DP_OK;
}

static enum dp_err map_bytes(struct dp_file *f, int protection, int flags,
    const char *path, struct dp_diag *diag)
{
	void *bytes;

	if (f->size_b == 0)
		return DP_OK;
	bytes = mmap(NULL, f->size_b, protection, flags, f->fd, 0);
	if (bytes == MAP_FAILED)
		return system_refused(diag, path, "map");
	f->bytes = bytes;
	dp_fault_cover(bytes, f->size_b);
	return DP_OK;
}

enum dp_err dp_file_map_ro(struct dp_file *out, const char *path,
    struct dp_diag *diag)
{
	struct dp_file f = closed;
	struct stat st;
	enum dp_err err = open_regular(&f.fd, &st, path, O_RDONLY, diag);

	if (err != DP_OK)
		return err;
	id_of(f.id, &st);
	f.size_b = (size_t)st.st_size;
	err = map_bytes(&f, PROT_READ, MAP_SHARED, path, diag);
	if (err != DP_OK) {
		dp_file_close(&f);
		return err;
	}
	*out = f;
	return DP_OK;
}

/* In pieces: a system call that copies 50 MB keeps others off the processor for
 * milliseconds, real-time or not, where the kernel is not preemptible. */
static bool write_all(int fd, const uint8_t *bytes, size_t size_b)
{
	while (size_b > 0) {
		ssize_t n = write(fd, bytes,
		    size_b < WRITE_B ? size_b : WRITE_B);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		size_b -= (size_t)n;
	}
	return true;
}

static enum dp_err changes(struct dp_diag *diag, const char *path)
{
	dp_diag_set(diag, path, 0,
	    "changes while it is read: replace it in one step");
	return DP_ERR_BUSY;
}

enum dp_err dp_file_copy_begin(struct dp_file_copy *out, const char *path,
    size_t max_b, struct dp_diag *diag)
{
	struct dp_file_copy c = { .file = closed, .from = -1, .path = path };
	struct dp_file *f = &c.file;
	struct stat st;
	enum dp_err err = open_regular(&c.from, &st, path, O_RDONLY, diag);

	if (err != DP_OK)
		return err;
	id_of(f->id, &st);
	f->size_b = (size_t)st.st_size;
	if (f->size_b > max_b) {
		dp_diag_set(diag, path, 0, "is larger than %zu bytes", max_b);
		err = DP_ERR_LIMIT;
		goto out;
	}
	f->fd = memfd_create("dnspin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (f->fd < 0)
		err = system_refused(diag, path, "make a copy in memory");
	else if (ftruncate(f->fd, st.st_size) != 0)
		err = system_refused(diag, path, "make room for a copy");
	else /* Private: till Linux 6.7 a sealed memfd refuses a shared one. */
		err = map_bytes(f, PROT_READ, MAP_PRIVATE, path, diag);
out:
	if (err == DP_OK)
		*out = c;
	else
		dp_file_copy_drop(&c);
	return err;
}

bool dp_file_copy_more(struct dp_file_copy *c, enum dp_err *err,
    struct dp_diag *diag)
{
	uint8_t buffer[COPY_B];
	size_t left_b = c->file.size_b - c->copied_b;
	ssize_t n;

	do {
		n = read(c->from, buffer,
		    left_b < sizeof(buffer) ? left_b : sizeof(buffer));
	} while (n < 0 && errno == EINTR);
	*err = DP_OK;
	if (n < 0)
		*err = system_refused(diag, c->path, "read");
	else if (n > 0 && !write_all(c->file.fd, buffer, (size_t)n))
		*err = system_refused(diag, c->path, "copy");
	else if (n > 0)
		c->copied_b += (size_t)n;
	return n > 0 && *err == DP_OK;
}

enum dp_err dp_file_copy_end(struct dp_file_copy *c, struct dp_file *out,
    struct dp_diag *diag)
{
	struct dp_file *f = &c->file;
	uint64_t id_after[4];
	struct stat after;

	if (fstat(c->from, &after) != 0)
		return system_refused(diag, c->path, "stat");
	id_of(id_after, &after);
	if (memcmp(f->id, id_after, sizeof(id_after)) != 0 ||
	    c->copied_b != f->size_b)
		return changes(diag, c->path);
	if (fcntl(f->fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
		return system_refused(diag, c->path, "seal its copy");
	*out = *f;
	c->file = closed;
	dp_file_copy_drop(c);
	return DP_OK;
}

void dp_file_copy_drop(struct dp_file_copy *c)
{
	dp_file_close(&c->file);
	if (c->from >= 0)
		close(c->from);
	c->from = -1;
}

enum dp_err dp_file_snapshot(struct dp_file *out, const char *path,
    size_t max_b, struct dp_diag *diag)
{
	enum dp_err err = DP_ERR_BUSY;

	for (int i = 0; err == DP_ERR_BUSY && i < DP_FILE_TRIES; i++) {
		struct dp_file_copy c;

		err = dp_file_copy_begin(&c, path, max_b, diag);
		if (err != DP_OK)
			return err;
		while (dp_file_copy_more(&c, &err, diag))
			;
		if (err == DP_OK)
			err = dp_file_copy_end(&c, out, diag);
		dp_file_copy_drop(&c);
	}
	return err;
}

/*
 * fallocate and not posix_fallocate: where the file system cannot allocate, the
 * C library would write zeros into a file that others may be writing to.
 */
static enum dp_err allocate(int fd, size_t size_b, bool empty,
    const char *path, struct dp_diag *diag)
{
	static const uint8_t zeros[COPY_B];
	int failed;

	do {
		failed = fallocate(fd, 0, 0, (off_t)size_b);
	} while (failed && errno == EINTR);
	if (!failed)
		return DP_OK;
	if (errno != EOPNOTSUPP)
		return system_refused(diag, path, "allocate");
	if (!empty)
		return ftruncate(fd, (off_t)size_b) == 0 ?
		    DP_OK :
		    system_refused(diag, path, "grow");
	for (size_t done_b = 0; done_b < size_b;) {
		size_t n = size_b - done_b;

		n = n < sizeof(zeros) ? n : sizeof(zeros);
		if (!write_all(fd, zeros, n))
			return system_refused(diag, path, "allocate");
		done_b += n;
	}
	return DP_OK;
}

enum dp_err dp_file_map_rw(struct dp_file *out, const char *path,
    size_t size_b, bool *created, struct dp_diag *diag)
{
	struct dp_file f = closed;
	struct stat st;
	enum dp_err err = open_regular(&f.fd, &st, path,
	    O_RDWR | O_NOFOLLOW | (size_b > 0 ? O_CREAT : 0), diag);

	if (err != DP_OK)
		return err;
	f.size_b = (size_t)st.st_size > size_b ? (size_t)st.st_size : size_b;
	if (f.size_b > 0)
		err = allocate(f.fd, f.size_b, st.st_size == 0, path, diag);
	if (err == DP_OK)
		err = map_bytes(&f, PROT_READ | PROT_WRITE, MAP_SHARED, path,
		    diag);
	if (err != DP_OK) {
		if (st.st_size == 0)
			(void)ftruncate(f.fd, 0); /* give the blocks back */
		dp_file_close(&f);
		return err;
	}
	*created = st.st_size == 0;
	if (fstat(f.fd, &st) == 0)
		id_of(f.id, &st);
	*out = f;
	return DP_OK;
}

void dp_file_page_by_page(const struct dp_file *f)
{
	if (f->bytes)
		(void)madvise(f->bytes, f->size_b, MADV_RANDOM);
}

/* madvise: since Linux 5.14. */
void dp_file_populate(const struct dp_file *f, size_t off_b, size_t size_b)
{
	size_t page_b = (size_t)sysconf(_SC_PAGESIZE);
	size_t begin_b = off_b / page_b * page_b;

	if (!f->bytes || off_b >= f->size_b)
		return;
	if (size_b > f->size_b - off_b)
		size_b = f->size_b - off_b;
	size_b += off_b - begin_b;
	(void)posix_fadvise(f->fd, (off_t)begin_b, (off_t)size_b,
	    POSIX_FADV_WILLNEED);
	(void)madvise(f->bytes + begin_b, size_b, MADV_POPULATE_WRITE);
}

bool dp_file_is_at(const struct dp_file *f, const char *path)
{
	uint64_t id[4];
	enum dp_err err = dp_file_identify(id, path);

	if (err != DP_OK)
		return err != DP_ERR_NOTFOUND;
	return id[0] == f->id[0] && id[1] == f->id[1] && id[2] >= f->size_b &&
	    !dp_fault_is_cut(f->bytes);
}

enum dp_err dp_file_identify(uint64_t id[4], const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR ? DP_ERR_NOTFOUND :
							     DP_ERR_IO;
	id_of(id, &st);
	return DP_OK;
}

void dp_file_close(struct dp_file *f)
{
	dp_fault_uncover(f->bytes);
	if (f->bytes)
		munmap(f->bytes, f->size_b);
	if (f->fd >= 0)
		close(f->fd);
	*f = closed;
}

static enum dp_err open_folder(int *fd, const char *path,
    struct dp_diag *diag)
{
	const char *slash = strrchr(path, '/');
	char folder[DP_PATH_MAX] = ".";
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (strlen(path) >= DP_PATH_MAX) {
		dp_diag_set(diag, path, 0, "path is too long");
		return DP_ERR_LIMIT;
	}
	if (slash) {
		len = len > 0 ? len : 1; /* "/" itself */
		memcpy(folder, path, len);
		folder[len] = '\0';
	}
	*fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd >= 0 ? DP_OK : system_refused(diag, folder, "open");
}

/*
 * A new file beside path, under a name that no living process of this machine
 * uses; one that a killed process left is passed over, not reused, since its
 * owner may live in another PID namespace.
 */
static enum dp_err open_beside(int *fd, char temp[TEMP_MAX], const char *path,
    struct dp_diag *diag)
{
	static _Atomic unsigned next;

	for (int i = 0; i < TEMP_NAMES; i++) {
		snprintf(temp, TEMP_MAX, "%s.new.%ld.%u", path,
		    (long)getpid(),
		    atomic_fetch_add_explicit(&next, 1, memory_order_relaxed));
		*fd = open(temp,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
		if (*fd >= 0)
			return DP_OK;
		if (errno != EEXIST && errno != EINTR)
			break;
	}
	return system_refused(diag, path, "make a new file beside it");
}

static enum dp_err fill_and_rename(int fd, const char *temp, const char *path,
    const void *bytes, size_t size_b, unsigned mode, struct dp_diag *diag)
{
	if (!write_all(fd, bytes, size_b))
		return system_refused(diag, path, "write");
	if (fchmod(fd, (mode_t)mode) != 0)
		return system_refused(diag, path, "set the mode");
	if (fsync(fd) != 0)
		return system_refused(diag, path, "sync");
	if (rename(temp, path) != 0)
		return system_refused(diag, path, "replace");
	return DP_OK;
}

enum dp_err dp_file_replace(const char *path, const void *bytes, size_t size_b,
    unsigned mode, struct dp_diag *diag)
{
	char temp[TEMP_MAX];
	int folder, fd;
	enum dp_err err = open_folder(&folder, path, diag);

	if (err != DP_OK)
		return err;
	err = open_beside(&fd, temp, path, diag);
	if (err != DP_OK)
		goto out;
	err = fill_and_rename(fd, temp, path, bytes, size_b, mode, diag);
	if (err != DP_OK)
		unlink(temp);
	close(fd);
	/* EINVAL: a file system that does not sync folders. */
	if (err == DP_OK && fsync(folder) != 0 && errno != EINVAL)
		err = system_refused(diag, path, "sync the folder of");
out:
	close(folder);
	return err;
}
