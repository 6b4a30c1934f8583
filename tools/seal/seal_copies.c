#include "dp_config.h"

#include "tools/seal/seal_copies.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/seal/seal.h"

static const char begin[] = "{\"dnspin\":{\"seal\":{";

/* Where the last whole line ends; size_b where what follows it is not the begin
 * of a copy: then it is none of ours to cut. */
static off_t whole_lines(int fd, off_t size_b)
{
	static char tail[DP_SEAL_LINE_MAX];
	off_t from = size_b > (off_t)sizeof(tail) ?
	    size_b - (off_t)sizeof(tail) : 0;
	size_t n = (size_t)(size_b - from), half_b, known_b;
	const char *half;

	if (pread(fd, tail, n, from) != (ssize_t)n)
		return size_b;
	half = memrchr(tail, '\n', n);
	if (!half && from > 0)
		return size_b;
	half = half ? half + 1 : tail;
	half_b = (size_t)(tail + n - half);
	known_b = half_b < sizeof(begin) - 1 ? half_b : sizeof(begin) - 1;
	return memcmp(half, begin, known_b) == 0 ? size_b - (off_t)half_b :
						   size_b;
}

/* Half a copy would spoil the next one. What cannot be read stays. */
static void cut_half(int fd, const char *path)
{
	struct stat ours, at;
	off_t whole_b;
	int in;

	if (fstat(fd, &ours) != 0 || !S_ISREG(ours.st_mode))
		return;
	in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (in < 0)
		return;
	if (fstat(in, &at) == 0 && at.st_dev == ours.st_dev &&
	    at.st_ino == ours.st_ino) {
		whole_b = whole_lines(in, ours.st_size);
		if (whole_b < ours.st_size)
			(void)!ftruncate(fd, whole_b);
	}
	close(in);
}

enum dp_err dp_seal_copies_open(int *fd, const char *path,
    struct dp_diag *diag)
{
	bool is_stdout = strcmp(path, "-") == 0;
	int new_fd = is_stdout ? dup(STDOUT_FILENO) :
	    open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
		0644);

	if (new_fd < 0) {
		dp_diag_set(diag, path, 0, "cannot open: %s",
		    strerror(errno));
		return DP_ERR_IO;
	}
	if (!is_stdout)
		cut_half(new_fd, path);
	*fd = new_fd;
	return DP_OK;
}

bool dp_seal_copies_add(int fd, const char *line, size_t line_b)
{
	struct stat st;
	ssize_t n = write(fd, line, line_b);

	if (n < 0 || n == (ssize_t)line_b)
		return n >= 0;
	if (n > 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		(void)!ftruncate(fd, st.st_size - n);
	errno = ENOSPC;
	return false;
}
