#include "dp_config.h"

#include "tests/unit/unit.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/key.h"

static char folder[] = "/tmp/dnspin-key-XXXXXX";
static char path[64], public_path[64];

static int set_up(void)
{
	if (sodium_init() < 0 || !mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/k", folder);
	snprintf(public_path, sizeof(public_path), "%s/k.pub", folder);
	return 0;
}

static int tear_down(void)
{
	unlink(path);
	unlink(public_path);
	return rmdir(folder);
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	CU_ASSERT_EQUAL_FATAL(stat(name, &st), 0);
	return st.st_mode & 07777;
}

static void pair_is_made_and_read(void)
{
	static const uint8_t text[] = "signed";
	uint8_t secret[DP_KEY_SIGN_B], public_key[DP_KEY_B], signature[64];
	struct dp_diag diag;
	mode_t mask = umask(0077);

	CU_ASSERT_EQUAL_FATAL(dp_key_make(path, public_path, &diag), DP_OK);
	umask(mask);
	CU_ASSERT_EQUAL(mode_of(path), 0600);
	CU_ASSERT_EQUAL(mode_of(public_path), 0644);
	CU_ASSERT_EQUAL_FATAL(dp_key_secret_read(secret, path, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(
	    dp_key_public_read(public_key, public_path, &diag), DP_OK);
	crypto_sign_detached(signature, NULL, text, sizeof(text), secret);
	CU_ASSERT_EQUAL(crypto_sign_verify_detached(signature, text,
	    sizeof(text), public_key), 0);

	CU_ASSERT_EQUAL(dp_key_make(path, public_path, &diag), DP_ERR_IO);
	CU_ASSERT_STRING_EQUAL(diag.object, public_path);
	CU_ASSERT_EQUAL(unlink(public_path), 0);
	CU_ASSERT_EQUAL(dp_key_make(path, public_path, &diag), DP_ERR_IO);
	CU_ASSERT_STRING_EQUAL(diag.object, path);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "never overwritten"));
	/* The half that was made is gone again, the old secret is not. */
	CU_ASSERT_EQUAL(access(public_path, F_OK), -1);
	CU_ASSERT_EQUAL(dp_key_secret_read(secret, path, &diag), DP_OK);
	unlink(path);
}

static void open_secret_is_refused(void)
{
	uint8_t secret[DP_KEY_SIGN_B] = { 7 };
	struct dp_diag diag;

	CU_ASSERT_EQUAL_FATAL(dp_key_make(path, public_path, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(chmod(path, 0604), 0);
	CU_ASSERT_EQUAL(dp_key_secret_read(secret, path, &diag), DP_ERR_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "chmod 600"));
	CU_ASSERT_EQUAL(secret[0], 7);
	unlink(path);
	unlink(public_path);
}

#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void files_are_judged(void)
{
	static const struct {
		const char *text;
		const char *kind;
		const char *reason; /* NULL: it is right */
	} cases[] = {
		{ "dnspin-key:1:" ZEROS "\n", DP_KEY_PUBLIC, NULL },
		{ "dnspin-key:1:" ZEROS "\r\n", DP_KEY_PUBLIC, NULL },
		{ "dnspin-key:1:" ZEROS, DP_KEY_PUBLIC, NULL },
		{ "dnspin-secret-key:1:" ZEROS "\n", DP_KEY_SECRET, NULL },
		{ "", DP_KEY_PUBLIC, "no key file" },
		{ "hello\n", DP_KEY_PUBLIC, "no key file" },
		{ "dnspin-key:2:" ZEROS "\n", DP_KEY_PUBLIC, "version" },
		{ "dnspin-secret-key:1:" ZEROS "\n", DP_KEY_PUBLIC,
		    "is a secret key" },
		{ "dnspin-key:1:" ZEROS "\n", DP_KEY_SECRET,
		    "is a public key" },
		{ "dnspin-key:1:\n", DP_KEY_PUBLIC, "damaged" },
		{ "dnspin-key:1:AAAA\n", DP_KEY_PUBLIC, "damaged" },
		{ "dnspin-key:1:" ZEROS "\n\n", DP_KEY_PUBLIC, "damaged" },
		{ "dnspin-key:1:" ZEROS " \n", DP_KEY_PUBLIC, "damaged" },
		{ "dnspin-key:1: " ZEROS "\n", DP_KEY_PUBLIC, "damaged" },
		{ "dnspin-key:1:AAAA" ZEROS "\n", DP_KEY_PUBLIC, "damaged" },
		{ "dnspin-key:1:A-A_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		    DP_KEY_PUBLIC, "damaged" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t key[DP_KEY_B] = { 7 };
		struct dp_diag diag;
		enum dp_err err;

		CU_ASSERT_TRUE_FATAL(unit_write(path, cases[i].text,
		    strlen(cases[i].text)));
		err = dp_key_read(key, path, cases[i].kind, &diag);
		if (!cases[i].reason) {
			CU_ASSERT_EQUAL(err, DP_OK);
			CU_ASSERT_EQUAL(key[0], 0);
			continue;
		}
		CU_ASSERT_EQUAL(err, DP_ERR_SYNTAX);
		CU_ASSERT_EQUAL(key[0], 7);
		CU_ASSERT_STRING_EQUAL(diag.object, path);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, cases[i].reason));
	}
	unlink(path);
}

static void what_is_no_text_file_is_an_error(void)
{
	static const char nul[] = "dnspin-key:1:" ZEROS "\0\n";
	char large[5000];
	uint8_t key[DP_KEY_B];
	struct dp_diag diag;

	CU_ASSERT_EQUAL(dp_key_public_read(key, path, &diag), DP_ERR_NOTFOUND);
	CU_ASSERT_EQUAL(dp_key_public_read(key, folder, &diag), DP_ERR_IO);
	CU_ASSERT_TRUE_FATAL(unit_write(path, nul, sizeof(nul) - 1));
	CU_ASSERT_EQUAL(dp_key_public_read(key, path, &diag), DP_ERR_SYNTAX);
	memset(large, 'A', sizeof(large));
	memcpy(large, DP_KEY_PUBLIC, strlen(DP_KEY_PUBLIC));
	CU_ASSERT_TRUE_FATAL(unit_write(path, large, sizeof(large)));
	CU_ASSERT_EQUAL(dp_key_public_read(key, path, &diag), DP_ERR_SYNTAX);
	unlink(path);
	CU_ASSERT_EQUAL(dp_key_make("/nowhere/k", "/nowhere/k.pub", &diag),
	    DP_ERR_IO);
}

UNIT_MAIN_WITH("key", set_up, tear_down, UNIT(pair_is_made_and_read),
    UNIT(open_secret_is_refused), UNIT(files_are_judged),
    UNIT(what_is_no_text_file_is_an_error))
