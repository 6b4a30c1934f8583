#include "dp_config.h"
#include "tests/unit/unit_policy.h"

#include <sodium.h>

#include "module/core/policy_view.h"

static const char *const lines[] = { "g: a.example allow tcp/443",
	"g: *.b.example allow", NULL };

static uint8_t key[2][crypto_sign_PUBLICKEYBYTES];
static uint8_t secret[2][crypto_sign_SECRETKEYBYTES];

static int make_keys(void)
{
	uint8_t seed[crypto_sign_SEEDBYTES] = { 1 };

	for (int i = 0; i < 2; i++, seed[0]++)
		if (crypto_sign_seed_keypair(key[i], secret[i], seed) != 0)
			return 1;
	return 0;
}

/* The error of opening bytes; the reason must hold the given words. */
static enum dp_err open_with(const uint8_t *bytes, size_t size_b,
    const uint8_t *trusted, const char *words)
{
	struct dp_policy *p = NULL;
	struct dp_diag diag = { .reason = "" };
	enum dp_err err = dp_policy_from_bytes(&p, bytes, size_b, trusted,
	    "file", &diag);

	if (err == DP_OK) {
		dp_policy_close(&p);
	} else {
		CU_ASSERT_PTR_NULL(p);
		CU_ASSERT_STRING_EQUAL(diag.object, "file");
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, words));
	}
	return err;
}

static void signatures_are_checked(void)
{
	struct dp_policy *p;
	size_t size_b;
	uint8_t *bytes = unit_policy_bytes(lines, NULL, &size_b);
	struct dp_policy_d *head = (struct dp_policy_d *)bytes;
	uint8_t digest[DP_POLICY_DIGEST_B];

	CU_ASSERT_EQUAL(open_with(bytes, size_b, NULL, ""), DP_OK);
	CU_ASSERT_EQUAL(open_with(bytes, size_b, key[0], "not signed"),
	    DP_ERR_SIGNATURE);
	memcpy(digest, head->digest, sizeof(digest));
	dp_policy_sign(bytes, size_b, secret[0]);
	CU_ASSERT_NOT_EQUAL(memcmp(digest, head->digest, sizeof(digest)), 0);
	CU_ASSERT_EQUAL(open_with(bytes, size_b, NULL, ""), DP_OK);
	CU_ASSERT_EQUAL(open_with(bytes, size_b, key[0], ""), DP_OK);
	CU_ASSERT_EQUAL(open_with(bytes, size_b, key[1], "another key"),
	    DP_ERR_SIGNATURE);
	p = unit_policy(bytes, size_b);
	CU_ASSERT_EQUAL(memcmp(dp_policy_signer(p), key[0], 32), 0);
	dp_policy_close(&p);

	/* Signing again, by another key, leaves nothing of the first. */
	dp_policy_sign(bytes, size_b, secret[1]);
	CU_ASSERT_EQUAL(open_with(bytes, size_b, key[1], ""), DP_OK);
	CU_ASSERT_EQUAL(open_with(bytes, size_b, key[0], "another key"),
	    DP_ERR_SIGNATURE);

	/* Another's name under the signature. */
	memcpy(head->signer, key[0], sizeof(head->signer));
	CU_ASSERT_EQUAL(open_with(bytes, size_b, key[0], "does not fit"),
	    DP_ERR_SIGNATURE);
	free(bytes);
}

static void signing_hides_nothing(void)
{
	size_t size_b;
	uint8_t *bytes = unit_policy_bytes(lines, NULL, &size_b);
	struct dp_policy_d *head = (struct dp_policy_d *)bytes;

	/* What was signed is no unsigned policy with the flag taken off. */
	dp_policy_sign(bytes, size_b, secret[0]);
	head->flags = 0;
	CU_ASSERT_EQUAL(open_with(bytes, size_b, NULL, "digest"),
	    DP_ERR_DIGEST);
	dp_policy_digest_make(head->digest, bytes, size_b);
	CU_ASSERT_EQUAL(open_with(bytes, size_b, NULL, "not marked signed"),
	    DP_ERR_SIGNATURE);
	memset(head->signer, 0, sizeof(head->signer));
	CU_ASSERT_EQUAL(open_with(bytes, size_b, NULL, "not marked signed"),
	    DP_ERR_SIGNATURE);
	memset(head->signature, 0, sizeof(head->signature));
	CU_ASSERT_EQUAL(open_with(bytes, size_b, NULL, ""), DP_OK);
	/* A signature of zeros by a key of zeros. */
	head->flags = DP_POLICY_SIGNED;
	dp_policy_digest_make(head->digest, bytes, size_b);
	CU_ASSERT_EQUAL(open_with(bytes, size_b, NULL, "does not fit"),
	    DP_ERR_SIGNATURE);
	free(bytes);
}

static void each_flipped_byte_is_found(void)
{
	for (int is_signed = 0; is_signed < 2; is_signed++) {
		size_t size_b;
		uint8_t *bytes = unit_policy_bytes(lines, NULL, &size_b);

		if (is_signed)
			dp_policy_sign(bytes, size_b, secret[0]);
		for (size_t i = 0; i < size_b; i++) {
			static const uint8_t flips[] = { 1, 0x80, 0xff };

			for (int k = 0; k < 3; k++) {
				bytes[i] ^= flips[k];
				CU_ASSERT_NOT_EQUAL(
				    open_with(bytes, size_b, NULL, ""), DP_OK);
				CU_ASSERT_NOT_EQUAL(open_with(bytes, size_b,
							key[0], ""),
				    DP_OK);
				bytes[i] ^= flips[k];
			}
		}
		CU_ASSERT_EQUAL(open_with(bytes, size_b, NULL, ""), DP_OK);
		free(bytes);
	}
}

static void text_to_sign(void)
{
	uint8_t digest[DP_POLICY_DIGEST_B], text[DP_POLICY_SIGN_B];

	memset(digest, 0xaa, sizeof(digest));
	dp_policy_sign_text(text, digest);
	CU_ASSERT_EQUAL(sizeof(text), 15 + 32);
	CU_ASSERT_EQUAL(memcmp(text, "dnspin policy 1", 15), 0);
	CU_ASSERT_EQUAL(memcmp(text + 15, digest, sizeof(digest)), 0);
}

static void zeros_are_seen(void)
{
	static const uint8_t bytes[5] = { 0, 0, 0, 7, 0 };

	CU_ASSERT(dp_policy_is_zero(bytes, 0));
	CU_ASSERT(dp_policy_is_zero(bytes, 3));
	CU_ASSERT_FALSE(dp_policy_is_zero(bytes, 4));
	CU_ASSERT_FALSE(dp_policy_is_zero(bytes, 5));
}

UNIT_MAIN_WITH("policy_seal", make_keys, NULL, UNIT(signatures_are_checked),
    UNIT(signing_hides_nothing), UNIT(each_flipped_byte_is_found),
    UNIT(text_to_sign), UNIT(zeros_are_seen))
