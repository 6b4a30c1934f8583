/*
 * What the sources of swap_load share: swap_load.c (commands), swap_ask.c
 * (questions), swap_hear.c (answers). One thread; who cannot go on ends the
 * program.
 */
#ifndef SWAP_LOAD_H
#define SWAP_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SWAP_WINDOW 16384u /* questions that a socket remembers */
#define SWAP_KINDS_MAX 8u
#define SWAP_SOCKETS_MAX 64u

_Static_assert(65536 % SWAP_WINDOW == 0, "ids go round");

struct swap_kind {
	const char *suffix;
	uint32_t policies; /* bit 0 for A: that allow it */
	uint8_t tail[256]; /* suffix in wire form, type, class */
	size_t tail_b;
	uint64_t judged; /* answers that one verdict only was right for */
};

struct swap_question {
	bool waits;
	uint16_t id;
	uint32_t kind, number;
	uint32_t policies; /* that may have been in force since it was sent */
	int64_t sent_ns;
};

/* A socket. No question before oldest waits, nor one from next on. */
struct swap_line {
	int fd;
	uint16_t oldest, next;
	uint32_t under_way;
	int64_t silent_ns; /* since the last answer, or the first question
			    * after it; 0: nothing is waited for */
	struct swap_question questions[SWAP_WINDOW];
};

/* What is asked, and what came of it. */
extern struct swap_load {
	struct swap_kind kinds[SWAP_KINDS_MAX];
	struct swap_line lines[SWAP_SOCKETS_MAX];
	uint32_t kind_count, line_count, names;
	uint64_t rate, turn;
	int64_t begin_ns; /* RATE counts from here */
	uint32_t policies;

	/* since the last `policy` */
	int64_t since_ns, silence_ns;
	uint64_t sent, answers, wrong, failed, lost, budget;
} load;

int64_t swap_now_ns(void); /* as the kernel's stamps */
_Noreturn void swap_die(const char *what);

/* The question as it is sent; its octets. */
#define SWAP_QUESTION_MAX 300u
size_t swap_question_make(uint8_t out[SWAP_QUESTION_MAX],
    const struct swap_question *q);

/* Send what is due by now. */
void swap_send_due(void);

/* Forget what was sent before: answered, given up or never to be answered. */
void swap_give_up(struct swap_line *l, int64_t before_ns);

/* No server is there: nothing that waits will be answered. */
void swap_refused(struct swap_line *l);

/* Take and judge what came; true: answers are still waited for. */
bool swap_receive_all(void);

#endif
