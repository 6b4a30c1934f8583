/*
 * Writes the seeds of fuzz_verify: sealed logs, plain and encrypted.
 *
 *	tests/fuzz/seed_verify FOLDER
 */
#include "dp_config.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/seal_keys.h"
#include "tools/seal/seal.h"
#include "tools/seal/seal_line.h"

static char folder[] = "/tmp/dnspin-seed.XXXXXX";
static char secret_path[64], public_path[64];

static void demand(bool true_here, const char *what)
{
	if (true_here)
		return;
	perror(what);
	exit(EXIT_FAILURE);
}

static void put(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	demand(out && fchmod(fileno(out), 0600) == 0 &&
	    fputs(text, out) >= 0 && fclose(out) == 0, path);
}

static void make_keys(void)
{
	uint8_t secret[DP_KEY_SIGN_B], public_key[DP_KEY_B];
	char base64[64], line[128];

	demand(mkdtemp(folder) != NULL, folder);
	snprintf(secret_path, sizeof(secret_path), "%s/key", folder);
	snprintf(public_path, sizeof(public_path), "%s/key.pub", folder);
	put(secret_path, SEAL_KEY_LINE);
	demand(dp_key_secret_read(secret, secret_path, NULL) == DP_OK,
	    secret_path);
	crypto_sign_ed25519_sk_to_pk(public_key, secret);
	sodium_bin2base64(base64, sizeof(base64), public_key, DP_KEY_B,
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(line, sizeof(line), DP_KEY_PUBLIC "%s\n", base64);
	put(public_path, line);
}

static void flush(struct dp_seal *s, FILE *out)
{
	size_t size_b;
	const char *text = dp_seal_output(s, &size_b, NULL);

	demand(!text || fwrite(text, 1, size_b, out) == size_b, "output");
	dp_seal_written(s, size_b);
}

static void make(const char *to, const char *name, bool encrypted, bool ends)
{
	struct dp_seal_options o = { .key = secret_path,
		.auditor = encrypted ? public_path : NULL, .block_lines = 2,
		.block_ms = 1000 };
	struct dp_seal *s = NULL;
	char path[1024];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", to, name);
	out = fopen(path, "w");
	demand(out && dp_seal_open(&s, &o, NULL) == DP_OK &&
	    dp_seal_begin(s, 1) == DP_OK, path);
	for (unsigned i = 0; i < 3; i++) {
		char line[64];
		struct dp_seal_item item = { .line = line, .time_us = i + 1,
			.gap = i == 1, .lost = i, .id = 7, .number = i };

		item.line_b = (size_t)snprintf(line, sizeof(line),
		    "{\"event\":{\"sequence\":%u}}", i);
		demand(dp_seal_add(s, &item, i + 1) == DP_OK, "add");
	}
	if (ends)
		demand(dp_seal_stop(s, 9) == DP_OK, "stop");
	flush(s, out);
	dp_seal_close(&s);
	demand(fclose(out) == 0, path);
}

int main(int argc, char **argv)
{
	if (argc != 2 || sodium_init() < 0)
		return EXIT_FAILURE;
	make_keys();
	make(argv[1], "clear", false, true);
	make(argv[1], "open", false, false);
	make(argv[1], "encrypted", true, true);
	unlink(secret_path);
	unlink(public_path);
	return rmdir(folder) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
