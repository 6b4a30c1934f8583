/*
 * A state directory with the folder of the rings, beside the folder of
 * folder_of.h, and what is told to them.
 */
#ifndef DP_RINGS_OF_H
#define DP_RINGS_OF_H

#include "module/core/event.h"
#include "module/core/ring.h"
#include "module/core/state.h"
#include "tests/unit/folder_of.h"

#define RINGS_MAX 3

static char rings_state[80];

static inline const char *rings_path(int ring)
{
	static char paths[RINGS_MAX][128];

	snprintf(paths[ring], sizeof(paths[ring]),
	    "%s/" DP_STATE_EVENTS "/%d", rings_state, ring);
	return paths[ring];
}

/* 0 is the state directory, the next ones lie in it. */
static inline const char *rings_folder(int i)
{
	static const char *const names[] = { "", DP_STATE_UNBOUND,
		DP_STATE_EVENTS };
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", rings_state, names[i]);
	return path;
}

static int rings_make(void)
{
	if (folder_make() != 0)
		return 1;
	snprintf(rings_state, sizeof(rings_state), "%s.state", folder_at);
	for (int i = 0; i < 3; i++)
		if (mkdir(rings_folder(i), 0755) != 0)
			return 1;
	return 0;
}

static inline void rings_empty(void)
{
	for (int i = 0; i < RINGS_MAX; i++)
		unlink(rings_path(i));
}

static int rings_remove(void)
{
	rings_empty();
	for (int i = 2; i >= 0; i--)
		if (rmdir(rings_folder(i)) != 0)
			return 1;
	return folder_remove();
}

static inline struct dp_ring *rings_open(int ring, uint64_t id, uint64_t boot)
{
	const struct dp_ring_made made = { 0, id, { boot, 0 } };
	struct dp_ring *r = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_ring_open(&r, rings_path(ring), &made, NULL),
	    DP_OK);
	return r;
}

/* The only one there is. */
static inline struct dp_ring *rings_anew(uint64_t id)
{
	rings_empty();
	return rings_open(0, id, 1);
}

static inline void rings_tell(struct dp_ring *r, const struct dp_event *e)
{
	uint64_t words[DP_EVENT_WORDS_MAX];

	CU_ASSERT_FATAL(dp_ring_write(r, DP_RING_EVENT, words,
	    dp_event_encode(words, e)));
}

#endif
