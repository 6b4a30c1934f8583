#include "dp_config.h"

#include "tests/unit/folder_of.h"

#include "tools/enable/map_folder.h"

static void users_are_found(void)
{
	uid_t uid = 77;
	gid_t gid = 77;
	struct dp_diag diag;

	CU_ASSERT_EQUAL(dp_map_folder_user("", &uid, &gid, NULL), DP_OK);
	CU_ASSERT_EQUAL(uid, geteuid());
	CU_ASSERT_EQUAL(dp_map_folder_user("root", &uid, &gid, NULL), DP_OK);
	CU_ASSERT_EQUAL(uid, 0);
	CU_ASSERT_EQUAL(dp_map_folder_user("no such", &uid, &gid, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "no such user"));
}

/* Whom it can be given to: root may choose. */
static uid_t somebody(void)
{
	return geteuid() == 0 ? 65534 : geteuid();
}

static enum dp_err make(bool only_look, bool *made, struct dp_diag *diag)
{
	return dp_map_folder_make(folder_at, somebody(),
	    geteuid() == 0 ? 65534 : getegid(), only_look, made, diag);
}

static void it_is_made_once(void)
{
	struct dp_diag diag;
	struct stat st;
	bool made = false;

	CU_ASSERT_EQUAL(dp_map_folder_make(folder_path("none"), 0, 0, true,
	    &made, &diag), DP_OK);
	CU_ASSERT_TRUE(made);
	CU_ASSERT_EQUAL(dp_map_folder_make(folder_path("none"), 0, 0, false,
	    &made, &diag), DP_ERR_IO);
	made = false;
	CU_ASSERT_EQUAL(dp_map_folder_make(folder_path("/"), somebody(), 0,
	    true, &made, &diag), DP_OK);
	CU_ASSERT_TRUE(made);
	made = false;
	CU_ASSERT_EQUAL(make(true, &made, &diag), DP_OK);
	CU_ASSERT_TRUE(made);
	CU_ASSERT_NOT_EQUAL(stat(folder_path("unbound"), &st), 0);
	CU_ASSERT_EQUAL(make(false, &made, &diag), DP_OK);
	CU_ASSERT_TRUE(made);
	CU_ASSERT_EQUAL_FATAL(stat(folder_path("unbound"), &st), 0);
	CU_ASSERT_EQUAL(st.st_uid, somebody());
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0755);
	CU_ASSERT_EQUAL(make(false, &made, &diag), DP_OK);
	CU_ASSERT_FALSE(made);
	rmdir(folder_path("unbound"));
}

static void what_is_anothers_is_left_alone(void)
{
	struct dp_diag diag;
	bool made = true;

	CU_ASSERT_EQUAL_FATAL(mkdir(folder_path("unbound"), 0755), 0);
	CU_ASSERT_EQUAL(dp_map_folder_make(folder_at, geteuid() + 1, 0, false,
	    &made, &diag), DP_ERR_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "chown"));
	rmdir(folder_path("unbound"));
	CU_ASSERT_EQUAL_FATAL(symlink("/tmp", folder_path("unbound")), 0);
	CU_ASSERT_EQUAL(dp_map_folder_make(folder_at, geteuid(), 0, false,
	    &made, &diag), DP_ERR_FORMAT);
	unlink(folder_path("unbound"));
	CU_ASSERT_EQUAL_FATAL(symlink("/tmp", folder_path("link")), 0);
	CU_ASSERT_EQUAL(dp_map_folder_make(folder_path("link"), geteuid(), 0,
	    false, &made, &diag), DP_ERR_IO);
	CU_ASSERT_EQUAL(dp_map_folder_make(folder_path("link//"), geteuid(), 0,
	    true, &made, &diag), DP_ERR_IO);
	unlink(folder_path("link"));
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL_FATAL(chown(folder_at, 65534, 65534), 0);
		CU_ASSERT_EQUAL(make(false, &made, &diag), DP_ERR_FORMAT);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "somebody else"));
		CU_ASSERT_EQUAL_FATAL(chown(folder_at, 0, 0), 0);
	}
	CU_ASSERT_TRUE(made);
}

/* enable -n is for everybody who may read the configuration. */
static void who_only_looks_need_not_be_root(void)
{
	struct dp_diag diag;
	bool made = false;

	if (geteuid() != 0)
		return;
	CU_ASSERT_EQUAL_FATAL(chmod(folder_at, 0755), 0);
	CU_ASSERT_EQUAL_FATAL(seteuid(65534), 0);
	CU_ASSERT_EQUAL(dp_map_folder_make(folder_at, 65534, 65534, true,
	    &made, &diag), DP_OK);
	CU_ASSERT_TRUE(made);
	CU_ASSERT_EQUAL(dp_map_folder_make(folder_at, 65534, 65534, false,
	    &made, &diag), DP_ERR_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "chown it to root"));
	CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
}

UNIT_MAIN_WITH("map_folder", folder_make, folder_remove,
    UNIT(users_are_found), UNIT(it_is_made_once),
    UNIT(what_is_anothers_is_left_alone),
    UNIT(who_only_looks_need_not_be_root))
