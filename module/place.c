#include "module/place.h"

#include <stdio.h>
#include <string.h>

/* The first that is there and not empty. */
static const char *first(const char *a, const char *b, const char *c)
{
	if (a && *a)
		return a;
	if (b && *b)
		return b;
	return c;
}

static enum dp_err take(char path[DP_PATH_MAX], const char *from,
    const char *what, struct dp_diag *diag)
{
	size_t len = strlen(from);

	if (len > 0 && from[0] != '/') {
		dp_diag_set(diag, from, 0,
		    "the %s must be an absolute path", what);
		return DP_ERR_SYNTAX;
	}
	while (len > 1 && from[len - 1] == '/')
		len--;
	if (len >= DP_PATH_MAX) {
		dp_diag_set(diag, what, 0,
		    "the path is longer than %d bytes", DP_PATH_MAX - 1);
		return DP_ERR_LIMIT;
	}
	memcpy(path, from, len);
	path[len] = '\0';
	return DP_OK;
}

enum dp_err dp_place_find(struct dp_place *out, const char *env_dir,
    const char *env_trusted, const char *const words[2], struct dp_diag *diag)
{
	struct dp_place place;
	enum dp_err err;

	err = take(place.dir, first(env_dir, words[0], DP_STATE_DIR_DEFAULT),
	    "state directory", diag);
	if (err)
		return err;
	err = take(place.trusted, first(env_trusted, words[1], ""),
	    "file of the trusted key", diag);
	if (err)
		return err;
	*out = place;
	return DP_OK;
}
