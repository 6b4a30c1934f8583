/*
 * The kernel's sets as the mirror of bindings: what is wanted (elements with
 * ends) against what the kernel holds, and the transactions between. Knows
 * neither map nor policy nor clock: now_s is seconds since 1970.
 *
 * The kernel gets longer timeouts than bindings have lives: so a binding that
 * is prolonged a little costs nothing, and the kernel's own timeout is only the
 * net for when the agent is dead. dp_mirror_expire takes elements out in time.
 *
 * After any error the account is not sound: compare again. Single-threaded.
 */
#ifndef DP_SYNC_MIRROR_H
#define DP_SYNC_MIRROR_H

#include <stdbool.h>
#include <stdint.h>
#include "module/core/err.h"
#include "tools/export/elements.h"
#include "tools/nft/nft_link.h"

#define DP_MIRROR_SLACK_MIN_S 60u
#define DP_MIRROR_SLACK_SHARE 4u /* of the remaining life */
#define DP_MIRROR_SLICES 10u	 /* of dp_mirror_expire for all elements */

struct dp_mirror;

struct dp_mirror_counts { /* since open */
	uint64_t added;
	uint64_t prolonged;
	uint64_t removed;
	uint64_t batches;
};

enum dp_err dp_mirror_open(struct dp_mirror **out, const char *table,
    struct dp_diag *diag) DP_MUST_CHECK;
void dp_mirror_close(struct dp_mirror **m);

const char *dp_mirror_table(const struct dp_mirror *m);
const struct dp_mirror_counts *dp_mirror_counts(const struct dp_mirror *m);
size_t dp_mirror_elements(const struct dp_mirror *m);

/* dp_mirror_want refuses more elements than that; 0, as after open: any number.
 * What fills the map fills the kernel's memory. */
void dp_mirror_limit(struct dp_mirror *m, size_t most);

/*
 * The first half of a full comparison: make what is missing of table, sets and
 * chain, take e for what is wanted and read what the kernel holds. *missing:
 * how many wanted ones it has not. max_life_s: longest life of a binding.
 */
enum dp_err dp_mirror_look(struct dp_mirror *m, const struct dp_elements *e,
    uint32_t now_s, uint32_t max_life_s, size_t *missing,
    struct dp_diag *diag) DP_MUST_CHECK;
/* The second half: change what differs. */
enum dp_err dp_mirror_repair(struct dp_mirror *m, uint32_t now_s,
    struct dp_diag *diag) DP_MUST_CHECK;

/* An element that is wanted until end_s at least; in the kernel after flush at
 * the latest. DP_ERR_LIMIT: too many. */
enum dp_err dp_mirror_want(struct dp_mirror *m, const struct dp_element *e,
    uint32_t now_s, struct dp_diag *diag) DP_MUST_CHECK;
enum dp_err dp_mirror_flush(struct dp_mirror *m,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Take out what ended, among the next of DP_MIRROR_SLICES parts of all. */
enum dp_err dp_mirror_expire(struct dp_mirror *m, uint32_t now_s,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Has anybody else changed the sets since the last look, or since this was asked
 * last? Costs a system call. */
enum dp_err dp_mirror_disturbed(struct dp_mirror *m, bool *disturbed,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
