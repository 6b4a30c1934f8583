#include "dp_config.h"

#include "tests/e2e/swap_load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64u
#define LOST_NS 3000000000
#define ANSWER_MAX 1500u
#define SHOWN_MAX 10u

static void show(const struct swap_question *q, const char *said)
{
	static unsigned shown;

	if (shown++ < SHOWN_MAX)
		fprintf(stderr,
		    "swap_load: h%06" PRIx32 ".%s is %s, policies %#" PRIx32
		    "\n",
		    q->number, load.kinds[q->kind].suffix, said, q->policies);
}

static void judge(const struct swap_question *q, const uint8_t *answer)
{
	struct swap_kind *k = &load.kinds[q->kind];
	bool may_allow = (q->policies & k->policies) != 0;
	bool may_refuse = (q->policies & ~k->policies) != 0;
	unsigned rcode = answer[3] & 15u;
	bool has_records = answer[6] != 0 || answer[7] != 0;
	bool allowed = rcode == 0 && has_records;

	load.answers++;
	k->judged += may_allow != may_refuse;
	if (!allowed && rcode != 3) {
		load.failed++;
		show(q, "neither allowed nor refused");
	} else if (allowed ? !may_allow : !may_refuse) {
		load.wrong++;
		show(q, allowed ? "allowed" : "refused");
	}
}

/* Questions that were given up waited, too. One that was sent after the answer
 * waits since then: its sender may have had to wait in between. */
static void silence(struct swap_line *l, int64_t stamp_ns)
{
	const struct swap_question *q = &l->questions[l->oldest % SWAP_WINDOW];
	uint16_t id = l->oldest;

	if (stamp_ns - l->silent_ns > load.silence_ns)
		load.silence_ns = stamp_ns - l->silent_ns;
	l->silent_ns = 0;
	if (l->under_way == 0)
		return;
	while (!q->waits)
		q = &l->questions[++id % SWAP_WINDOW];
	l->silent_ns = q->sent_ns > stamp_ns ? q->sent_ns : stamp_ns;
}

static void take(struct swap_line *l, const uint8_t *bytes, size_t size_b,
    int64_t stamp_ns)
{
	uint8_t asked[SWAP_QUESTION_MAX];
	struct swap_question *q;
	size_t asked_b;
	uint16_t id;

	if (size_b < 12)
		return;
	id = (uint16_t)(bytes[0] << 8 | bytes[1]);
	q = &l->questions[id % SWAP_WINDOW];
	if (!q->waits || q->id != id)
		return; /* given up before */
	asked_b = swap_question_make(asked, q);
	if (size_b < asked_b || !(bytes[2] & 0x80) ||
	    memcmp(bytes + 12, asked + 12, asked_b - 12) != 0) {
		show(q, "not what was asked");
		load.wrong++;
	} else {
		judge(q, bytes);
	}
	l->under_way--;
	q->waits = false;
	silence(l, stamp_ns);
}

static int64_t stamp_of(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c;
	    c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec t;

			memcpy(&t, CMSG_DATA(c), sizeof(t));
			return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
		}
	return swap_now_ns();
}

static void receive(struct swap_line *l)
{
	static uint8_t bytes[BATCH][ANSWER_MAX];
	static _Alignas(struct cmsghdr) uint8_t control[BATCH][64];
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	int count;

	memset(messages, 0, sizeof(messages));
	for (unsigned i = 0; i < BATCH; i++) {
		struct msghdr *h = &messages[i].msg_hdr;

		vectors[i].iov_base = bytes[i];
		vectors[i].iov_len = ANSWER_MAX;
		h->msg_iov = &vectors[i];
		h->msg_iovlen = 1;
		h->msg_control = control[i];
		h->msg_controllen = sizeof(control[i]);
	}
	do {
		for (unsigned i = 0; i < BATCH; i++)
			messages[i].msg_hdr.msg_controllen = sizeof(control[i]);
		count = recvmmsg(l->fd, messages, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < count; i++)
			take(l, bytes[i], messages[i].msg_len,
			    stamp_of(&messages[i].msg_hdr));
	} while (count == (int)BATCH);
	if (count < 0 && errno == ECONNREFUSED)
		swap_refused(l);
	else if (count < 0 && errno != EAGAIN)
		swap_die("recvmmsg");
}

/* Take what came; true: answers are still waited for. */
bool swap_receive_all(void)
{
	bool waits = false;

	for (uint32_t i = 0; i < load.line_count; i++) {
		struct swap_line *l = &load.lines[i];

		receive(l);
		swap_give_up(l, swap_now_ns() - LOST_NS);
		waits |= l->oldest != l->next;
	}
	return waits;
}
