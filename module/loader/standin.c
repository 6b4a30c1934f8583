#include "module/compat.h"

#include "module/loader/standin.h"

#include <stdarg.h>
#include <unistd.h>

#include "util/rbtree.h"

#define LINE_B 1024

enum verbosity_value verbosity = NO_VERBOSE;

static dp_standin_say_fn *say_it;

void dp_standin_log_to(dp_standin_say_fn *say, int level)
{
	say_it = say;
	verbosity = (enum verbosity_value)level;
}

int dp_standin_yes(void)
{
	return 1;
}

__attribute__((format(printf, 2, 0)))
static void say(enum dp_standin_level level, const char *format, va_list args)
{
	char line[LINE_B];

	if (!say_it)
		return;
	vsnprintf(line, sizeof(line), format, args);
	say_it((int)level, line);
}

void log_err(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(DP_STANDIN_ERROR, format, args);
	va_end(args);
}

void log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(DP_STANDIN_WARNING, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(DP_STANDIN_INFO, format, args);
	va_end(args);
}

void verbose(enum verbosity_value level, const char *format, ...)
{
	va_list args;

	if (level > verbosity)
		return;
	va_start(args, format);
	say(level >= VERB_ALGO ? DP_STANDIN_DETAIL : DP_STANDIN_INFO, format,
	    args);
	va_end(args);
}

/* The lines of log-queries and log-replies. */
void log_query(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(DP_STANDIN_INFO, format, args);
	va_end(args);
}

void log_reply(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(DP_STANDIN_INFO, format, args);
	va_end(args);
}

/* Nothing that is called gets here, but Unbound's objects name it. It does not
 * come back to who cannot go on, and does not end the server either. */
void fatal_exit(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(DP_STANDIN_ERROR, format, args);
	va_end(args);
	for (;;)
		pause();
}

/* Octets, for people who look for faults in Unbound itself. */
void log_hex(const char *msg, void *data, size_t length)
{
	(void)msg;
	(void)data;
	(void)length;
}

void log_buf(enum verbosity_value level, const char *msg,
    struct sldns_buffer *buf)
{
	(void)level;
	(void)msg;
	(void)buf;
}

/* How lines look is the server's business. */
void log_set_time_asc(int use_asc)
{
	(void)use_asc;
}

void log_thread_set(int *num)
{
	(void)num;
}

void log_ident_revert_to_default(void)
{
}

/*
 * What the module never calls as a guest: nothing is held, nobody answered
 * ahead of others, nothing admitted, and no tree of the server's walked, which
 * ends at a node that only the server knows.
 */

rbnode_type rbtree_null_node;

rbnode_type *rbtree_first(rbtree_type *tree)
{
	(void)tree;
	return RBTREE_NULL;
}

rbnode_type *rbtree_next(rbnode_type *node)
{
	(void)node;
	return RBTREE_NULL;
}

void mesh_query_done(struct mesh_state *state)
{
	(void)state;
}

void mesh_run(struct mesh_area *mesh, struct mesh_state *state,
    enum module_ev event, struct outbound_entry *e)
{
	(void)mesh;
	(void)state;
	(void)event;
	(void)e;
}

int dns_cache_store(struct module_env *env, struct query_info *qinfo,
    struct reply_info *rep, int is_referral, time_t leeway, int pside,
    struct regional *region, uint32_t flags, time_t qstarttime)
{
	(void)env;
	(void)qinfo;
	(void)rep;
	(void)is_referral;
	(void)leeway;
	(void)pside;
	(void)region;
	(void)flags;
	(void)qstarttime;
	return 0;
}

struct comm_timer *comm_timer_create(struct comm_base *base,
    void (*call)(void *), void *arg)
{
	(void)base;
	(void)call;
	(void)arg;
	return NULL;
}

void comm_timer_set(struct comm_timer *timer, struct timeval *after)
{
	(void)timer;
	(void)after;
}

void comm_timer_delete(struct comm_timer *timer)
{
	(void)timer;
}

struct ub_event_base *comm_base_internal(struct comm_base *base)
{
	(void)base;
	return NULL;
}

struct ub_event *ub_event_new(struct ub_event_base *base, int fd, short bits,
    void (*call)(int, short, void *), void *arg)
{
	(void)base;
	(void)fd;
	(void)bits;
	(void)call;
	(void)arg;
	return NULL;
}

int ub_event_add(struct ub_event *event, struct timeval *after)
{
	(void)event;
	(void)after;
	return -1;
}

void ub_event_free(struct ub_event *event)
{
	(void)event;
}
