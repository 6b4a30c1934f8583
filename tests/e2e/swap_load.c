/*
 * Asks a resolver for names whose verdicts are known, at a rate, and judges
 * every answer:
 *
 *	swap_load ADDRESS PORT RATE NAMES SOCKETS SUFFIX:POLICIES...
 *
 * RATE questions a second for hXXXXXX.SUFFIX, NAMES of them below each suffix,
 * all in turn. POLICIES are letters: the policies that allow these names.
 * Standard input takes commands, each answered by a line of JSON about the time
 * since the last `policy`:
 *
 *	policy LETTERS	from now on one of these policies is in force
 *	count		nothing changes
 *
 * At its end answers are waited for, and told of in a last line.
 *
 * An answer is wrong when none of the policies that may have been in force from
 * question to answer gives it. So who changes the policy says both letters
 * before, waits for the line, and says the new letter when the change is
 * reported done: nothing is guessed about the time in between, but what both
 * policies say of a name must hold there too.
 *
 * Silence is the longest time in which a socket with questions under way got no
 * answer, by the kernel's time stamps: that this program had to wait for a
 * processor is not counted. Each socket is served by one thread of the server.
 */
#include "dp_config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 16384u /* questions that a socket remembers; divides 65536 */
#define UNDER_WAY_MAX 64u /* on a socket: less than a server's buffer holds */
#define BATCH 64u
#define KINDS_MAX 8u
#define SOCKETS_MAX 64u
#define TICK_NS 250000
#define DEBT_NS 5000000 /* what could not be sent in time is left out */
#define LOST_NS 3000000000
#define QUESTION_MAX 300u
#define ANSWER_MAX 1500u
#define SHOWN_MAX 10u

struct kind {
	const char *suffix;
	uint32_t policies; /* bit 0 for A: that allow it */
	uint8_t tail[256]; /* suffix in wire form, type, class */
	size_t tail_b;
	uint64_t judged; /* answers that one verdict only was right for */
};

struct question {
	bool waits;
	uint16_t id;
	uint32_t kind, number;
	uint32_t policies; /* that may have been in force since it was sent */
	int64_t sent_ns;
};

struct line { /* a socket; no question before oldest waits, or from next on */
	int fd;
	uint16_t oldest, next;
	uint32_t under_way;
	int64_t silent_ns; /* since the last answer, or the first question
			    * after it; 0: nothing is waited for */
	struct question questions[WINDOW];
};

static struct {
	struct kind kinds[KINDS_MAX];
	struct line lines[SOCKETS_MAX];
	uint32_t kind_count, line_count, names;
	uint64_t rate, turn;
	int64_t begin_ns; /* RATE counts from here */
	uint32_t policies;

	/* since the last `policy` */
	int64_t since_ns, silence_ns;
	uint64_t sent, answers, wrong, failed, lost, budget;
} load;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t); /* as the kernel's stamps */
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* --- questions ----------------------------------------------------------- */

static size_t question_make(uint8_t out[QUESTION_MAX], const struct question *q)
{
	const struct kind *k = &load.kinds[q->kind];
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

static bool has_room(const struct line *l)
{
	return l->under_way < UNDER_WAY_MAX &&
	    (uint16_t)(l->next - l->oldest) < WINDOW;
}

static struct question *question_next(struct line *l)
{
	struct question *q = &l->questions[l->next % WINDOW];

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
static void give_up(struct line *l, int64_t before_ns)
{
	for (; l->oldest != l->next; l->oldest++) {
		struct question *q = &l->questions[l->oldest % WINDOW];

		if (q->waits && q->sent_ns > before_ns)
			return;
		load.lost += q->waits;
		l->under_way -= q->waits;
		q->waits = false;
	}
}

/* No server is there: nothing that waits will be answered. */
static void refused(struct line *l)
{
	int64_t now = now_ns();

	if (l->silent_ns == 0)
		l->silent_ns = now;
	give_up(l, now);
}

/* Send count questions, or as many as there is room for. */
static void send_some(struct line *l, unsigned count)
{
	static uint8_t bytes[BATCH][QUESTION_MAX];
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	uint16_t first = l->next;
	unsigned made = 0;
	int sent;

	memset(messages, 0, sizeof(messages));
	for (; made < count && made < BATCH && has_room(l); made++) {
		vectors[made].iov_base = bytes[made];
		vectors[made].iov_len =
		    question_make(bytes[made], question_next(l));
		messages[made].msg_hdr.msg_iov = &vectors[made];
		messages[made].msg_hdr.msg_iovlen = 1;
	}
	if (made == 0)
		return;
	sent = sendmmsg(l->fd, messages, made, MSG_DONTWAIT);
	if (sent < 0 && errno != EAGAIN && errno != ECONNREFUSED)
		die("sendmmsg");
	/* What did not go out is taken back. */
	l->next = (uint16_t)(first + (sent > 0 ? sent : 0));
	l->under_way -= made - (unsigned)(sent > 0 ? sent : 0);
	if (sent < 0 && errno == ECONNREFUSED)
		refused(l);
	load.sent += (uint16_t)(l->next - first);
	for (uint16_t id = first; id != l->next; id++)
		l->questions[id % WINDOW].sent_ns = now_ns();
	if (l->silent_ns == 0 && l->next != first)
		l->silent_ns = l->questions[first % WINDOW].sent_ns;
}

static void send_due(void)
{
	static uint32_t first;
	int64_t now = now_ns();
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

/* --- answers ------------------------------------------------------------- */

static void show(const struct question *q, const char *said)
{
	static unsigned shown;

	if (shown++ < SHOWN_MAX)
		fprintf(stderr,
		    "swap_load: h%06" PRIx32 ".%s is %s, policies %#" PRIx32
		    "\n",
		    q->number, load.kinds[q->kind].suffix, said, q->policies);
}

static void judge(const struct question *q, const uint8_t *answer)
{
	struct kind *k = &load.kinds[q->kind];
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

/* Questions that were given up waited, too. */
static void silence(struct line *l, int64_t stamp_ns)
{
	if (stamp_ns - l->silent_ns > load.silence_ns)
		load.silence_ns = stamp_ns - l->silent_ns;
	l->silent_ns = l->under_way > 0 ? stamp_ns : 0;
}

static void take(struct line *l, const uint8_t *bytes, size_t size_b,
    int64_t stamp_ns)
{
	uint8_t asked[QUESTION_MAX];
	struct question *q;
	size_t asked_b;
	uint16_t id;

	if (size_b < 12)
		return;
	id = (uint16_t)(bytes[0] << 8 | bytes[1]);
	q = &l->questions[id % WINDOW];
	if (!q->waits || q->id != id)
		return; /* given up before */
	asked_b = question_make(asked, q);
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
	return now_ns();
}

static void receive(struct line *l)
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
		refused(l);
	else if (count < 0 && errno != EAGAIN)
		die("recvmmsg");
}

/* Take what came; true: answers are still waited for. */
static bool receive_all(void)
{
	bool waits = false;

	for (uint32_t i = 0; i < load.line_count; i++) {
		struct line *l = &load.lines[i];

		receive(l);
		give_up(l, now_ns() - LOST_NS);
		waits |= l->oldest != l->next;
	}
	return waits;
}

/* --- commands ------------------------------------------------------------ */

static void tell(void)
{
	printf("{\"seconds\": %.6f, \"sent\": %" PRIu64 ", \"answers\": %" PRIu64
	       ", \"wrong\": %" PRIu64 ", \"failed\": %" PRIu64
	       ", \"lost\": %" PRIu64 ", \"silence_us\": %" PRId64
	       ", \"judged\": {",
	    (double)(now_ns() - load.since_ns) / 1e9, load.sent, load.answers,
	    load.wrong, load.failed, load.lost, load.silence_ns / 1000);
	for (uint32_t i = 0; i < load.kind_count; i++)
		printf("%s\"%s\": %" PRIu64, i ? ", " : "",
		    load.kinds[i].suffix, load.kinds[i].judged);
	puts("}}");
	fflush(stdout);
}

static uint32_t policies_of(const char *letters)
{
	uint32_t policies = 0;

	for (; *letters >= 'A' && *letters <= 'Z'; letters++)
		policies |= UINT32_C(1) << (*letters - 'A');
	return policies;
}

static void policy_set(const char *letters)
{
	load.policies = policies_of(letters);
	for (uint32_t i = 0; i < load.line_count; i++) {
		struct line *l = &load.lines[i];

		for (uint16_t id = l->oldest; id != l->next; id++)
			l->questions[id % WINDOW].policies |= load.policies;
	}
	for (uint32_t i = 0; i < load.kind_count; i++)
		load.kinds[i].judged = 0;
	load.sent = load.answers = load.wrong = load.failed = load.lost = 0;
	load.silence_ns = 0;
	load.since_ns = now_ns();
}

/* Wait a tick; read a command when there is one. False: no more will come. */
static bool command_next(void)
{
	const struct timespec tick = { 0, TICK_NS };
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char text[64];

	if (ppoll(&in, 1, &tick, NULL) <= 0)
		return true;
	if (!fgets(text, sizeof(text), stdin))
		return false;
	(void)receive_all(); /* what is there belongs to the time before */
	tell();
	if (strncmp(text, "policy ", 7) == 0)
		policy_set(text + 7);
	return true;
}

/* --- beginning ----------------------------------------------------------- */

/* text: SUFFIX:POLICIES; the colon is written over. */
static bool kind_add(char *text)
{
	struct kind *k = &load.kinds[load.kind_count];
	char *colon = strchr(text, ':');
	char *label = text;

	if (!colon || colon - text > 200 || load.kind_count == KINDS_MAX)
		return false;
	*colon = '\0';
	k->suffix = text;
	k->policies = policies_of(colon + 1);
	while (*label) {
		size_t len = strcspn(label, ".");

		if (len == 0 || len > 63)
			return false;
		k->tail[k->tail_b++] = (uint8_t)len;
		memcpy(k->tail + k->tail_b, label, len);
		k->tail_b += len;
		label += len + (label[len] == '.');
	}
	memcpy(k->tail + k->tail_b, "\0\0\1\0\1", 5); /* root, A, IN */
	k->tail_b += 5;
	load.kind_count++;
	return true;
}

static void line_open(struct line *l, const struct sockaddr_in *to)
{
	int on = 1, size_b = 4 << 20;

	l->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		die("socket");
	if (setsockopt(l->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0)
		die("SO_TIMESTAMPNS");
	/* Only root may have more than the system's limit. */
	if (setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size_b,
		sizeof(size_b)) != 0)
		(void)setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &size_b,
		    sizeof(size_b));
	if (connect(l->fd, (const struct sockaddr *)to, sizeof(*to)) != 0)
		die("connect");
}

static bool arguments(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	if (argc < 7 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		return false;
	to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	load.rate = strtoul(argv[3], NULL, 10);
	load.names = (uint32_t)strtoul(argv[4], NULL, 10);
	load.line_count = (uint32_t)strtoul(argv[5], NULL, 10);
	if (load.rate == 0 || load.names == 0 || load.names > 1u << 24 ||
	    load.line_count == 0 || load.line_count > SOCKETS_MAX)
		return false;
	for (int i = 6; i < argc; i++)
		if (!kind_add(argv[i]))
			return false;
	for (uint32_t i = 0; i < load.line_count; i++)
		line_open(&load.lines[i], &to);
	return true;
}

int main(int argc, char **argv)
{
	if (!arguments(argc, argv)) {
		fputs("usage: swap_load ADDRESS PORT RATE NAMES SOCKETS "
		      "SUFFIX:POLICIES...\n",
		    stderr);
		return 2;
	}
	load.since_ns = now_ns();
	setvbuf(stdin, NULL, _IONBF, 0); /* poll must see what is left */
	/* Nothing is asked before a policy is named. */
	while (load.policies == 0)
		if (!command_next())
			return EXIT_SUCCESS;
	load.begin_ns = now_ns();
	while (command_next()) {
		send_due();
		(void)receive_all();
	}
	while (receive_all())
		(void)poll(NULL, 0, 1);
	tell();
	return EXIT_SUCCESS;
}
