/* The key of the seeds of fuzz_verify, for everything; a secret of nobody. */
#ifndef DP_SEAL_KEYS_H
#define DP_SEAL_KEYS_H

#define SEAL_KEY_LINE \
	"dnspin-secret-key:1:Bwdwd7cHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n"

#endif
