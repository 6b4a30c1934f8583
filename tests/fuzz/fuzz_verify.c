/*
 * A sealed log of any bytes: the verifier comes to an end, counts what it
 * reports, and finds the same however the octets are cut into pieces. What it
 * calls intact is continued and is intact then, too. For a second turn all seal
 * lines are signed anew, as whoever has the key can.
 */
#include "dp_config.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/seal_keys.h"
#include "tools/seal/seal.h"
#include "tools/seal/verify.h"

#define SIGNATURE ",\"signature\":\""
#define SIGNATURE_B 88u /* of base64 */
#define END "\"}}}\n"

const char fuzz_seeds[] = "tests/fuzz/seeds/verify";

static char folder[] = "/tmp/dnspin-fuzz-verify.XXXXXX";
static char key_path[64];
static uint8_t public_key[DP_KEY_B], secret[DP_KEY_SIGN_B];

static void demand(bool true_here)
{
	if (!true_here)
		abort();
}

static void folder_remove(void)
{
	unlink(key_path);
	(void)rmdir(folder);
}

static void begin(void)
{
	FILE *out;

	demand(sodium_init() >= 0 && mkdtemp(folder) != NULL &&
	    atexit(folder_remove) == 0);
	snprintf(key_path, sizeof(key_path), "%s/key", folder);
	out = fopen(key_path, "w");
	demand(out && fchmod(fileno(out), 0600) == 0 &&
	    fputs(SEAL_KEY_LINE, out) >= 0 && fclose(out) == 0);
	demand(dp_key_secret_read(secret, key_path, NULL) == DP_OK);
	crypto_sign_ed25519_sk_to_pk(public_key, secret);
}

static void found(void *arg, const struct dp_verify_finding *f)
{
	size_t *count = arg;

	(*count)++;
	demand(f->kind < DP_VERIFY_COUNT && f->path && f->reason[0] &&
	    f->from_line <= f->to_line && f->from_octet <= f->to_octet);
}

static bool plain(void *arg, const char *text, size_t size_b)
{
	(void)arg;
	demand(text && size_b < SIZE_MAX);
	return true;
}

/* Returns how much was found. */
static size_t verify(const char *text, size_t size_b, size_t piece_b,
    bool still_open, bool decrypts)
{
	size_t count = 0;
	struct dp_verify_options o = { .key = public_key,
		.auditor = decrypts ? secret : NULL, .found = found,
		.plain = plain, .arg = &count, .still_open = still_open };
	struct dp_verify_sum sum;
	struct dp_verify *v;
	enum dp_err err = DP_OK;

	demand(dp_verify_open(&v, &o) == DP_OK);
	dp_verify_file_begin(v, "fuzz");
	for (size_t at = 0, n; at < size_b && !err; at += n) {
		n = size_b - at < piece_b ? size_b - at : piece_b;
		err = dp_verify_octets(v, text + at, n);
		demand(!err || decrypts);
	}
	dp_verify_file_end(v);
	dp_verify_end(v, &sum);
	dp_verify_close(&v);
	demand(sum.findings == count && (count > 0 || sum.has_chain || err));
	return count;
}

static bool known(void *arg, struct dp_seal_item *item)
{
	(void)arg;
	item->time_us = 1;
	return item->line_b > 0 && item->line[0] == '{' &&
	    !memchr(item->line, '\0', item->line_b);
}

/* Go on with it, and end it. */
static void resume(const char *text, size_t size_b, bool was_intact)
{
	struct dp_seal_options o = { .key = key_path, .block_lines = 2,
		.block_ms = 1000 };
	struct dp_seal *s;
	uint64_t cut_b;
	int fd = memfd_create("log", MFD_CLOEXEC);
	char *whole;
	const char *more;
	size_t more_b;
	off_t end;
	enum dp_err err;

	demand(fd >= 0 && write(fd, text, size_b) == (ssize_t)size_b);
	demand(dp_seal_open(&s, &o, NULL) == DP_OK);
	err = dp_seal_resume(s, fd, "fuzz", known, NULL, 2, &cut_b, NULL);
	demand(err ? !was_intact : cut_b <= size_b);
	if (!err && !dp_seal_file_ended(s))
		demand(dp_seal_stop(s, 3) == DP_OK);
	more = dp_seal_output(s, &more_b, NULL);
	if (more)
		demand(pwrite(fd, more, more_b, lseek(fd, 0, SEEK_END)) ==
		    (ssize_t)more_b);
	end = lseek(fd, 0, SEEK_END);
	demand(!err || end == (off_t)size_b);
	if (was_intact) {
		whole = malloc((size_t)end);
		demand(whole && pread(fd, whole, (size_t)end, 0) == end);
		demand(verify(whole, (size_t)end, 4096, false, false) == 0);
		free(whole);
	}
	dp_seal_close(&s);
	close(fd);
}

static void use(const char *text, size_t size_b)
{
	size_t count = verify(text, size_b, SIZE_MAX, true, false);

	demand(verify(text, size_b, 7, true, false) == count);
	(void)verify(text, size_b, 100, false, true);
	resume(text, size_b, count == 0);
}

/* As if the writer had written these seal lines. */
static bool sign(char *text, size_t size_b)
{
	size_t tail_b = strlen(SIGNATURE) + SIGNATURE_B + strlen(END);
	uint8_t signature[crypto_sign_BYTES];
	char base64[SIGNATURE_B + 1], *next;
	bool any = false;

	for (char *p = text; p < text + size_b; p = next) {
		size_t len;
		char *tail;

		next = memchr(p, '\n', size_b - (size_t)(p - text));
		if (!next)
			break;
		len = (size_t)(++next - p);
		if (len <= tail_b || !dp_seal_line_is(p, len))
			continue;
		tail = p + len - tail_b;
		crypto_sign_detached(signature, NULL, (uint8_t *)p,
		    len - tail_b, secret);
		sodium_bin2base64(base64, sizeof(base64), signature,
		    sizeof(signature), sodium_base64_VARIANT_ORIGINAL);
		memcpy(tail, SIGNATURE, strlen(SIGNATURE));
		tail += strlen(SIGNATURE);
		memcpy(tail, base64, SIGNATURE_B);
		memcpy(tail + SIGNATURE_B, END, strlen(END));
		any = true;
	}
	return any;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	char *text = malloc(size + 1);

	if (!begun)
		begin();
	begun = true;
	demand(text != NULL);
	memcpy(text, data, size);
	use(text, size);
	if (sign(text, size))
		use(text, size);
	free(text);
	return 0;
}
