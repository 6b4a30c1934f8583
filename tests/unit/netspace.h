/*
 * A network namespace of the test's own, so that nothing reaches the firewall
 * of the machine. Where the kernel refuses one, the test is skipped and says
 * so (exit status 77).
 */
#ifndef DP_NETSPACE_H
#define DP_NETSPACE_H

#include "tests/unit/unit.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/nft/nft_link.h"

static inline int netspace_enter(void)
{
	int flags = geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET;
	struct dp_diag diag = { .line = 0 };
	struct dp_nft *nft = NULL;
	bool changed;

	if (unshare(flags) != 0) {
		printf("skipped: no network namespace: %s\n", strerror(errno));
		exit(77);
	}
	if (dp_nft_open(&nft, "t", &diag) ||
	    dp_nft_foreign(nft, &changed, &diag)) {
		printf("skipped: no nftables: %s\n", diag.reason);
		exit(77);
	}
	dp_nft_close(&nft);
	return 0;
}

/* nft(8) with these words; false on failure, which it says. */
static inline bool netspace_nft(const char *words)
{
	char line[512];

	snprintf(line, sizeof(line), "PATH=$PATH:/usr/sbin:/sbin; nft '%s'",
	    words);
	return system(line) == 0;
}

/* What nft(8) prints; the caller frees. */
static inline char *netspace_list(const char *words)
{
	char line[512], *text = calloc(1, 65536);
	FILE *in;

	snprintf(line, sizeof(line), "PATH=$PATH:/usr/sbin:/sbin; nft %s",
	    words);
	in = popen(line, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT(fread(text, 1, 65535, in) > 0);
	CU_ASSERT_EQUAL(pclose(in), 0);
	return text;
}

static inline struct dp_nft *netspace_table(const char *table)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_nft *nft = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_nft_open(&nft, table, &diag), DP_OK);
	return nft;
}

/* With what dnspin keeps in it. */
static inline struct dp_nft *netspace_framed(const char *table)
{
	struct dp_nft *nft = netspace_table(table);
	struct dp_diag diag = { .line = 0 };
	enum dp_err err;
	bool made;

	err = dp_nft_frame(nft, &made, &diag);
	if (err)
		printf("%s: %s ", diag.object, diag.reason);
	CU_ASSERT_EQUAL_FATAL(err, DP_OK);
	return nft;
}

/* "192.0.2.1" and "tcp/443", or NULL for any service. */
static inline struct dp_nft_key netspace_key(const char *addr,
    const char *service)
{
	struct dp_nft_key key = { .set = 0 };
	struct dp_diag diag = { .line = 0 };

	CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&key.addr, addr, &diag), DP_OK);
	if (service)
		CU_ASSERT_EQUAL_FATAL(dp_service_from_text(&key.service,
		    service, &diag), DP_OK);
	key.set = (uint8_t)dp_nft_set_of(&key.addr, key.service);
	return key;
}

#endif
