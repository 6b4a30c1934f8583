#include "dp_config.h"

#include "tests/e2e/swap_load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define UNDER_WAY_MAX 64u /* on a socket: less than a server's buffer holds */
#define BATCH 64u
#define DEBT_NS 5000000 /* what could not be sent in time is left out */

size_t swap_question_make(uint8_t out[SWAP_QUESTION_MAX],
    const struct swap_question *q)
{
	const struct swap_kind *k = &load.kinds[q->kind];
	char label[8];

	memset(out, 0, 12);
	out[0] = (uint8_t)(q->id >> 8);
	out[1] = (uint8_t)q->id;
	out[2] = 1; /* RD */
	out[5] = 1; /* QDCOUNT */
	snprintf(label, sizeof(label), "h%06x", q->number & 0xffffffu);
	out[12] = 7;
	memcpy(out + 13, label, 7);
	memcpy(out + 20, k->tail, k->tail_b);
	return 20 + k->tail_b;
}

static bool has_room(const struct swap_line *l)
{
	return l->under_way < UNDER_WAY_MAX &&
	    (uint16_t)(l->next - l->oldest) < SWAP_WINDOW;
}

static struct swap_question *question_next(struct swap_line *l)
{
	struct swap_question *q = &l->questions[l->next % SWAP_WINDOW];

	q->waits = true;
	q->id = l->next++;
	q->kind = (uint32_t)(load.turn % load.kind_count);
	q->number = (uint32_t)(load.turn / load.kind_count % load.names);
	q->policies = load.policies;
	l->under_way++;
	load.turn++;
	return q;
}

/* Move on past what was answered, and past what never will be: what was sent
 * before that time. */
void swap_give_up(struct swap_line *l, int64_t before_ns)
{
	for (; l->oldest != l->next; l->oldest++) {
		struct swap_question *q = &l->questions[l->oldest % SWAP_WINDOW];

		if (q->waits && q->sent_ns > before_ns)
			return;
		load.lost += q->waits;
		l->under_way -= q->waits;
		q->waits = false;
	}
}

/* No server is there: nothing that waits will be answered. */
void swap_refused(struct swap_line *l)
{
	int64_t now = swap_now_ns();

	if (l->silent_ns == 0)
		l->silent_ns = now;
	swap_give_up(l, now);
}

/* Send count questions, or as many as there is room for. */
static void send_some(struct swap_line *l, unsigned count)
{
	static uint8_t bytes[BATCH][SWAP_QUESTION_MAX];
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	uint16_t first = l->next;
	unsigned made = 0;
	int64_t now;
	int sent;

	memset(messages, 0, sizeof(messages));
	for (; made < count && made < BATCH && has_room(l); made++) {
		vectors[made].iov_base = bytes[made];
		vectors[made].iov_len =
		    swap_question_make(bytes[made], question_next(l));
		messages[made].msg_hdr.msg_iov = &vectors[made];
		messages[made].msg_hdr.msg_iovlen = 1;
	}
	if (made == 0)
		return;
	now = swap_now_ns(); /* not later than any of them is sent */
	sent = sendmmsg(l->fd, messages, made, MSG_DONTWAIT);
	if (sent < 0 && errno != EAGAIN && errno != ECONNREFUSED)
		swap_die("sendmmsg");
	/* What did not go out is taken back. */
	l->next = (uint16_t)(first + (sent > 0 ? sent : 0));
	l->under_way -= made - (unsigned)(sent > 0 ? sent : 0);
	if (sent < 0 && errno == ECONNREFUSED)
		swap_refused(l);
	load.sent += (uint16_t)(l->next - first);
	for (uint16_t id = first; id != l->next; id++)
		l->questions[id % SWAP_WINDOW].sent_ns = now;
	if (l->silent_ns == 0 && l->next != first)
		l->silent_ns = l->questions[first % SWAP_WINDOW].sent_ns;
}

void swap_send_due(void)
{
	static uint32_t first;
	int64_t now = swap_now_ns();
	uint64_t due;

	due = (uint64_t)(now - load.begin_ns) * load.rate / 1000000000u;
	due -= due < load.budget ? due : load.budget;
	if (due == 0)
		return;
	if (due * 1000000000u / load.rate > DEBT_NS) { /* begin anew */
		load.begin_ns = now;
		load.budget = 0;
		due = load.rate * DEBT_NS / 1000000000u;
	} else {
		load.budget += due;
	}
	for (uint32_t i = 0; i < load.line_count; i++) {
		uint64_t share = due / load.line_count +
		    (i < due % load.line_count);

		send_some(&load.lines[(first + i) % load.line_count],
		    (unsigned)share);
	}
	first++;
}
