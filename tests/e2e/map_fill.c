/*
 * Writes a map as a resolver would: map_fill MAP CAPACITY, with a line
 * "NAME ADDRESS TTL LIFETIME" (s) for each sighting on standard input.
 */
#include "dp_config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "module/core/map.h"

static int fail(const char *what, const struct dp_diag *diag)
{
	fprintf(stderr, "map_fill: %s: %s\n", what, diag->reason);
	return EXIT_FAILURE;
}

static int fill(struct dp_map *map)
{
	char name_text[DP_NAME_TEXT_MAX], addr_text[DP_ADDR_TEXT_MAX];
	struct dp_diag diag = { .line = 0 };
	struct dp_name name;
	struct dp_sighting s = { .name = &name };

	while (scanf("%1023s %45s %" SCNu32 " %" SCNu32, name_text, addr_text,
		   &s.ttl_s, &s.lifetime_s) == 4) {
		if (dp_name_from_text(&name, name_text, &diag))
			return fail(name_text, &diag);
		if (dp_addr_from_text(&s.addr, addr_text, &diag))
			return fail(addr_text, &diag);
		if (dp_map_record(map, &s, (uint32_t)time(NULL))) {
			dp_diag_set(&diag, NULL, 0, "no room");
			return fail(name_text, &diag);
		}
	}
	if (!feof(stdin)) {
		dp_diag_set(&diag, NULL, 0, "not NAME ADDRESS TTL LIFETIME");
		return fail("standard input", &diag);
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const uint8_t key[DP_MAP_KEY_B] = { 7 };
	struct dp_diag diag = { .line = 0 };
	struct dp_map *map = NULL;
	int code;

	if (argc != 3) {
		fputs("usage: map_fill MAP CAPACITY\n", stderr);
		return 2;
	}
	if (dp_map_open(&map, argv[1], (uint32_t)strtoul(argv[2], NULL, 10),
		key, (uint32_t)time(NULL), &diag))
		return fail(argv[1], &diag);
	code = fill(map);
	dp_map_close(&map);
	return code;
}
