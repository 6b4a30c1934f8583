#include "dp_config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "module/core/map_private.h"

/*
 * A map of version 2, as an upgrade finds it. An address that was forgotten is
 * a device cut off until it asks again, so the map is not set aside: all stands
 * where it stood, but for the names.
 */

#define OLDER 2u
#define OLDER_SLOT_B (sizeof(struct dp_slot_d) + sizeof(struct dp_names_d))

/* Its header as one of this version. False: there is none, or it is damaged. */
static bool header_of(const struct dp_file *older, struct dp_map_d *d)
{
	uint64_t check;

	if (older->size_b < DP_MAP_HEADER_B)
		return false;
	memcpy(d, older->bytes, sizeof(*d));
	crypto_shorthash_siphash24((uint8_t *)&check, (const uint8_t *)d,
	    offsetof(struct dp_map_d, names_off), d->key);
	if (memcmp(d->magic, DP_MAP_MAGIC, sizeof(d->magic)) != 0 ||
	    d->version != OLDER || d->slot_b != OLDER_SLOT_B ||
	    d->names_off != check || d->file_b < DP_MAP_HEADER_B ||
	    d->file_b > older->size_b)
		return false;
	d->version = DP_MAP_VERSION;
	d->slot_b = sizeof(struct dp_slot_d);
	d->names_off = d->slots_off + d->slot_b * (uint64_t)d->slot_count;
	return true;
}

/* Nobody writes to either. What is torn stays so, for dp_map_mend. */
static void copy(struct dp_map *to, const struct dp_file *older)
{
	size_t slots_off = (size_t)((uint8_t *)to->slots - to->file.bytes);
	const uint8_t *slot = older->bytes + slots_off;

	memcpy(to->file.bytes + DP_MAP_HEADER_B,
	    older->bytes + DP_MAP_HEADER_B, slots_off - DP_MAP_HEADER_B);
	for (uint32_t i = 0; i < to->slot_count; i++, slot += OLDER_SLOT_B) {
		uint32_t seq;

		memcpy(&seq, slot, sizeof(seq));
		if (seq == 0)
			continue; /* never used */
		memcpy((void *)&to->slots[i], slot, sizeof(to->slots[i]));
		memcpy((void *)&to->names[i], slot + sizeof(to->slots[i]),
		    sizeof(to->names[i]));
	}
}

enum dp_err dp_map_take_older(const char *path, struct dp_diag *diag)
{
	struct dp_map map = { .lock = -1, .file = { .fd = -1 } };
	struct dp_file older = { .fd = -1 };
	char new[DP_MAP_PATH_B];
	struct dp_map_d header;
	enum dp_err err;
	bool created;

	/* What is wrong with it is said by who opens it next. */
	if (dp_file_map_rw(&older, path, 0, &created, NULL) != DP_OK)
		return DP_OK;
	if (!header_of(&older, &header)) {
		dp_file_close(&older);
		return DP_OK;
	}
	snprintf(new, sizeof(new), "%s.new", path);
	err = dp_map_make_as(&map, new, &header, diag);
	if (err == DP_OK) {
		copy(&map, &older);
		err = dp_map_place_at(&map, new, path, diag);
		if (err != DP_OK)
			unlink(new);
	}
	dp_file_close(&map.file);
	dp_file_close(&older);
	return err == DP_ERR_FORMAT ? DP_OK : err;
}
