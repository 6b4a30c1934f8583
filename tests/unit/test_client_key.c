#include "dp_config.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/client_key.h"

static char dir[64];
static char path[128];
static const uint8_t first[DP_CLIENT_KEY_B] = { 1, 1 };
static const uint8_t second[DP_CLIENT_KEY_B] = { 2, 2 };

static int set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/dnspin-client-key.XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/key", dir);
	return 0;
}

static int tear_down(void)
{
	(void)unlink(path);
	return rmdir(dir);
}

static bool gets(uint64_t day, const uint8_t *fresh, const uint8_t *wanted)
{
	uint8_t key[DP_CLIENT_KEY_B];
	struct dp_diag diag;

	return dp_client_key_get(key, path, day, fresh, &diag) == DP_OK &&
	    memcmp(key, wanted, sizeof(key)) == 0;
}

static void a_key_is_for_one_day(void)
{
	uint8_t bytes[2 * sizeof(struct dp_client_key_d)];
	struct stat st;
	FILE *f;

	CU_ASSERT_TRUE(gets(20000, first, first));
	CU_ASSERT_TRUE(gets(20000, second, first)); /* after a restart */
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	CU_ASSERT_TRUE(gets(20001, second, second));
	CU_ASSERT_TRUE(gets(20001, first, second));
	CU_ASSERT_PTR_NOT_NULL_FATAL(f = fopen(path, "rb"));
	CU_ASSERT_EQUAL(fread(bytes, 1, sizeof(bytes), f),
	    sizeof(struct dp_client_key_d));
	fclose(f);
	for (size_t i = 0; i + 1 < sizeof(struct dp_client_key_d); i++)
		CU_ASSERT_FALSE(bytes[i] == 1 && bytes[i + 1] == 1);
}

static void what_is_no_key_is_replaced(void)
{
	static const char *const rubbish[] = { "", "DNSPINCK",
		"another file that is longer than a key is" };

	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		CU_ASSERT_TRUE_FATAL(unit_write(path, rubbish[i],
		    strlen(rubbish[i])));
		CU_ASSERT_EQUAL_FATAL(chmod(path, 0644), 0);
		CU_ASSERT_TRUE(gets(1, first, first));
		CU_ASSERT_TRUE(gets(1, second, first));
	}
}

static void no_key_where_it_cannot_be_kept(void)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	uint8_t key[DP_CLIENT_KEY_B];
	struct dp_diag diag;
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	CU_ASSERT_EQUAL_FATAL(fcntl(fd, F_OFD_SETLK, &all), 0);
	CU_ASSERT_EQUAL(dp_client_key_get(key, path, 1, first, &diag),
	    DP_ERR_BUSY);
	close(fd);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(symlink("/dev/null", path), 0);
	CU_ASSERT_EQUAL(dp_client_key_get(key, path, 1, first, &diag),
	    DP_ERR_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "cannot open"));
	CU_ASSERT_EQUAL(unlink(path), 0);
}

UNIT_MAIN_WITH("client_key", set_up, tear_down, UNIT(a_key_is_for_one_day),
    UNIT(what_is_no_key_is_replaced), UNIT(no_key_where_it_cannot_be_kept))
