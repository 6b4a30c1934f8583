/*
 * What a list of bindings opens: addresses, or addresses with services, each
 * once. A firewall asks neither for names nor, in such lists, for clients; so
 * of what is open to some clients only nothing gets in. Single-threaded.
 */
#ifndef DP_ELEMENTS_H
#define DP_ELEMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "tools/export/export.h"

struct dp_element {
	struct dp_addr addr;
	struct dp_service service; /* protocol 0: any, or not asked for */
	uint32_t end_s;
	const uint8_t *name; /* for dp_row_name_text: one that lives longest */
	size_t others;	     /* further bindings of it */
};

struct dp_elements {
	struct dp_element *items; /* by address, then by service */
	size_t count;
	size_t left_out; /* elements that are open to some only */
};

/*
 * What is open to each of x->audiences, as long as it is to all of them. by
 * service: services that differ are elements that differ, and where any service
 * is open, each of them is. Fills x->tally. DP_ERR_NOMEM. The caller frees.
 */
enum dp_err dp_elements_make(struct dp_elements *out,
    const struct dp_export *x, bool by_service) DP_MUST_CHECK;
void dp_elements_free(struct dp_elements *e);

#endif
