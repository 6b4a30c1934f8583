/*
 * The clients that wait for a query state: a part of them can be answered while
 * the rest waits on, and so can those whose query Unbound needs the true result
 * of for itself.
 */
#ifndef DP_CLIENTS_H
#define DP_CLIENTS_H

#include <stdbool.h>

struct comm_reply;
struct mesh_reply;
struct mesh_state;

typedef bool dp_client_fn(void *arg, const struct comm_reply *client);

/* Is there one of whom fn says yes? */
bool dp_clients_any(const struct mesh_state *state, dp_client_fn *fn,
    void *arg);

/* Take all of whom fn says yes out of the state; they must be answered at
 * once. NULL: there is none. */
struct mesh_reply *dp_clients_take(struct mesh_state *state, dp_client_fn *fn,
    void *arg);

/* Answer those that were taken with the result that state has now. Whoever else
 * waits for it waits on. */
void dp_clients_answer(struct mesh_state *state, struct mesh_reply *taken);

#endif
