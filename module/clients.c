#include "module/compat.h"

#include "module/clients.h"

bool dp_clients_any(const struct mesh_state *state, dp_client_fn *fn, void *arg)
{
	for (const struct mesh_reply *r = state->reply_list; r; r = r->next)
		if (fn(arg, &r->query_reply))
			return true;
	return false;
}

struct mesh_reply *dp_clients_take(struct mesh_state *state, dp_client_fn *fn,
    void *arg)
{
	struct mesh_reply **at = &state->reply_list, *taken = NULL;

	while (*at) {
		struct mesh_reply *r = *at;

		if (fn(arg, &r->query_reply)) {
			*at = r->next;
			r->next = taken;
			taken = r;
		} else {
			at = &r->next;
		}
	}
	return taken;
}

/*
 * mesh_query_done answers all who wait, clients and transfers, and counts the
 * state as one that nobody waits for: the others are taken off meanwhile, and
 * the mesh's counts put right. It leaves the question as the last client wrote
 * it, with the local-data that led there, which the state may be cached by.
 */
void dp_clients_answer(struct mesh_state *state, struct mesh_reply *taken)
{
	struct mesh_area *mesh = state->s.env->mesh;
	struct mesh_reply *rest = state->reply_list;
	struct mesh_cb *transfers = state->cb_list;
	struct query_info asked = state->s.qinfo;

	state->reply_list = taken;
	state->cb_list = NULL;
	mesh_query_done(state);
	state->reply_list = rest;
	state->cb_list = transfers;
	state->s.qinfo = asked;
	/* Who is left, or joins while a module in front goes on, must still be
	 * dropped with the state. */
	state->replies_sent = 0;
	if (!rest && !transfers)
		return;
	mesh->num_reply_states++;
	if (state->super_set.count == 0)
		mesh->num_detached_states--;
}
