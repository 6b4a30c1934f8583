/*
 * The events of a resolver: the rings of all its threads as one stream in order
 * of time, over restarts and new rings. What was lost on the way is told where
 * it is missing. Nothing here waits or reads a clock. Single-threaded.
 */
#ifndef DP_EVENT_STREAM_H
#define DP_EVENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/event.h"

/* How long after its time an event may be written: so much later it is passed
 * on while another ring is empty. */
#define DP_STREAM_ORDER_US 50000u

struct dp_stream;

/* The rings in the state directory dir. That there is none is no error, nor that
 * one cannot be read: they are looked for again. DP_ERR_IO: the folder may not
 * be read. */
enum dp_err dp_stream_open(struct dp_stream **out, const char *dir,
    struct dp_diag *diag) DP_MUST_CHECK;

/* *s may be NULL. */
void dp_stream_close(struct dp_stream **s);

/* Before the first next: go on with what comes after event `number` of ring,
 * which had this id; where the ring has another by now, with what is there. */
enum dp_err dp_stream_resume(struct dp_stream *s, uint32_t ring, uint64_t id,
    uint64_t number) DP_MUST_CHECK;

/* Before the first next: only what is written from now on. */
void dp_stream_skip(struct dp_stream *s);

enum dp_stream_kind {
	DP_STREAM_EVENT,
	DP_STREAM_LOST, /* `lost` events of `ring` are missing */
	/* `ring` was made anew, or is an older copy: nobody knows how many are
	 * missing, or come again. */
	DP_STREAM_ANEW
};

struct dp_stream_item {
	enum dp_stream_kind kind;
	uint32_t ring;
	uint64_t id;	 /* of the ring's file */
	uint64_t number; /* of the event; LOST: of the first one after it */
	struct dp_event event;
	uint64_t lost;
	/* LOST, ANEW: the time of the last event before, 0: none was seen, and
	 * of the first one after. */
	uint64_t from_us;
	uint64_t until_us;
};

/*
 * The next one; its pointers are borrowed until the next call. False: nothing
 * to tell now; ask again in some milliseconds. now_us is the time since 1970;
 * UINT64_MAX tells all that is there, without care for what may yet come.
 */
bool dp_stream_next(struct dp_stream *s, uint64_t now_us,
    struct dp_stream_item *out);

/* A ring that is there cannot be read: why. False: all can. */
bool dp_stream_trouble(const struct dp_stream *s, struct dp_diag *diag);

/* How many rings were found. */
size_t dp_stream_count(const struct dp_stream *s);

#endif
