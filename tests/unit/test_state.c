#include "tests/unit/unit.h"

#include <string.h>

#include "module/core/state.h"

static void paths_are_joined(void)
{
	static const struct {
		const char *dir;
		const char *name;
		const char *path;
	} cases[] = {
		{ "/var/lib/x", DP_STATE_POLICY, "/var/lib/x/policy" },
		{ "/var/lib/x/", DP_STATE_MAP, "/var/lib/x/unbound/map" },
		{ "/", DP_STATE_STATUS, "/unbound/status" },
		{ "here", DP_STATE_UNBOUND, "here/unbound" },
	};
	char path[DP_PATH_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(dp_state_path(path, cases[i].dir,
				    cases[i].name, NULL),
		    DP_OK);
		CU_ASSERT_STRING_EQUAL(path, cases[i].path);
	}
}

static void long_paths_are_refused(void)
{
	char dir[DP_PATH_MAX], path[DP_PATH_MAX] = "untouched";
	struct dp_diag diag;

	memset(dir, 'd', sizeof(dir));
	dir[DP_PATH_MAX - sizeof("/policy")] = '\0';
	CU_ASSERT_EQUAL(dp_state_path(path, dir, "policy2", &diag),
	    DP_ERR_LIMIT);
	CU_ASSERT_STRING_EQUAL(path, "untouched");
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "too long"));
	CU_ASSERT_EQUAL(dp_state_path(path, dir, "policy", &diag), DP_OK);
	CU_ASSERT_EQUAL(strlen(path), DP_PATH_MAX - 1);
}

UNIT_MAIN("state", UNIT(paths_are_joined), UNIT(long_paths_are_refused))
