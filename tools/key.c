#include "dp_config.h"

#include "tools/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BASE64_B \
	sodium_base64_ENCODED_LEN(DP_KEY_B, sodium_base64_VARIANT_ORIGINAL)
#define LINE_B (sizeof(DP_KEY_SECRET) + BASE64_B + 1)

enum dp_err dp_key_secret_read(uint8_t key[DP_KEY_SIGN_B], const char *path,
    struct dp_diag *diag)
{
	uint8_t seed[DP_KEY_B], public_key[DP_KEY_B];
	struct stat st;
	enum dp_err err;

	err = dp_key_read(seed, path, DP_KEY_SECRET, diag);
	if (err)
		return err;
	if (stat(path, &st) == 0 && (st.st_mode & S_IRWXO) != 0) {
		dp_diag_set(diag, path, 0,
		    "is open to every user of this machine: chmod 600 it, and "
		    "make a new key if others have used the machine meanwhile");
		err = DP_ERR_IO;
	} else {
		crypto_sign_seed_keypair(public_key, key, seed);
	}
	sodium_memzero(seed, sizeof(seed));
	return err;
}

/* Write all of text to a file that must not be there before. */
static enum dp_err write_new(const char *path, mode_t mode, const char *text,
    struct dp_diag *diag)
{
	size_t done = 0, len = strlen(text);
	int failure = 0;
	/* O_EXCL: a file or a link that somebody put there is not touched. */
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0) {
		failure = errno;
		dp_diag_set(diag, path, 0, "%s", failure == EEXIST
			? "is there already and is never overwritten: name "
			  "another file, or move this one away"
			: strerror(failure));
		return DP_ERR_IO;
	}
	while (done < len && !failure) {
		ssize_t n = write(fd, text + done, len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			failure = errno;
	}
	if (!failure && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
		failure = errno;
	if (close(fd) != 0 && !failure)
		failure = errno;
	if (failure) {
		unlink(path);
		dp_diag_set(diag, path, 0, "%s", strerror(failure));
		return DP_ERR_IO;
	}
	return DP_OK;
}

static void line(char text[LINE_B], const char *kind,
    const uint8_t octets[DP_KEY_B])
{
	char base64[BASE64_B];

	sodium_bin2base64(base64, sizeof(base64), octets, DP_KEY_B,
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(text, LINE_B, "%s%s\n", kind, base64);
	sodium_memzero(base64, sizeof(base64));
}

enum dp_err dp_key_make(const char *path, const char *public_path,
    struct dp_diag *diag)
{
	uint8_t seed[DP_KEY_B], public_key[DP_KEY_B], key[DP_KEY_SIGN_B];
	char secret_line[LINE_B], public_line[LINE_B];
	enum dp_err err;

	randombytes_buf(seed, sizeof(seed));
	crypto_sign_seed_keypair(public_key, key, seed);
	line(secret_line, DP_KEY_SECRET, seed);
	line(public_line, DP_KEY_PUBLIC, public_key);

	/* The public key first: no secret is left behind that has none. */
	err = write_new(public_path, 0644, public_line, diag);
	if (!err) {
		err = write_new(path, 0600, secret_line, diag);
		if (err)
			unlink(public_path);
	}
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(key, sizeof(key));
	sodium_memzero(secret_line, sizeof(secret_line));
	return err;
}
