/*
 * What the sources of the keeper share: keeper.c (thread, policy, status),
 * keeper_map.c (the map), keeper_events.c (where events go) and keeper_agent.c
 * (the firewall agent). All of it is the keeper's thread's, or init's before
 * there is one.
 */
#ifndef DP_KEEPER_PRIVATE_H
#define DP_KEEPER_PRIVATE_H

#include <pthread.h>
#include "module/core/state.h"
#include "module/keeper.h"

struct dp_keeper {
	struct dp_module *m;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* of stop */
	pthread_cond_t wake;
	bool stop;

	bool has_key;
	uint8_t key[DP_POLICY_KEY_B];
	uint64_t seen[4]; /* the policy file that was looked at last */
	/* One for each thing that can be wrong by itself: two that took turns
	 * in one text would be news at every look. */
	char policy_trouble[DP_STATUS_TEXT_B];
	char map_trouble[DP_STATUS_TEXT_B];
	char sync_trouble[DP_STATUS_TEXT_B];
	char events_trouble[DP_STATUS_TEXT_B];
	char key_trouble[DP_STATUS_TEXT_B];
	char status_trouble[DP_STATUS_TEXT_B];
	time_t fit_map_s; /* monotonic: to be tried again then; 0: now */
	time_t clock_base_s; /* the clock when the machine started */
	time_t steady_s; /* uptime at which it was set last; 0: unknown */
	time_t cut_s;	 /* the steady_s in which lives were cut */
	time_t leak_said_s; /* 0: never */
	uint64_t boot[2]; /* tells this start of the machine; 0: not yet read */
	struct {
		unsigned number; /* of its file */
		uint64_t size_b; /* as it was wanted */
	} rings[DP_EPOCH_SLOTS]; /* those of the module's trails */
	struct dp_status *spare; /* counted in until there was a file */
	struct dp_status_head head;
};

/* Keep what is wrong for the status file, and log it when it is news. */
void dp_keeper_say(char trouble[DP_STATUS_TEXT_B], const struct dp_diag *diag);

/* Of a file in the state directory; false: said. */
bool dp_keeper_path(const struct dp_keeper *k, char path[DP_PATH_MAX],
    const char *name, char trouble[DP_STATUS_TEXT_B]);

/* The module's own folder in the state directory. */
void dp_keeper_make_folder(struct dp_keeper *k);

/* Wait until no thread can act on what was in force before. */
void dp_keeper_wait_for_all(struct dp_module *m);

/* Open the map where none is open; p: the policy that is or comes in force. */
void dp_keeper_open_map(struct dp_keeper *k, const struct dp_policy *p);

/* Let go of a map that was removed, open one, and move it to the capacity of
 * the policy in force. */
void dp_keeper_look_at_map(struct dp_keeper *k);

/* Open what the events of p go to, before it comes in force; close what they do
 * not need any more, when it is; close all of it. */
void dp_keeper_open_events(struct dp_keeper *k, const struct dp_policy *p);
void dp_keeper_look_at_events(struct dp_keeper *k);
void dp_keeper_close_events(struct dp_keeper *k);

/* Before p comes in force: have at hand what its barrier needs, or the first
 * answers would find no agent. Says nothing. */
void dp_keeper_meet_agent(struct dp_keeper *k, const struct dp_policy *p);

/* Where the firewall agent says what it has confirmed is open while the policy
 * in force has a barrier. Says so when there is no agent. */
void dp_keeper_look_at_agent(struct dp_keeper *k);

#endif
