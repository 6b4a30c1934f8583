#include "dp_config.h"

#include "module/opener.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#define BEHIND 5 /* steps of nice(2): a weight of 335 beside 1024 */
#define PAUSE_NS 200000 /* a few times for a policy of a million rules */

struct second {
	pthread_t thread;
	bool (*work)(void *arg);
	void *arg;
};

struct errand {
	enum dp_err err;
	struct dp_policy **policy;
	const char *path; /* NULL: close it */
	const uint8_t *trusted;
	struct dp_diag *diag;
};

static bool start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err == 0;
}

/* --- a thread more ------------------------------------------------------- */

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

	s->work = work;
	s->arg = arg;
	return start(&s->thread, run, s);
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

/* --- behind all others --------------------------------------------------- */

static void run_errand(struct errand *e)
{
	if (e->path)
		e->err = dp_policy_open(e->policy, e->path, e->trusted,
		    e->diag);
	else
		dp_policy_close(e->policy);
}

/* In Linux both are a thread's own, and only who has rights goes back: so the
 * thread does nothing else. Out of a real-time class, too, in which Unbound may
 * have been started. No lock that others want is taken for long. */
static void *run_behind(void *arg)
{
	const struct sched_param none = { .sched_priority = 0 };

	(void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
	(void)setpriority(PRIO_PROCESS, 0,
	    getpriority(PRIO_PROCESS, 0) + BEHIND);
	run_errand(arg);
	return NULL;
}

static void go(struct errand *e)
{
	pthread_t thread;

	if (start(&thread, run_behind, e))
		pthread_join(thread, NULL);
	else
		run_errand(e);
}

enum dp_err dp_opener_open_behind(struct dp_policy **out, const char *path,
    const uint8_t *trusted, struct dp_diag *diag)
{
	struct errand e = { DP_OK, out, path, trusted, diag };

	go(&e);
	return e.err;
}

void dp_opener_close_behind(struct dp_policy **p)
{
	struct errand e = { .policy = p };

	if (*p)
		go(&e);
}
