/*
 * The secret half of key files (module/core/key.h): made by dnspin keygen,
 * used by dnspin compile. sodium_init must have been called. Single-threaded.
 */
#ifndef DP_TOOLS_KEY_H
#define DP_TOOLS_KEY_H

#include "module/core/key.h"

#define DP_KEY_SIGN_B 64 /* octets of libsodium's form of a secret key */

/*
 * The secret key at path, as libsodium signs with it; the caller wipes it.
 * A file that everybody may read is refused: DP_ERR_IO.
 */
enum dp_err dp_key_secret_read(uint8_t key[DP_KEY_SIGN_B], const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;

/*
 * Make a key pair: the secret to path (mode 0600), the public key to
 * public_path (0644). Neither may be there before; on failure neither is
 * there afterwards.
 */
enum dp_err dp_key_make(const char *path, const char *public_path,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
