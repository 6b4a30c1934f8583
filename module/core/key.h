/*
 * Key files of Ed25519, one line of text each, made by dnspin keygen:
 *
 *	dnspin-key:1:BASE64		public key, 32 octets
 *	dnspin-secret-key:1:BASE64	seed of the secret key, 32 octets
 *
 * 1 is the version of the format. Base64 is the standard alphabet with padding
 * (RFC 4648, 4). One line feed may follow, with a carriage return before it.
 * Reads files only; any thread, on memory of its own.
 */
#ifndef DP_KEY_H
#define DP_KEY_H

#include <stdint.h>
#include "module/core/err.h"

#define DP_KEY_B 32 /* octets of a public key, and of a seed */
#define DP_KEY_PUBLIC "dnspin-key:1:"
#define DP_KEY_SECRET "dnspin-secret-key:1:"

/* The octets of the key file at path; kind is DP_KEY_PUBLIC or DP_KEY_SECRET.
 * The other kind, or anything else, is DP_ERR_SYNTAX; no file DP_ERR_NOTFOUND.
 * Octets of a secret are left nowhere but in key. */
enum dp_err dp_key_read(uint8_t key[DP_KEY_B], const char *path,
    const char *kind, struct dp_diag *diag) DP_MUST_CHECK;

/* The public key that signed policies must bear (trusted-key). */
enum dp_err dp_key_public_read(uint8_t key[DP_KEY_B], const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
