#include "dp_config.h"

#include "module/core/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX 128u /* bytes; the longest right file has 67 */

/* Read at most FILE_MAX bytes; more are no key file anyway. */
static enum dp_err read_file(char text[FILE_MAX + 1], size_t *len,
    const char *path, struct dp_diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int failure = 0;

	if (fd < 0) {
		failure = errno;
		dp_diag_set(diag, path, 0, "%s", strerror(failure));
		return failure == ENOENT ? DP_ERR_NOTFOUND : DP_ERR_IO;
	}
	*len = 0;
	while (*len < FILE_MAX) {
		ssize_t n = read(fd, text + *len, FILE_MAX - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			failure = errno;
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	close(fd);
	text[*len] = '\0';
	if (failure) {
		dp_diag_set(diag, path, 0, "%s", strerror(failure));
		return DP_ERR_IO;
	}
	return DP_OK;
}

static bool begins(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

static enum dp_err wrong_kind(const char *text, const char *kind,
    const char *path, struct dp_diag *diag)
{
	if (begins(text, DP_KEY_SECRET))
		dp_diag_set(diag, path, 0,
		    "is a secret key; the public key is needed here, which "
		    "dnspin keygen wrote beside it, to a file named .pub");
	else if (begins(text, DP_KEY_PUBLIC))
		dp_diag_set(diag, path, 0,
		    "is a public key; the secret key is needed here, which "
		    "dnspin keygen wrote beside it, to the file without .pub");
	else if (begins(text, "dnspin-key:") ||
	    begins(text, "dnspin-secret-key:"))
		dp_diag_set(diag, path, 0,
		    "is a key of another version than 1; "
		    "make a new one with dnspin keygen");
	else
		dp_diag_set(diag, path, 0,
		    "is no key file: must be one line that begins with %s; "
		    "dnspin keygen makes one", kind);
	return DP_ERR_SYNTAX;
}

enum dp_err dp_key_read(uint8_t key[DP_KEY_B], const char *path,
    const char *kind, struct dp_diag *diag)
{
	char text[FILE_MAX + 1];
	uint8_t octets[DP_KEY_B];
	size_t len, key_len = 0;
	const char *base64, *end = NULL;
	enum dp_err err;

	err = read_file(text, &len, path, diag);
	if (err)
		goto out;
	if (!begins(text, kind)) {
		err = wrong_kind(text, kind, path, diag);
		goto out;
	}
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	base64 = text + strlen(kind);
	if (sodium_base642bin(octets, sizeof(octets), base64,
		len - strlen(kind), NULL, &key_len, &end,
		sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    key_len != sizeof(octets) || end != text + len) {
		dp_diag_set(diag, path, 0,
		    "is damaged: 44 characters of base64 must follow %s and "
		    "end the line", kind);
		err = DP_ERR_SYNTAX;
		goto out;
	}
	memcpy(key, octets, sizeof(octets));
out:
	sodium_memzero(text, sizeof(text));
	sodium_memzero(octets, sizeof(octets));
	return err;
}

enum dp_err dp_key_public_read(uint8_t key[DP_KEY_B], const char *path,
    struct dp_diag *diag)
{
	return dp_key_read(key, path, DP_KEY_PUBLIC, diag);
}
