/*
 * Write the seeds of fuzz_map, fuzz_sync and fuzz_status: small maps with
 * bindings of all kinds and a status, each as this version of the format has it. To be run
 * after a change of a format:
 *
 *	make seeds
 */
#include "dp_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "module/core/map.h"
#include "module/core/map_d.h"
#include "module/core/status.h"

#define NOW 1800000000u

struct seen {
	const char *name, *final;
	const char *addr;
};

static const struct seen any[] = {
	{ ".", NULL, "192.0.2.0" },
	{ "a.example", NULL, "192.0.2.1" },
	{ "a.example", NULL, "c000:202::" },
	{ "manage.microsoft.com", "manage.microsoft.com.nsatc.net",
	    "192.0.2.3" },
	{ "\\000\\255.example", "b.example", "c000:204::" },
};

/* What the policy of fuzz_sync allows, and what it does not. */
static const struct seen judged[] = {
	{ "a.example", NULL, "20.0.0.1" },
	{ "a.example", "b.example", "2620:1ec::1" },
	{ "b.w.example", NULL, "10.0.0.1" },
	{ "c.d.w.example", NULL, "20.0.0.1" },
	{ "d.w.example", NULL, "20.0.0.2" },
	{ "p.example", NULL, "20.0.0.3" },
	{ "p.example", NULL, "21.0.0.3" },
	{ "c.example", NULL, "20.0.0.1" },
	{ "off.example", NULL, "20.0.0.4" },
};

static void write_map(const char *folder, const char *target,
    const struct seen *seen, size_t count)
{
	static const uint8_t key[DP_MAP_KEY_B] = "0123456789abcde";
	struct dp_map *map;
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s/version-%u", folder, target,
	    DP_MAP_VERSION);
	unlink(path);
	if (dp_map_open(&map, path, 1, key, NOW, NULL) != DP_OK)
		exit(EXIT_FAILURE);
	for (size_t i = 0; i < count; i++) {
		struct dp_name name, final;
		struct dp_sighting s = { .name = &name, .ttl_s = 60,
			.lifetime_s = 300 };

		if (dp_name_from_text(&name, seen[i].name, NULL) != DP_OK ||
		    dp_addr_from_text(&s.addr, seen[i].addr, NULL) != DP_OK)
			exit(EXIT_FAILURE);
		if (seen[i].final) {
			s.final = &final;
			if (dp_name_from_text(&final, seen[i].final, NULL) !=
			    DP_OK)
				exit(EXIT_FAILURE);
		}
		if (dp_map_record(map, &s, NOW) != DP_OK)
			exit(EXIT_FAILURE);
	}
	dp_map_close(&map);
	strcat(path, ".lock");
	unlink(path);
}

static void write_status(const char *folder)
{
	struct dp_status_head head = { .pid = 4711, .started_s = NOW,
		.heartbeat_s = NOW + 1, .generation = 2, .applied_s = NOW,
		.digest = "of the policy in force", .ready = 1, .mode = 1,
		.unbound = "1.17.1", .trouble = "what is wrong now",
		.notes = "1 auth-zone" };
	struct dp_status *s;
	char path[1024];

	snprintf(path, sizeof(path), "%s/status/version-%u", folder,
	    DP_STATUS_VERSION);
	if (dp_status_create(&s, path, NULL) != DP_OK)
		exit(EXIT_FAILURE);
	dp_status_publish(s, &head);
	for (unsigned i = 0; i < DP_COUNTER_COUNT; i++)
		dp_status_add(s, i, (enum dp_counter)i, 1000 + i);
	dp_status_close(&s);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seed_map FOLDER\n");
		return EXIT_FAILURE;
	}
	write_map(argv[1], "map", any, sizeof(any) / sizeof(any[0]));
	write_map(argv[1], "sync", judged, sizeof(judged) / sizeof(judged[0]));
	write_status(argv[1]);
	return EXIT_SUCCESS;
}
