#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/clients.h"

/*
 * A mesh with one state in which clients wait. The state drops its replies, so
 * that answering needs no socket; what counts here is who is left.
 */
#define CLIENTS 4

struct bench {
	struct config_file *cfg;
	struct module_env env;
	struct mesh_area mesh;
	struct mesh_state state;
	struct comm_point point;
	struct timeval now;
	struct mesh_reply replies[CLIENTS];
};

static void bench_open(struct bench *b, int clients)
{
	memset(b, 0, sizeof(*b));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->cfg = config_create());
	b->cfg->wait_limit = 0;
	b->cfg->discard_timeout = 0;
	b->env.cfg = b->cfg;
	b->env.mesh = &b->mesh;
	b->env.now_tv = &b->now;
	b->state.s.env = &b->env;
	b->state.s.is_drop = 1;
	b->point.type = comm_udp;
	rbtree_init(&b->state.super_set, &mesh_state_ref_compare);
	for (int i = clients; i-- > 0;) {
		b->replies[i].query_reply.c = &b->point;
		b->replies[i].qid = (uint16_t)i;
		b->replies[i].query_reply.client_addrlen = (socklen_t)i;
		b->replies[i].next = b->state.reply_list;
		b->state.reply_list = &b->replies[i];
	}
	b->mesh.num_reply_states = 1;
}

static void bench_close(struct bench *b)
{
	config_delete(b->cfg);
}

/* The numbers of those in the list, in order. */
static const char *numbers(const struct mesh_reply *r)
{
	static char text[CLIENTS + 1];
	size_t n = 0;

	for (; r && n < CLIENTS; r = r->next)
		text[n++] = (char)('0' + r->qid);
	text[n] = '\0';
	return text;
}

static bool is_odd(void *arg, const struct comm_reply *client)
{
	++*(int *)arg;
	return client->client_addrlen % 2 == 1;
}

static bool is_any(void *arg, const struct comm_reply *client)
{
	(void)client;
	++*(int *)arg;
	return true;
}

static void some_are_taken(void)
{
	struct mesh_reply *taken;
	struct bench b;
	int asked = 0;

	bench_open(&b, CLIENTS);
	CU_ASSERT_TRUE(dp_clients_any(&b.state, is_odd, &asked));
	CU_ASSERT_EQUAL(asked, 2); /* no further than the first */
	taken = dp_clients_take(&b.state, is_odd, &asked);
	CU_ASSERT_STRING_EQUAL(numbers(taken), "31");
	CU_ASSERT_STRING_EQUAL(numbers(b.state.reply_list), "02");
	CU_ASSERT_FALSE(dp_clients_any(&b.state, is_odd, &asked));
	CU_ASSERT_PTR_NULL(dp_clients_take(&b.state, is_odd, &asked));
	CU_ASSERT_STRING_EQUAL(numbers(b.state.reply_list), "02");
	bench_close(&b);
}

/* As the mesh counts: states with a reply, and states nobody needs. */
static void accounts_are_kept(void)
{
	static const struct {
		bool all;
		bool transfer;
		bool super;
		size_t reply_states;
		size_t detached;
		const char *left;
	} cases[] = {
		{ false, false, false, 1, 0, "02" },
		{ false, true, true, 1, 0, "02" },
		{ true, false, false, 0, 1, "" },
		{ true, true, false, 1, 0, "" },
		{ true, false, true, 0, 0, "" },
	};
	struct mesh_cb transfer = { .next = NULL };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b;
		int asked = 0;

		bench_open(&b, CLIENTS);
		b.state.cb_list = cases[i].transfer ? &transfer : NULL;
		b.state.super_set.count = cases[i].super;
		dp_clients_answer(&b.state, dp_clients_take(&b.state,
		    cases[i].all ? is_any : is_odd, &asked));
		CU_ASSERT_EQUAL(b.mesh.num_reply_states, cases[i].reply_states);
		CU_ASSERT_EQUAL(b.mesh.num_detached_states, cases[i].detached);
		CU_ASSERT_STRING_EQUAL(numbers(b.state.reply_list),
		    cases[i].left);
		CU_ASSERT_PTR_EQUAL(b.state.cb_list,
		    cases[i].transfer ? &transfer : NULL);
		/* who waits on, or joins, is dropped with the state, if it
		 * comes to that */
		CU_ASSERT_FALSE(b.state.replies_sent);
		bench_close(&b);
	}
}

UNIT_MAIN("clients", UNIT(some_are_taken), UNIT(accounts_are_kept))
