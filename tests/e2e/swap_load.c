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

#include "tests/e2e/swap_load.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 250000

struct swap_load load;

int64_t swap_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

void swap_die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* --- commands ------------------------------------------------------------ */

static void tell(void)
{
	printf("{\"seconds\": %.6f, \"sent\": %" PRIu64 ", \"answers\": %" PRIu64
	       ", \"wrong\": %" PRIu64 ", \"failed\": %" PRIu64
	       ", \"lost\": %" PRIu64 ", \"silence_us\": %" PRId64
	       ", \"judged\": {",
	    (double)(swap_now_ns() - load.since_ns) / 1e9, load.sent, load.answers,
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
		struct swap_line *l = &load.lines[i];

		for (uint16_t id = l->oldest; id != l->next; id++)
			l->questions[id % SWAP_WINDOW].policies |= load.policies;
	}
	for (uint32_t i = 0; i < load.kind_count; i++)
		load.kinds[i].judged = 0;
	load.sent = load.answers = load.wrong = load.failed = load.lost = 0;
	load.silence_ns = 0;
	load.since_ns = swap_now_ns();
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
	(void)swap_receive_all(); /* what is there belongs to the time before */
	tell();
	if (strncmp(text, "policy ", 7) == 0)
		policy_set(text + 7);
	return true;
}

/* --- beginning ----------------------------------------------------------- */

/* text: SUFFIX:POLICIES; the colon is written over. */
static bool kind_add(char *text)
{
	struct swap_kind *k = &load.kinds[load.kind_count];
	char *colon = strchr(text, ':');
	char *label = text;

	if (!colon || colon - text > 200 || load.kind_count == SWAP_KINDS_MAX)
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

static void line_open(struct swap_line *l, const struct sockaddr_in *to)
{
	int on = 1, size_b = 4 << 20;

	l->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		swap_die("socket");
	if (setsockopt(l->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0)
		swap_die("SO_TIMESTAMPNS");
	/* Only root may have more than the system's limit. */
	if (setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size_b,
		sizeof(size_b)) != 0)
		(void)setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &size_b,
		    sizeof(size_b));
	if (connect(l->fd, (const struct sockaddr *)to, sizeof(*to)) != 0)
		swap_die("connect");
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
	    load.line_count == 0 || load.line_count > SWAP_SOCKETS_MAX)
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
	load.since_ns = swap_now_ns();
	setvbuf(stdin, NULL, _IONBF, 0); /* poll must see what is left */
	/* Nothing is asked before a policy is named. */
	while (load.policies == 0)
		if (!command_next())
			return EXIT_SUCCESS;
	load.begin_ns = swap_now_ns();
	while (command_next()) {
		swap_send_due();
		(void)swap_receive_all();
	}
	while (swap_receive_all())
		(void)poll(NULL, 0, 1);
	tell();
	return EXIT_SUCCESS;
}
