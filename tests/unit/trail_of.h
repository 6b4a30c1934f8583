/*
 * A ring for the events of a module without a server, and what was written to
 * it.
 */
#ifndef DP_TRAIL_OF_H
#define DP_TRAIL_OF_H

#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/core/event.h"
#include "module/core/ring.h"
#include "module/module.h"

struct trail_of {
	struct dp_module *m;
	char dir[32];
	char path[48];
	struct dp_ring *ring;
	struct dp_ring_reader *reader;
};

/* For the module's first worker. */
static inline void trail_of_open(struct trail_of *t, struct dp_module *m)
{
	static const struct dp_ring_made made = { 0, 7, { 1, 2 } };

	t->m = m;
	snprintf(t->dir, sizeof(t->dir), "/tmp/dnspin-trail.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(t->dir));
	snprintf(t->path, sizeof(t->path), "%s/0", t->dir);
	CU_ASSERT_EQUAL_FATAL(dp_ring_open(&t->ring, t->path, &made, NULL),
	    DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_ring_reader_open(&t->reader, t->path, NULL),
	    DP_OK);
	atomic_store(&m->trails.rings[0], t->ring);
}

/* The next event, borrowed until the next call; false: there is none. */
static inline bool trail_of_next(struct trail_of *t, struct dp_event *out)
{
	struct dp_ring_item item;

	if (dp_ring_next(t->reader, &item) != DP_RING_RECORD)
		return false;
	CU_ASSERT_EQUAL_FATAL(item.kind, DP_RING_EVENT);
	CU_ASSERT_EQUAL_FATAL(dp_event_decode(out, item.bytes, item.size_b),
	    DP_OK);
	return true;
}

/* The one event that there is. */
static inline struct dp_event trail_of_one(struct trail_of *t)
{
	struct dp_event e;

	memset(&e, 0, sizeof(e));
	CU_ASSERT_TRUE_FATAL(trail_of_next(t, &e));
	return e;
}

static inline void trail_of_close(struct trail_of *t)
{
	struct dp_event e;

	CU_ASSERT_FALSE(trail_of_next(t, &e)); /* all were looked at */
	atomic_store(&t->m->trails.rings[0], NULL);
	dp_ring_reader_close(&t->reader);
	dp_ring_close(&t->ring);
	CU_ASSERT_EQUAL(unlink(t->path), 0);
	CU_ASSERT_EQUAL(rmdir(t->dir), 0);
}

#endif
