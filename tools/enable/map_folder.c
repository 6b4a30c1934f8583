#include "dp_config.h"

#include "tools/enable/map_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/core/state.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

enum dp_err dp_map_folder_user(const char *user, uid_t *uid, gid_t *gid,
    struct dp_diag *diag)
{
	struct passwd *who;

	if (!user[0]) {
		*uid = geteuid();
		*gid = getegid();
		return DP_OK;
	}
	who = getpwnam(user);
	if (!who) {
		dp_diag_set(diag, user, 0, "there is no such user, and the "
		    "server is to run as it (username)");
		return DP_ERR_NOTFOUND;
	}
	*uid = who->pw_uid;
	*gid = who->pw_gid;
	return DP_OK;
}

static enum dp_err refused(struct dp_diag *diag, const char *path,
    const char *what)
{
	dp_diag_set(diag, path, 0, "%s: %s", what, strerror(errno));
	return DP_ERR_IO;
}

/* A folder of somebody else's could be exchanged under our hands: what is made
 * for Unbound's user would be made elsewhere. Who only looks may find it to be
 * root's. */
static enum dp_err open_state(int *fd, const char *dir, bool only_look,
    struct dp_diag *diag)
{
	struct stat st;

	*fd = open(dir, FOLDER);
	if (*fd < 0)
		return refused(diag, dir, "open the state directory");
	if (fstat(*fd, &st) != 0) {
		close(*fd);
		return refused(diag, dir, "look at the state directory");
	}
	if (st.st_uid == geteuid() || (only_look && st.st_uid == 0))
		return DP_OK;
	close(*fd);
	dp_diag_set(diag, dir, 0, "the state directory belongs to somebody "
	    "else (user %u): chown it to root", (unsigned)st.st_uid);
	return DP_ERR_FORMAT;
}

/* Nobody else gets to it before it is the user's: the mode comes last. */
static enum dp_err give(int state, uid_t uid, gid_t gid, const char *path,
    struct dp_diag *diag)
{
	int fd = openat(state, DP_STATE_UNBOUND, FOLDER);
	enum dp_err err = DP_OK;

	if (fd < 0 || fchown(fd, uid, gid) != 0 || fchmod(fd, 0755) != 0) {
		err = refused(diag, path, "give the folder to the server's user");
		unlinkat(state, DP_STATE_UNBOUND, AT_REMOVEDIR);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

static enum dp_err whose(const struct stat *st, uid_t uid, const char *path,
    struct dp_diag *diag)
{
	if (S_ISDIR(st->st_mode) && st->st_uid == uid)
		return DP_OK;
	dp_diag_set(diag, path, 0, "is no folder of the user whom the server "
	    "runs as (user %u): chown it", (unsigned)uid);
	return DP_ERR_FORMAT;
}

/* The folder that path is in, with no slash behind it: a link would be
 * followed. */
static void folder_of(char dir[DP_PATH_MAX], const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path);

	len = len > 0 ? len : 1; /* "/" itself */
	memcpy(dir, path, len);
	dir[len] = '\0';
}

enum dp_err dp_map_folder_make(const char *dir, uid_t uid, gid_t gid,
    bool only_look, bool *made, struct dp_diag *diag)
{
	char path[DP_PATH_MAX], bare[DP_PATH_MAX];
	struct stat st;
	int state;
	enum dp_err err = dp_state_path(path, dir, DP_STATE_UNBOUND, diag);

	if (err)
		return err;
	folder_of(bare, path);
	/* Compile would make it, but not what a link would lead to. */
	if (only_look && lstat(bare, &st) != 0) {
		*made = true;
		return DP_OK;
	}
	err = open_state(&state, bare, only_look, diag);
	if (err)
		return err;
	if (fstatat(state, DP_STATE_UNBOUND, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		err = whose(&st, uid, path, diag);
		*made = err ? *made : false;
	} else if (errno != ENOENT) {
		err = refused(diag, path, "look at it");
	} else if (only_look) {
		*made = true;
	} else if (mkdirat(state, DP_STATE_UNBOUND, 0700) != 0) {
		err = refused(diag, path, "make it");
	} else {
		err = give(state, uid, gid, path, diag);
		*made = err ? *made : true;
	}
	close(state);
	return err;
}
