/*
 * Which events a log holds. Each kind that is given must fit; of several of a
 * kind, one. Losses pass in any case. Single-threaded.
 */
#ifndef DP_LOG_FILTER_H
#define DP_LOG_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"
#include "module/core/event.h"

struct dp_log_filter_client;
struct dp_log_filter_name;

struct dp_log_filter { /* all zero: everything passes */
	uint64_t since_us;
	uint32_t verdicts; /* bits; 0: all */
	const char **groups; /* borrowed words */
	size_t group_count, group_room;
	struct dp_log_filter_client *clients;
	size_t client_count, client_room;
	struct dp_log_filter_name *names;
	size_t name_count, name_room;
};

/* The operands of options; on failure diag has the reason. word must outlive
 * the filter. */
enum dp_err dp_log_filter_verdict(struct dp_log_filter *f, const char *word,
    struct dp_diag *diag) DP_MUST_CHECK;
enum dp_err dp_log_filter_group(struct dp_log_filter *f, const char *word,
    struct dp_diag *diag) DP_MUST_CHECK;
/* An address, a prefix, or a pseudonym in hexadecimal digits. */
enum dp_err dp_log_filter_client(struct dp_log_filter *f, const char *word,
    struct dp_diag *diag) DP_MUST_CHECK;
/* A name, or *.x for all below x. */
enum dp_err dp_log_filter_name(struct dp_log_filter *f, const char *word,
    struct dp_diag *diag) DP_MUST_CHECK;

void dp_log_filter_free(struct dp_log_filter *f);

bool dp_log_filter_fits(const struct dp_log_filter *f,
    const struct dp_event *e);

#endif
