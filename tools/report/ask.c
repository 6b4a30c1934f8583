#include "dp_config.h"

#include "tools/report/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

#define CLASS_IN 1
#define TYPE_A 1
#define TYPE_AAAA 28
#define RCODE_NXDOMAIN 3
#define WAIT_MS 1000
#define ADDRS_MAX 256 /* of one answer */

struct dp_ask {
	struct ub_ctx *ctx;
	struct question *questions; /* all that were asked */
};

struct question {
	struct question *next;
	size_t number;
	int family;
	dp_answered_fn *fn;
	void *arg;
};

static enum dp_err refused(struct dp_diag *diag, const char *object, int error)
{
	dp_diag_set(diag, object, 0, "%s", ub_strerror(error));
	return error == UB_NOMEM ? DP_ERR_NOMEM : DP_ERR_IO;
}

static int configure(struct ub_ctx *ctx, const char *server)
{
	int error = server ? ub_ctx_set_fwd(ctx, server) :
			     ub_ctx_resolvconf(ctx, NULL);

	if (!error)
		error = ub_ctx_async(ctx, 1); /* a thread */
	/* Servers on this machine are fine. */
	if (!error)
		error = ub_ctx_set_option(ctx, "do-not-query-localhost:", "no");
	return error;
}

enum dp_err dp_ask_open(struct dp_ask **out, const char *server,
    struct dp_diag *diag)
{
	struct dp_ask *a = calloc(1, sizeof(*a));
	int error;

	if (a)
		a->ctx = ub_ctx_create();
	if (!a || !a->ctx) {
		free(a);
		dp_diag_set(diag, NULL, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	error = configure(a->ctx, server);
	if (error) {
		dp_ask_close(&a);
		return refused(diag, server ? server : "/etc/resolv.conf",
		    error);
	}
	*out = a;
	return DP_OK;
}

void dp_ask_close(struct dp_ask **a)
{
	if (!*a)
		return;
	ub_ctx_delete((*a)->ctx);
	while ((*a)->questions) {
		struct question *next = (*a)->questions->next;

		free((*a)->questions);
		(*a)->questions = next;
	}
	free(*a);
	*a = NULL;
}

static size_t copy_addresses(struct dp_addr *to, const struct ub_result *r,
    int family)
{
	int size_b = family == 4 ? 4 : 16;
	size_t count = 0;

	for (int i = 0; r->data && r->data[i] && count < ADDRS_MAX; i++) {
		uint8_t bytes[16];

		if (r->len[i] != size_b)
			continue;
		memcpy(bytes, r->data[i], (size_t)size_b);
		to[count++] = family == 4 ? dp_addr_v4(bytes) :
					    dp_addr_v6(bytes);
	}
	return count;
}

static const char *rcode_text(int rcode)
{
	static const char *const words[] = { "NOERROR", "FORMERR", "SERVFAIL",
		"NXDOMAIN", "NOTIMP", "REFUSED" };

	return rcode >= 0 && rcode < (int)(sizeof(words) / sizeof(words[0])) ?
	    words[rcode] : "an unknown rcode";
}

static void tell(const struct question *q, int error,
    const struct ub_result *r)
{
	struct dp_addr addrs[ADDRS_MAX];
	struct dp_answered answered = { .number = q->number, .addrs = addrs,
		.result = DP_ASK_FAILED };

	if (error || !r) {
		answered.why = error ? ub_strerror(error) : "no answer";
	} else if (r->bogus) {
		answered.why = "failed DNSSEC validation";
	} else if (r->rcode == RCODE_NXDOMAIN) {
		answered.result = DP_ASK_NXDOMAIN;
	} else if (r->rcode != 0) {
		answered.why = rcode_text(r->rcode);
	} else {
		answered.count = copy_addresses(addrs, r, q->family);
		answered.result = answered.count > 0 ? DP_ASK_ADDRESSES :
						       DP_ASK_NONE;
	}
	q->fn(q->arg, &answered);
}

static void on_answer(void *arg, int error, struct ub_result *r)
{
	const struct question *q = arg;

	tell(q, error, error ? NULL : r);
	ub_resolve_free(r);
}

enum dp_err dp_ask_addresses(struct dp_ask *a, const struct dp_name *name,
    int family, size_t number, dp_answered_fn *fn, void *arg,
    struct dp_diag *diag)
{
	struct question *q = malloc(sizeof(*q));
	char text[DP_NAME_TEXT_MAX];
	int error;

	if (!q) {
		dp_diag_set(diag, NULL, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	*q = (struct question){ a->questions, number, family, fn, arg };
	a->questions = q;
	(void)dp_name_to_text(name, text);
	error = ub_resolve_async(a->ctx, text,
	    family == 4 ? TYPE_A : TYPE_AAAA, CLASS_IN, q, on_answer, NULL);
	return error ? refused(diag, text, error) : DP_OK;
}

enum dp_err dp_ask_wait(struct dp_ask *a, struct dp_diag *diag)
{
	struct pollfd p = { .fd = ub_fd(a->ctx), .events = POLLIN };
	int error = 0;

	if (poll(&p, 1, WAIT_MS) < 0 && errno != EINTR) {
		dp_diag_set(diag, NULL, 0, "cannot wait: %s",
		    strerror(errno));
		return DP_ERR_IO;
	}
	if (p.revents)
		error = ub_process(a->ctx);
	return error ? refused(diag, "libunbound", error) : DP_OK;
}
