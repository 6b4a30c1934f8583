#include "dp_config.h"

#include "tests/unit/small_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <dirent.h>
#include <unistd.h>

#include "module/core/file.h"

static char dir[64];
static char path[128];
static struct dp_diag diag;

static int folder_make(void)
{
	snprintf(dir, sizeof(dir), "%s", "/tmp/dnspin-file.XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int entries_in_folder(void)
{
	DIR *d = opendir(dir);
	int n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

static int folder_remove(void)
{
	unlink(path);
	return rmdir(dir);
}

static void put(const char *text)
{
	CU_ASSERT_TRUE_FATAL(unit_write(path, text, strlen(text)));
}

static void a_file_is_mapped_for_reading(void)
{
	struct dp_file f;
	uint64_t id[4];

	put("hello");
	CU_ASSERT_EQUAL_FATAL(dp_file_map_ro(&f, path, &diag), DP_OK);
	CU_ASSERT_EQUAL(f.size_b, 5);
	CU_ASSERT_EQUAL(memcmp(f.bytes, "hello", 5), 0);
	CU_ASSERT_EQUAL_FATAL(dp_file_identify(id, path), DP_OK);
	CU_ASSERT_EQUAL(memcmp(id, f.id, sizeof(id)), 0);
	CU_ASSERT_EQUAL(id[2], 5);
	dp_file_close(&f);
	CU_ASSERT_EQUAL(f.fd, -1);
	CU_ASSERT_PTR_NULL(f.bytes);
	dp_file_close(&f);
}

static void an_empty_file_has_no_bytes(void)
{
	struct dp_file f;

	put("");
	CU_ASSERT_EQUAL_FATAL(dp_file_map_ro(&f, path, &diag), DP_OK);
	CU_ASSERT_EQUAL(f.size_b, 0);
	CU_ASSERT_PTR_NULL(f.bytes);
	dp_file_close(&f);
	CU_ASSERT_EQUAL_FATAL(dp_file_snapshot(&f, path, 10, &diag), DP_OK);
	CU_ASSERT_EQUAL(f.size_b, 0);
	dp_file_close(&f);
}

static void check_refusal(enum dp_err want, const char *reason)
{
	struct dp_file f = { .fd = -7 };
	bool created;

	CU_ASSERT_EQUAL(dp_file_map_ro(&f, path, &diag), want);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, reason));
	CU_ASSERT_STRING_EQUAL(diag.object, path);
	CU_ASSERT_EQUAL(dp_file_snapshot(&f, path, 10, &diag), want);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, reason));
	if (want == DP_ERR_FORMAT)
		CU_ASSERT_EQUAL(dp_file_map_rw(&f, path, 10, &created, &diag),
		    want);
	CU_ASSERT_EQUAL(f.fd, -7); /* untouched */
}

static void what_is_no_file_is_refused(void)
{
	unlink(path);
	check_refusal(DP_ERR_NOTFOUND, "No such file");
	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	check_refusal(DP_ERR_FORMAT, "not a regular file"); /* does not hang */
	unlink(path);
	CU_ASSERT_EQUAL_FATAL(symlink("/dev/null", path), 0);
	check_refusal(DP_ERR_FORMAT, "");
	unlink(path);
	put("x");
	strcat(path, "/below");
	check_refusal(DP_ERR_NOTFOUND, "Not a directory");
	path[strlen(path) - strlen("/below")] = '\0';
}

static void a_link_is_followed_for_reading_only(void)
{
	char other[140];
	struct dp_file f;
	bool created;

	snprintf(other, sizeof(other), "%s.link", path);
	put("hello");
	CU_ASSERT_EQUAL_FATAL(symlink(path, other), 0);
	CU_ASSERT_EQUAL_FATAL(dp_file_map_ro(&f, other, &diag), DP_OK);
	dp_file_close(&f);
	CU_ASSERT_EQUAL(dp_file_map_rw(&f, other, 64, &created, &diag),
	    DP_ERR_FORMAT);
	CU_ASSERT_STRING_EQUAL(diag.reason, "is a symbolic link");
	unlink(other);
}

static void a_snapshot_stays_what_it_was(void)
{
	struct dp_file f;
	int fd;

	put("hello");
	CU_ASSERT_EQUAL_FATAL(dp_file_snapshot(&f, path, 5, &diag), DP_OK);
	fd = open(path, O_WRONLY | O_TRUNC);
	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	CU_ASSERT_EQUAL(f.size_b, 5);
	CU_ASSERT_EQUAL(memcmp(f.bytes, "hello", 5), 0);
	CU_ASSERT_EQUAL(f.id[2], 5);
	CU_ASSERT_EQUAL(write(f.fd, "x", 1), -1);
	CU_ASSERT_EQUAL(ftruncate(f.fd, 0), -1);
	CU_ASSERT_EQUAL(ftruncate(f.fd, 4096), -1);
	CU_ASSERT_EQUAL(mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_SHARED, f.fd,
			    0),
	    MAP_FAILED);
	CU_ASSERT_TRUE(fcntl(f.fd, F_GETFD) & FD_CLOEXEC);
	dp_file_close(&f);
	put("hello!");
	CU_ASSERT_EQUAL(dp_file_snapshot(&f, path, 5, &diag), DP_ERR_LIMIT);
	CU_ASSERT_STRING_EQUAL(diag.reason, "is larger than 5 bytes");
	/* A terabyte without blocks: nothing of it may be copied. */
	CU_ASSERT_EQUAL_FATAL(truncate(path, (off_t)1 << 40), 0);
	CU_ASSERT_EQUAL(dp_file_snapshot(&f, path, SIZE_MAX >> 25, &diag),
	    DP_ERR_LIMIT);
}

static void a_large_snapshot_is_whole(void)
{
	enum { SIZE_B = 3 * 1000 * 1000 + 17 };
	uint8_t *bytes = malloc(SIZE_B);
	struct dp_file f;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (size_t i = 0; i < SIZE_B; i++)
		bytes[i] = (uint8_t)(i * 31 >> 3);
	CU_ASSERT_EQUAL_FATAL(
	    dp_file_replace(path, bytes, SIZE_B, 0640, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_file_snapshot(&f, path, SIZE_B, &diag), DP_OK);
	CU_ASSERT_EQUAL(f.size_b, SIZE_B);
	CU_ASSERT_EQUAL(memcmp(f.bytes, bytes, SIZE_B), 0);
	dp_file_close(&f);
	free(bytes);
}

static void a_shared_file_grows_and_keeps_its_bytes(void)
{
	struct dp_file a, b;
	struct stat st;
	bool created = false;

	unlink(path);
	CU_ASSERT_EQUAL(dp_file_map_rw(&a, path, 0, &created, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_EQUAL(entries_in_folder(), 0);
	CU_ASSERT_EQUAL_FATAL(dp_file_map_rw(&a, path, 4096, &created, &diag),
	    DP_OK);
	CU_ASSERT_TRUE(created);
	CU_ASSERT_EQUAL(a.size_b, 4096);
	a.bytes[4095] = 7;
	CU_ASSERT_EQUAL_FATAL(dp_file_map_rw(&b, path, 8192, &created, &diag),
	    DP_OK);
	CU_ASSERT_FALSE(created);
	CU_ASSERT_EQUAL(b.size_b, 8192);
	CU_ASSERT_EQUAL(b.bytes[4095], 7);
	CU_ASSERT_EQUAL(b.bytes[8191], 0);
	a.bytes[0] = 9;
	CU_ASSERT_EQUAL(b.bytes[0], 9);
	dp_file_close(&b);
	/* A file that is longer is mapped whole. */
	CU_ASSERT_EQUAL_FATAL(dp_file_map_rw(&b, path, 100, &created, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL(b.size_b, 8192);
	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT_TRUE(st.st_blocks * 512 >= 8192); /* not sparse */
	CU_ASSERT_EQUAL(st.st_mode & 0777 & ~0644u, 0);
	dp_file_close(&a);
	dp_file_close(&b);
}

/* Advice changes nothing but when memory comes. */
static void a_populated_file_is_as_it_was(void)
{
	static const size_t cases[][2] = { { 0, 0 }, { 0, 1 }, { 0, 1 << 20 },
		{ 5000, 10000 }, { 5000, SIZE_MAX }, { 99999, 1 },
		{ 100000, 1 }, { SIZE_MAX, SIZE_MAX } };
	struct dp_file f = { .fd = -1 };
	bool created;

	dp_file_page_by_page(&f);
	dp_file_populate(&f, 0, 4096);
	unlink(path);
	CU_ASSERT_EQUAL_FATAL(dp_file_map_rw(&f, path, 100000, &created, NULL),
	    DP_OK);
	f.bytes[7777] = 7;
	dp_file_page_by_page(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		dp_file_populate(&f, cases[i][0], cases[i][1]);
	for (size_t i = 0; i < 100000; i++)
		CU_ASSERT_EQUAL_FATAL(f.bytes[i], i == 7777 ? 7 : 0);
	dp_file_close(&f);
	unlink(path);
}

static void replacing_leaves_one_file(void)
{
	struct dp_file old, new;
	struct stat st;

	put("old");
	CU_ASSERT_EQUAL_FATAL(dp_file_map_ro(&old, path, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, "newer", 5, 0604, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_file_map_ro(&new, path, &diag), DP_OK);
	CU_ASSERT_EQUAL(memcmp(old.bytes, "old", 3), 0);
	CU_ASSERT_EQUAL(new.size_b, 5);
	CU_ASSERT_EQUAL(memcmp(new.bytes, "newer", 5), 0);
	CU_ASSERT_NOT_EQUAL(old.id[1], new.id[1]);
	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0604); /* whatever the umask */
	CU_ASSERT_EQUAL(entries_in_folder(), 1);
	dp_file_close(&old);
	dp_file_close(&new);
}

static void replacing_fails_without_a_trace(void)
{
	char long_path[2000];

	unlink(path);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
	CU_ASSERT_EQUAL(dp_file_replace(path, "x", 1, 0644, &diag), DP_ERR_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "cannot replace"));
	CU_ASSERT_EQUAL(entries_in_folder(), 1);
	CU_ASSERT_EQUAL_FATAL(rmdir(path), 0);
	CU_ASSERT_EQUAL(
	    dp_file_replace("/nowhere/at/all", "x", 1, 0644, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_STRING_EQUAL(diag.object, "/nowhere/at");
	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	CU_ASSERT_EQUAL(dp_file_replace(long_path, "x", 1, 0644, &diag),
	    DP_ERR_LIMIT);
}

static void a_stale_new_file_is_passed_over(void)
{
	char stale[200];

	/* As a killed process with our number might have left them. */
	for (unsigned i = 0; i < 50; i++) {
		FILE *f;

		snprintf(stale, sizeof(stale), "%s.new.%ld.%u", path,
		    (long)getpid(), i);
		f = fopen(stale, "w");
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		fclose(f);
	}
	CU_ASSERT_EQUAL(dp_file_replace(path, "x", 1, 0644, &diag), DP_OK);
	CU_ASSERT_EQUAL(entries_in_folder(), 51);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(stale, sizeof(stale), "%s.new.%ld.%u", path,
		    (long)getpid(), i);
		CU_ASSERT_EQUAL(unlink(stale), 0);
	}
}

static bool on_a_full_disk(void)
{
	uint8_t bytes[100 * 1024] = { 0 };
	struct dp_file f;
	struct stat st;
	bool created;

	if (dp_file_map_rw(&f, path, sizeof(bytes), &created, &diag) !=
		DP_ERR_IO ||
	    !strstr(diag.reason, "No space left"))
		return false;
	if (stat(path, &st) != 0 || st.st_blocks != 0)
		return false; /* what it took was not given back */
	put("old");
	if (dp_file_replace(path, bytes, sizeof(bytes), 0644, &diag) !=
		DP_ERR_IO ||
	    !strstr(diag.reason, "No space left"))
		return false;
	return stat(path, &st) == 0 && st.st_size == 3 &&
	    entries_in_folder() == 1;
}

static void a_full_disk_is_an_error_and_no_signal(void)
{
	small_disk_run(on_a_full_disk, dir, "64k");
}

UNIT_MAIN_WITH("file", folder_make, folder_remove,
    UNIT(a_file_is_mapped_for_reading), UNIT(an_empty_file_has_no_bytes),
    UNIT(what_is_no_file_is_refused),
    UNIT(a_link_is_followed_for_reading_only),
    UNIT(a_snapshot_stays_what_it_was), UNIT(a_large_snapshot_is_whole),
    UNIT(a_shared_file_grows_and_keeps_its_bytes),
    UNIT(a_populated_file_is_as_it_was),
    UNIT(replacing_leaves_one_file), UNIT(replacing_fails_without_a_trace),
    UNIT(a_stale_new_file_is_passed_over),
    UNIT(a_full_disk_is_an_error_and_no_signal))
