/*
 * What Unbound's configuration around the module means for the policy: what
 * answers before the module is asked, and what answers it. Found once, in init,
 * since Unbound frees its configuration while the module still runs.
 */
#ifndef DP_AROUND_H
#define DP_AROUND_H

#include <stdbool.h>
#include "module/core/status_d.h"

struct config_file;

struct dp_around {
	char in_front[128]; /* words of module-config before dynlib whose
			     * answers pass the policy by; empty: none */
	bool validates; /* a validator stands behind dynlib */
	char notes[DP_STATUS_TEXT_B]; /* what is the operator's own business,
				       * for people; empty: nothing */
};

/* id: of the module, its place in module-config. */
void dp_around_find(struct dp_around *out, const struct config_file *cfg,
    int id);

#endif
