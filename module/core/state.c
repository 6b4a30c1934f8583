#include "module/core/state.h"

#include <string.h>

enum dp_err dp_state_path(char path[DP_PATH_MAX], const char *dir,
    const char *name, struct dp_diag *diag)
{
	size_t dir_b = strlen(dir), name_b = strlen(name);

	/* The root's slash is the one that stands between. */
	while (dir_b > 0 && dir[dir_b - 1] == '/')
		dir_b--;
	if (dir_b + 1 + name_b >= DP_PATH_MAX) {
		dp_diag_set(diag, dir, 0,
		    "the state directory's path is too long: with /%s it must "
		    "stay below %d bytes",
		    name, DP_PATH_MAX);
		return DP_ERR_LIMIT;
	}
	memcpy(path, dir, dir_b);
	path[dir_b] = '/';
	memcpy(path + dir_b + 1, name, name_b + 1);
	return DP_OK;
}
