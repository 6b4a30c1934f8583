/*
 * Room for growing arrays: doubled when it runs out. Single-threaded.
 */
#ifndef DP_VEC_H
#define DP_VEC_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "module/core/err.h"

/* Make room for need items of item_b bytes in a malloc'd array, which has room
 * for *room. items points to the pointer to it (NULL: none yet). On failure
 * everything is as it was. */
static inline enum dp_err dp_vec_room(void *items, size_t *room, size_t need,
    size_t item_b)
{
	size_t more = *room < 16 ? 16 : *room;
	void *array, *grown;

	if (need <= *room)
		return DP_OK;
	while (more < need) {
		if (more > SIZE_MAX / 2 / item_b)
			return DP_ERR_NOMEM;
		more *= 2;
	}
	/* A pointer of any type may be copied, but not be read as void *. */
	memcpy(&array, items, sizeof(array));
	grown = realloc(array, more * item_b);
	if (!grown)
		return DP_ERR_NOMEM;
	memcpy(items, &grown, sizeof(grown));
	*room = more;
	return DP_OK;
}

#endif
