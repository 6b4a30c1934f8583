#include "dp_config.h"

#include "module/opener.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#define PAUSE_NS 200000 /* a few times for a policy of a million rules */

struct second {
	pthread_t thread;
	bool (*work)(void *arg);
	void *arg;
};

static void *run(void *arg)
{
	const struct timespec pause = { 0, PAUSE_NS };
	const struct second *s = arg;

	while (s->work(s->arg))
		(void)nanosleep(&pause, NULL);
	return NULL;
}

static bool begin(void *thread, bool (*work)(void *arg), void *arg)
{
	struct second *s = thread;
	sigset_t all, before;
	int err;

	s->work = work;
	s->arg = arg;
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&s->thread, NULL, run, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err == 0;
}

static void end(void *thread)
{
	struct second *s = thread;

	pthread_join(s->thread, NULL);
}

enum dp_err dp_opener_open(struct dp_policy **out, const char *path,
    const uint8_t *trusted, struct dp_diag *diag)
{
	struct second s;
	const struct dp_aside aside = { begin, end, &s };

	return dp_policy_open_aside(out, path, trusted, &aside, diag);
}
