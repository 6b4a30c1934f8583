/*
 * Events: what the audit trail says of one answer to one client. Encoding is
 * for the resolver's threads and does nothing but copy; decoding distrusts every
 * octet. Pure functions on the caller's memory, for any thread.
 */
#ifndef DP_EVENT_H
#define DP_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "module/core/err.h"
#include "module/core/event_d.h"
#include "module/core/name.h"
#include "module/core/ring.h"

enum dp_event_verdict {
#define DP_EVENT_VERDICT(id, word, text) DP_EVENT_VERDICT_##id,
#include "module/core/event.def"
#undef DP_EVENT_VERDICT
	DP_EVENT_VERDICT_COUNT
};
enum dp_event_source {
#define DP_EVENT_SOURCE(id, word, text) DP_EVENT_SOURCE_##id,
#include "module/core/event.def"
#undef DP_EVENT_SOURCE
	DP_EVENT_SOURCE_COUNT
};
enum dp_event_transport {
#define DP_EVENT_TRANSPORT(id, word, text) DP_EVENT_TRANSPORT_##id,
#include "module/core/event.def"
#undef DP_EVENT_TRANSPORT
	DP_EVENT_TRANSPORT_COUNT
};
enum dp_event_security {
#define DP_EVENT_SECURITY(id, word, text) DP_EVENT_SECURITY_##id,
#include "module/core/event.def"
#undef DP_EVENT_SECURITY
	DP_EVENT_SECURITY_COUNT
};
enum dp_event_flag {
#define DP_EVENT_FLAG(id, bit, word, text) DP_EVENT_##id = 1u << (bit),
#include "module/core/event.def"
#undef DP_EVENT_FLAG
};

/* The tables of event.def, by number: flags by bit. */
struct dp_event_word {
	const char *word;
	const char *text;
};
extern const struct dp_event_word dp_event_verdicts[DP_EVENT_VERDICT_COUNT];
extern const struct dp_event_word dp_event_sources[DP_EVENT_SOURCE_COUNT];
extern const struct dp_event_word dp_event_transports[DP_EVENT_TRANSPORT_COUNT];
extern const struct dp_event_word dp_event_securities[DP_EVENT_SECURITY_COUNT];
#define DP_EVENT_FLAGS_MAX 32
/* Ends with a NULL word. */
extern const struct dp_event_word dp_event_flags[DP_EVENT_FLAGS_MAX + 1];

/*
 * An event as the writer gathers it. Borrowed pointers; counts above the limits
 * of event_d.h are cut, and marked so.
 */
struct dp_event {
	struct dp_event_d fixed; /* but the lengths and counts */
	const uint8_t *name;	 /* canonical wire form */
	size_t name_b;
	const char *group; /* not NUL-terminated */
	size_t group_b;	   /* cut at 255 */
	const uint8_t (*v4)[4];
	size_t v4_count;
	const uint8_t (*v6)[16];
	size_t v6_count;
};

#define DP_EVENT_WORDS_MAX (DP_RING_PAYLOAD_MAX / 8)

/* The words of the record; returns their count. */
size_t dp_event_encode(uint64_t words[DP_EVENT_WORDS_MAX],
    const struct dp_event *e);

/* What was decoded: pointers are borrowed from bytes. Everything is in range:
 * words below their counts, the name canonical (name_b 0: not known), rule_at
 * the begin of a label of it. group may hold any octets. */
enum dp_err dp_event_decode(struct dp_event *out, const uint8_t *bytes,
    size_t size_b) DP_MUST_CHECK;

/* The name; false: it is not known. */
bool dp_event_name(const struct dp_event *e, struct dp_name *out);

/* The pattern as text, "*.x" or "x"; false: no rule. */
bool dp_event_rule_text(const struct dp_event *e, char text[DP_NAME_TEXT_MAX]);

/* The client as text: an address, a prefix, a pseudonym in hexadecimal digits;
 * "" where there is none. */
#define DP_EVENT_CLIENT_TEXT_MAX DP_PREFIX_TEXT_MAX
void dp_event_client_text(const struct dp_event *e,
    char text[DP_EVENT_CLIENT_TEXT_MAX]);

#endif
