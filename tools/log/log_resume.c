#include "dp_config.h"

#include "tools/log/log_resume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/core/state.h"
#include "tools/log/log_json.h"
#include "tools/log/log_read.h"

#define FIRST_B 65536u /* of the end are read first, then twice as much */

/* --- lines ---------------------------------------------------------------- */

static bool number_of(uint64_t *out, const json_t *object, const char *key)
{
	const json_t *n = json_object_get(object, key);

	if (!json_is_integer(n) || json_integer_value(n) < 0)
		return false;
	*out = (uint64_t)json_integer_value(n);
	return true;
}

static bool id_of(uint64_t *out, const json_t *object)
{
	const char *text = json_string_value(json_object_get(object, "id"));
	char *end;

	if (!text || strlen(text) != 16 ||
	    strspn(text, "0123456789abcdef") != 16)
		return false;
	*out = strtoull(text, &end, 16);
	return true;
}

static void take_positions(struct dp_log_positions *p, const json_t *array)
{
	size_t i;
	json_t *at;

	*p = (struct dp_log_positions){ .count = 0 };
	json_array_foreach(array, i, at) {
		uint64_t ring, id, number;

		if (!number_of(&ring, at, "ring") || !id_of(&id, at) ||
		    !number_of(&number, at, "number") ||
		    ring >= DP_LOG_RINGS_MAX)
			continue;
		p->ring[ring] = (struct dp_log_position){ true, id, number };
		if (p->count <= ring)
			p->count = ring + 1;
	}
}

/* Lines that are none of ours say nothing. */
static void take_line(struct dp_log_positions *p, const char *text, size_t n)
{
	struct dp_log_line line;
	json_t *json = dp_log_read_line(&line, text, n);

	if (line.kind == DP_LOG_STATE)
		take_positions(p, json_object_get(
		    json_object_get(json, "dnspin"), "positions"));
	else if (line.placed && line.ring < DP_LOG_RINGS_MAX &&
	    p->ring[line.ring].known)
		p->ring[line.ring].number = line.number;
	json_decref(json);
}

static void take_lines(struct dp_log_positions *p, const char *from,
    const char *end)
{
	while (from < end) {
		const char *stop = memchr(from, '\n', (size_t)(end - from));

		if (!stop)
			break;
		take_line(p, from, (size_t)(stop - from));
		from = stop + 1;
	}
}

/* --- a file --------------------------------------------------------------- */

/* The begin of the last line of positions; NULL: there is none. `whole`: a line
 * begins at text. */
static const char *last_positions(const char *text, size_t size_b, bool whole)
{
	static const char begin[] = DP_LOG_POSITIONS_BEGIN;
	size_t begin_b = sizeof(begin) - 1;

	for (size_t at = size_b; at-- > 0;) {
		bool is_line = at == 0 ? whole : text[at - 1] == '\n';

		if (is_line && size_b - at >= begin_b &&
		    memcmp(text + at, begin, begin_b) == 0)
			return text + at;
	}
	return NULL;
}

static enum dp_err read_end(char *text, size_t size_b, uint64_t at, int fd,
    const char *name, struct dp_diag *diag)
{
	size_t done_b = 0;

	while (done_b < size_b) {
		ssize_t n = pread(fd, text + done_b, size_b - done_b,
		    (off_t)(at + done_b));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			dp_diag_set(diag, name, 0, "cannot read: %s",
			    n < 0 ? strerror(errno) : "it became shorter");
			return DP_ERR_IO;
		}
		done_b += (size_t)n;
	}
	return DP_OK;
}

/* Look at the last size_b octets of a file of file_b. */
static enum dp_err look_at_end(struct dp_log_positions *positions, bool *found,
    uint64_t *whole_b, uint64_t file_b, size_t size_b, int fd,
    const char *name, struct dp_diag *diag)
{
	char *text = malloc(size_b);
	const char *from, *end;
	enum dp_err err;

	if (!text) {
		dp_diag_set(diag, name, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	err = read_end(text, size_b, file_b - size_b, fd, name, diag);
	if (err != DP_OK)
		goto out;
	end = memrchr(text, '\n', size_b);
	end = end ? end + 1 : text;
	*whole_b = file_b - size_b + (uint64_t)(end - text);
	from = last_positions(text, (size_t)(end - text), file_b == size_b);
	*found = from != NULL;
	if (from)
		take_lines(positions, from, end);
out:
	free(text);
	return err;
}

enum dp_err dp_log_resume_read(struct dp_log_positions *positions, bool *found,
    uint64_t *whole_b, int fd, const char *name, struct dp_diag *diag)
{
	uint64_t size_b = FIRST_B, file_b;
	enum dp_err err = DP_OK;
	struct stat st;

	if (fstat(fd, &st) != 0) {
		dp_diag_set(diag, name, 0, "cannot read: %s", strerror(errno));
		return DP_ERR_IO;
	}
	file_b = (uint64_t)st.st_size;
	*found = false;
	*whole_b = 0;
	while (err == DP_OK && !*found && file_b > 0) {
		if (size_b > file_b)
			size_b = file_b;
		err = look_at_end(positions, found, whole_b, file_b,
		    (size_t)size_b, fd, name, diag);
		if (size_b == file_b || size_b >= DP_LOG_RESUME_MAX_B)
			break;
		size_b *= 2;
	}
	return err;
}

/* --- files that were turned ----------------------------------------------- */

/* Is it called as base with more behind, and younger? Then it is in best. */
static void consider(char best[DP_PATH_MAX], struct timespec *time,
    const char *folder, const char *base, const char *name)
{
	size_t base_b = strlen(base);
	char path[DP_PATH_MAX];
	struct stat st;

	if (strncmp(name, base, base_b) != 0 ||
	    (name[base_b] != '.' && name[base_b] != '-') ||
	    snprintf(path, sizeof(path), "%s/%s", folder, name) >=
		(int)sizeof(path) ||
	    lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	if (best[0] && (st.st_mtim.tv_sec < time->tv_sec ||
		(st.st_mtim.tv_sec == time->tv_sec &&
		    st.st_mtim.tv_nsec <= time->tv_nsec)))
		return;
	strcpy(best, path);
	*time = st.st_mtim;
}

void dp_log_resume_youngest(char best[DP_PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');
	struct timespec time = { .tv_sec = 0 };
	char folder[DP_PATH_MAX] = ".";
	struct dirent *entry;
	DIR *dir;

	best[0] = '\0';
	if (slash && (size_t)(slash - path) < sizeof(folder))
		snprintf(folder, sizeof(folder), "%.*s",
		    slash == path ? 1 : (int)(slash - path), path);
	dir = opendir(folder);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		consider(best, &time, folder, slash ? slash + 1 : path,
		    entry->d_name);
	closedir(dir);
}

enum dp_err dp_log_resume_turned(struct dp_log_positions *positions,
    bool *found, const char *path, struct dp_diag *diag)
{
	char best[DP_PATH_MAX];
	uint64_t whole_b;
	enum dp_err err;
	int fd;

	*found = false;
	dp_log_resume_youngest(best, path);
	if (!best[0])
		return DP_OK;
	fd = open(best, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0) {
		dp_diag_set(diag, best, 0, "cannot open: %s", strerror(errno));
		return DP_ERR_IO;
	}
	err = dp_log_resume_read(positions, found, &whole_b, fd, best, diag);
	close(fd);
	return err;
}
