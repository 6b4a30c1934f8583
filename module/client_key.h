/*
 * The key of the pseudonyms that events may have for clients
 * (client-privacy: pseudonym): one for each day, in a file that only Unbound's
 * user can read, so that a restart goes on with it and resolvers that share a
 * state directory use the same. The next day's is written over it.
 *
 *	struct dp_client_key_d, host byte order
 */
#ifndef DP_CLIENT_KEY_H
#define DP_CLIENT_KEY_H

#include <stdint.h>
#include "module/core/err.h"

#define DP_CLIENT_KEY_MAGIC "DNSPINCK" /* 8 octets, no NUL */
#define DP_CLIENT_KEY_B 16

struct dp_client_key_d {
	uint8_t magic[8];
	uint64_t day; /* since 1970, UTC */
	uint8_t key[DP_CLIENT_KEY_B];
};

/*
 * The key of the day from the file at path. Where that has none, or another
 * day's, fresh (random) becomes the key. DP_ERR_BUSY: another resolver is just
 * making it.
 */
enum dp_err dp_client_key_get(uint8_t key[DP_CLIENT_KEY_B], const char *path,
    uint64_t day, const uint8_t fresh[DP_CLIENT_KEY_B],
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
