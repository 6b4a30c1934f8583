/*
 * The words for the numbers of DNS, as ldns has them; "TYPE65280" (RFC 3597)
 * and the like for what has none. Pure functions on the caller's memory.
 */
#ifndef DP_DNS_WORD_H
#define DP_DNS_WORD_H

#include <stdint.h>

#define DP_DNS_WORD_MAX 24 /* with the NUL */

/* The word, which is in text or lasts. */
const char *dp_dns_type_word(uint16_t type, char text[DP_DNS_WORD_MAX]);
const char *dp_dns_class_word(uint16_t class, char text[DP_DNS_WORD_MAX]);
const char *dp_dns_rcode_word(uint16_t rcode, char text[DP_DNS_WORD_MAX]);

#endif
