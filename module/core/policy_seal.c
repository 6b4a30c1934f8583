#include <string.h>

#include "module/core/policy_view.h"

bool dp_policy_is_zero(const uint8_t *bytes, size_t n)
{
	while (n-- > 0)
		if (*bytes++ != 0)
			return false;
	return true;
}

void dp_policy_digest_begin(struct dp_policy_digesting *d,
    const uint8_t *bytes, size_t size_b)
{
	d->bytes = bytes;
	d->size_b = size_b;
	d->done_b = 0;
	crypto_generichash_init(&d->state, NULL, 0, DP_POLICY_DIGEST_B);
}

void dp_policy_digest_more(struct dp_policy_digesting *d, size_t ready_b)
{
	static const uint8_t zeros[sizeof(struct dp_policy_d) -
	    offsetof(struct dp_policy_d, digest)];

	if (ready_b < sizeof(struct dp_policy_d))
		return;
	/* The seal is the header's end; see policy_d.h. */
	if (d->done_b == 0) {
		crypto_generichash_update(&d->state, d->bytes,
		    offsetof(struct dp_policy_d, digest));
		crypto_generichash_update(&d->state, zeros, sizeof(zeros));
		d->done_b = sizeof(struct dp_policy_d);
	}
	crypto_generichash_update(&d->state, d->bytes + d->done_b,
	    ready_b - d->done_b);
	d->done_b = ready_b;
}

void dp_policy_digest_end(struct dp_policy_digesting *d,
    uint8_t digest[DP_POLICY_DIGEST_B])
{
	dp_policy_digest_more(d, d->size_b);
	crypto_generichash_final(&d->state, digest, DP_POLICY_DIGEST_B);
}

void dp_policy_digest_make(uint8_t digest[DP_POLICY_DIGEST_B],
    const uint8_t *bytes, size_t size_b)
{
	struct dp_policy_digesting d;

	dp_policy_digest_begin(&d, bytes, size_b);
	dp_policy_digest_end(&d, digest);
}

void dp_policy_sign_text(uint8_t text[DP_POLICY_SIGN_B],
    const uint8_t digest[DP_POLICY_DIGEST_B])
{
	const size_t n = sizeof(DP_POLICY_SIGN_TEXT) - 1;

	memcpy(text, DP_POLICY_SIGN_TEXT, n);
	memcpy(text + n, digest, DP_POLICY_DIGEST_B);
}

enum dp_err dp_policy_seal_check(const uint8_t *bytes,
    const uint8_t digest[DP_POLICY_DIGEST_B], const uint8_t *trusted,
    const char *object, struct dp_diag *diag)
{
	const struct dp_policy_d *head = (const struct dp_policy_d *)bytes;
	uint8_t text[DP_POLICY_SIGN_B];
	const char *wrong = NULL;

	if (memcmp(digest, head->digest, sizeof(head->digest)) != 0) {
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
