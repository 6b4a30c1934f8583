/*
 * Patterns (a name, or *. in front of one) as keys whose order as plain bytes
 * is the order of the rules in a policy: canonical order of the names
 * (RFC 4034, 6.1), the exact one before the wildcard. In a key the labels stand
 * from the right to the left:
 *
 *	key   = *( label 00 ) kind	kind: 00 exact, 01 wildcard
 *	label = 1*octet			octets 00, 01, 02 as 02 01, 02 02, 02 03
 *
 * No key begins with another one, and a name's key without its kind begins the
 * key of every name below. Pure functions.
 */
#ifndef DP_SORT_KEY_H
#define DP_SORT_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/name.h"
#include "tools/intern.h"

#define DP_SORT_KEY_MAX 512 /* bytes, all octets escaped */

/* Returns the length. base is canonical. */
size_t dp_sort_key_make(uint8_t key[DP_SORT_KEY_MAX],
    const struct dp_name *base, bool wildcard);

/* For keys that dp_sort_key_make made. */
bool dp_sort_key_is_wildcard(const uint8_t *key, size_t key_b);
void dp_sort_key_name(struct dp_name *base, const uint8_t *key, size_t key_b);

/* All keys' numbers in the order of the keys, malloc'd. */
enum dp_err dp_sort_keys(uint32_t **order, const struct dp_intern *keys)
    DP_MUST_CHECK;

#endif
