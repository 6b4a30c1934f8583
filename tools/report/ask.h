/*
 * Questions to the DNS, many at a time: the only user of libunbound.
 * Single-threaded.
 */
#ifndef DP_ASK_H
#define DP_ASK_H

#include <stddef.h>
#include "module/core/addr.h"
#include "module/core/err.h"
#include "module/core/name.h"

struct dp_ask;

/* server: "ADDRESS" or "ADDRESS@PORT"; NULL: those of /etc/resolv.conf. */
enum dp_err dp_ask_open(struct dp_ask **out, const char *server,
    struct dp_diag *diag) DP_MUST_CHECK;
/* What was asked and not answered is dropped. */
void dp_ask_close(struct dp_ask **a);

enum dp_ask_result {
	DP_ASK_ADDRESSES, /* count of them */
	DP_ASK_NONE,	  /* the name exists, without such addresses */
	DP_ASK_NXDOMAIN,
	DP_ASK_FAILED	  /* no answer, SERVFAIL, REFUSED, ...: see why */
};

struct dp_answered {
	size_t number; /* of the question */
	enum dp_ask_result result;
	const struct dp_addr *addrs; /* borrowed until the function returns */
	size_t count;
	const char *why; /* FAILED: in words; static storage or borrowed */
};
typedef void dp_answered_fn(void *arg, const struct dp_answered *answered);

/* Ask for the addresses of a family, 4 or 6; fn(arg, ...) is called from
 * dp_ask_wait, once. */
enum dp_err dp_ask_addresses(struct dp_ask *a, const struct dp_name *name,
    int family, size_t number, dp_answered_fn *fn, void *arg,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Wait until some answer has come, or a second has passed. */
enum dp_err dp_ask_wait(struct dp_ask *a, struct dp_diag *diag) DP_MUST_CHECK;

#endif
