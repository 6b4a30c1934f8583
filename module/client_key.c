#include "dp_config.h"

#include "module/client_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(struct dp_client_key_d) == 32, "layout");

static enum dp_err fail(const char *path, const char *what,
    struct dp_diag *diag)
{
	dp_diag_set(diag, path, 0, "%s: %s", what, strerror(errno));
	return DP_ERR_IO;
}

/* For as long as the file is open. */
static enum dp_err lock(int fd, const char *path, struct dp_diag *diag)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &all) == 0)
		return DP_OK;
	if (errno != EAGAIN && errno != EACCES)
		return fail(path, "cannot lock", diag);
	dp_diag_set(diag, path, 0, "another resolver is making the key");
	return DP_ERR_BUSY;
}

static enum dp_err read_or_make(int fd, struct dp_client_key_d *d,
    const char *path, uint64_t day, const uint8_t fresh[DP_CLIENT_KEY_B],
    struct dp_diag *diag)
{
	ssize_t got = pread(fd, d, sizeof(*d), 0);

	if (got < 0)
		return fail(path, "cannot read", diag);
	if ((size_t)got == sizeof(*d) && d->day == day &&
	    memcmp(d->magic, DP_CLIENT_KEY_MAGIC, sizeof(d->magic)) == 0)
		return DP_OK;
	memcpy(d->magic, DP_CLIENT_KEY_MAGIC, sizeof(d->magic));
	d->day = day;
	memcpy(d->key, fresh, sizeof(d->key));
	/* Over what was there: an older key must not stay on the disk. */
	if (pwrite(fd, d, sizeof(*d), 0) != (ssize_t)sizeof(*d) ||
	    fdatasync(fd) != 0)
		return fail(path, "cannot write", diag);
	return DP_OK;
}

enum dp_err dp_client_key_get(uint8_t key[DP_CLIENT_KEY_B], const char *path,
    uint64_t day, const uint8_t fresh[DP_CLIENT_KEY_B], struct dp_diag *diag)
{
	struct dp_client_key_d d;
	enum dp_err err;
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail(path, "cannot open", diag);
	err = lock(fd, path, diag);
	if (err == DP_OK && fchmod(fd, 0600) != 0)
		err = fail(path, "cannot make private", diag);
	if (err == DP_OK)
		err = read_or_make(fd, &d, path, day, fresh, diag);
	if (err == DP_OK)
		memcpy(key, d.key, sizeof(d.key));
	sodium_memzero(&d, sizeof(d));
	(void)close(fd);
	return err;
}
