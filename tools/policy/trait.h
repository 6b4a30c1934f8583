/*
 * What rules share with others: their audiences, and their groups, services and
 * pins, each a sorted list without doubles. A trait is collected here and then
 * packed into bytes, of which equal ones are kept once (intern.h).
 * Single-threaded.
 */
#ifndef DP_TRAIT_H
#define DP_TRAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "module/core/policy.h"
#include "module/core/policy_d.h"
#include "tools/intern.h"

/* All zero: empty and ready. */
struct dp_trait {
	bool deny; /* then there are neither services nor pins */
	uint64_t audiences;
	bool any_service; /* a rule without services is among the united */
	uint32_t *members;
	size_t member_count, member_room;
	struct dp_service_d *services;
	size_t service_count, service_room;
	struct dp_pin_d *pins;
	size_t pin_count, pin_room;
	uint8_t *packed; /* room for dp_trait_pack */
	size_t packed_room;
};

/* A packed trait's lists; borrowed as its bytes are. */
struct dp_trait_lists {
	bool deny;
	uint64_t audiences;
	uint32_t member_count, service_count, pin_count;
	const uint32_t *members;
	const struct dp_service_d *services;
	const struct dp_pin_d *pins;
};

void dp_trait_clear(struct dp_trait *t); /* keeps the room */
void dp_trait_free(struct dp_trait *t);

enum dp_err dp_trait_add_member(struct dp_trait *t, uint32_t group)
    DP_MUST_CHECK;
enum dp_err dp_trait_add_service(struct dp_trait *t, struct dp_service s)
    DP_MUST_CHECK;
enum dp_err dp_trait_add_pin(struct dp_trait *t, const struct dp_prefix *pin)
    DP_MUST_CHECK;

/* Unite t with a packed trait but for its members and audiences: deny beats
 * allow, services and pins unite, no services means any. */
enum dp_err dp_trait_unite(struct dp_trait *t, const struct dp_trait_lists *l)
    DP_MUST_CHECK;
/* Only the pins of l. */
enum dp_err dp_trait_inherit(struct dp_trait *t,
    const struct dp_trait_lists *l) DP_MUST_CHECK;

/* Take the verdict out of t: true when it denies, and then t keeps its members
 * only. */
bool dp_trait_settle(struct dp_trait *t);

/* Sort the lists and drop doubles. */
void dp_trait_sort(struct dp_trait *t);
/* Are two sorted ones the same but for their audiences? */
bool dp_trait_same(const struct dp_trait *a, const struct dp_trait *b);

/* Sort t's lists and keep it in `in`; *number is its number there. `in` holds
 * packed traits only. */
enum dp_err dp_trait_pack(struct dp_trait *t, struct dp_intern *in,
    uint32_t *number) DP_MUST_CHECK;
void dp_trait_unpack(const struct dp_intern *in, uint32_t number,
    struct dp_trait_lists *out);

#endif
