/*
 * Moving a map to another capacity without losing a live binding: a new file
 * takes the place of the old one, while writers go on. Two steps, since only
 * the caller knows when no thread writes to the old one any more:
 *
 *	dp_map_move_begin(&to, from, ...);
 *	(let every thread that records use `to`; wait until none uses `from`)
 *	dp_map_move_end(to, &from, ...);
 *
 * One thread at a time, the owner of both handles. Readers have the old map
 * until the end, then all of the new one at once: dp_map_is_left and
 * dp_map_is_at tell. Its dp_map_id is another, and its changes are counted
 * anew: who waits for a change of the old map to be acknowledged waits for the
 * dp_map_seq that the new one has after the move.
 *
 * Killed at any moment, the next dp_map_open finds every binding that either
 * map had; of its hits some may be missing.
 */
#ifndef DP_MAP_MOVE_H
#define DP_MAP_MOVE_H

#include "module/core/map.h"

/*
 * Make a map of another capacity and carry over what lives at now_s: first seen,
 * last seen, hits and ends stay. Takes as long as writing a file of that size.
 * key as for dp_map_open, another one than that map has. On failure everything
 * is as it was: DP_ERR_BUSY when another process writes to the map too,
 * DP_ERR_FULL when more bindings live than capacity, DP_ERR_IO, DP_ERR_NOMEM;
 * DP_ERR_LIMIT as dp_map_open, or the map is not at path any more.
 */
enum dp_err dp_map_move_begin(struct dp_map **to, struct dp_map *from,
    const char *path, uint32_t capacity, const uint8_t *key, uint32_t now_s,
    struct dp_diag *diag) DP_MUST_CHECK;

/*
 * Carry over what was recorded in *from since, close it, and let the new map be
 * the one at path. Nobody records in *from any more. What finds no room,
 * because more came meanwhile than the new map holds, is counted as refused
 * there. DP_ERR_IO: the new map is not at path, but the next dp_map_open there
 * finds all that it holds.
 */
enum dp_err dp_map_move_end(struct dp_map *to, struct dp_map **from,
    const char *path, uint32_t now_s, struct dp_diag *diag) DP_MUST_CHECK;

#endif
