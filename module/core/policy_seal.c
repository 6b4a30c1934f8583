#include <sodium.h>
#include <string.h>

#include "module/core/policy_view.h"

bool dp_policy_is_zero(const uint8_t *bytes, size_t n)
{
	while (n-- > 0)
		if (*bytes++ != 0)
			return false;
	return true;
}

void dp_policy_digest_make(uint8_t digest[DP_POLICY_DIGEST_B],
    const uint8_t *bytes, size_t size_b)
{
	static const uint8_t zeros[sizeof(struct dp_policy_d) -
	    offsetof(struct dp_policy_d, digest)];
	const size_t before = offsetof(struct dp_policy_d, digest);
	const size_t after = before + sizeof(zeros);
	crypto_generichash_state state;

	/* The seal is the header's end; see policy_d.h. */
	crypto_generichash_init(&state, NULL, 0, DP_POLICY_DIGEST_B);
	crypto_generichash_update(&state, bytes, before);
	crypto_generichash_update(&state, zeros, sizeof(zeros));
	crypto_generichash_update(&state, bytes + after, size_b - after);
	crypto_generichash_final(&state, digest, DP_POLICY_DIGEST_B);
}

void dp_policy_sign_text(uint8_t text[DP_POLICY_SIGN_B],
    const uint8_t digest[DP_POLICY_DIGEST_B])
{
	const size_t n = sizeof(DP_POLICY_SIGN_TEXT) - 1;

	memcpy(text, DP_POLICY_SIGN_TEXT, n);
	memcpy(text + n, digest, DP_POLICY_DIGEST_B);
}

enum dp_err dp_policy_seal_check(const uint8_t *bytes, size_t size_b,
    const uint8_t *trusted, const char *object, struct dp_diag *diag)
{
	const struct dp_policy_d *head = (const struct dp_policy_d *)bytes;
	uint8_t digest[DP_POLICY_DIGEST_B], text[DP_POLICY_SIGN_B];
	const char *wrong = NULL;

	dp_policy_digest_make(digest, bytes, size_b);
	if (memcmp(digest, head->digest, sizeof(digest)) != 0) {
		dp_diag_set(diag, object, 0,
		    "the digest does not fit: the policy was changed or "
		    "damaged; run dnspin compile again");
		return DP_ERR_DIGEST;
	}
	dp_policy_sign_text(text, digest);
	if (!(head->flags & DP_POLICY_SIGNED)) {
		if (!dp_policy_is_zero(head->signer, sizeof(head->signer)) ||
		    !dp_policy_is_zero(head->signature,
			sizeof(head->signature)))
			wrong = "it holds a signature but is not marked signed";
		else if (trusted)
			wrong = "not signed, but a trusted key is set: compile "
				"it with sign-key";
	} else if (crypto_sign_verify_detached(head->signature, text,
		       sizeof(text), head->signer) != 0) {
		wrong = "the signature does not fit: the policy was changed "
			"after it was signed";
	} else if (trusted &&
	    memcmp(trusted, head->signer, DP_POLICY_KEY_B) != 0) {
		wrong = "signed by another key than the trusted one";
	}
	if (wrong) {
		dp_diag_set(diag, object, 0, "%s", wrong);
		return DP_ERR_SIGNATURE;
	}
	return DP_OK;
}
