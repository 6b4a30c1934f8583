/*
 * Write the seeds of fuzz_policy into a folder: policies of each shape that the
 * reader knows. To be run after a change of the format:
 *
 *	make seeds
 */
#include "dp_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/policy/policy_write.h"
#include "tools/policy/ruleset.h"

/* A folder's worth of rules: group number, pattern, and what goes with it; the
 * pins of "@" are the clients that the group is limited to. */
struct line {
	const char *file; /* NULL: the same as the one before */
	unsigned group;
	const char *base; /* NULL: only the group */
	bool wildcard, allow;
	unsigned services, pins;
};

static const struct line lines[] = {
	{ "empty", 0, NULL, false, false, 0, 0 },
	{ "exact", 0, "a.example", false, true, 0, 0 },
	{ "wildcard", 0, "example", true, true, 1, 0 },
	{ "root", 0, ".", true, true, 0, 0 },
	{ NULL, 0, ".", false, true, 0, 0 },
	{ "mixed", 0, "a.example", false, true, 2, 2 },
	{ NULL, 1, "a.example", false, true, 1, 3 },
	{ NULL, 1, "a.example", true, false, 0, 0 },
	{ NULL, 1, "b.a.example", false, true, 3, 0 },
	{ NULL, 2, "\\000\\255.example", true, true, 0, 4 },
	{ NULL, 2, "example", true, true, 0, 1 },
	{ "audiences", 0, "a.example", true, true, 1, 1 },
	{ NULL, 0, "@", false, true, 0, 2 },
	{ NULL, 1, "a.example", true, true, 2, 2 },
	{ NULL, 1, "b.a.example", false, true, 0, 0 },
	{ NULL, 1, "@", false, true, 0, 3 },
	{ NULL, 2, "b.a.example", false, true, 1, 3 },
	{ NULL, 2, "a.example", true, false, 0, 0 },
	{ "signed", 0, "a.example", false, true, 1, 1 },
};

static void add(struct dp_ruleset *rs, uint32_t group, const struct line *line)
{
	struct dp_service services[4];
	struct dp_prefix pins[4];
	struct dp_rule_source rule = { .wildcard = line->wildcard,
		.allow = line->allow, .services = services,
		.service_count = line->services, .pins = pins,
		.pin_count = line->pins };

	for (unsigned i = 0; i < 4; i++) {
		services[i] = (struct dp_service){ i % 2 ? 6 : 17,
			(uint16_t)(443 + i) };
		pins[i] = (struct dp_prefix){
			{ i % 2 ? 6 : 4, { (uint8_t)(32 + i) } }, 8
		};
	}
	if (strcmp(line->base, "@") == 0) {
		if (dp_ruleset_limit(rs, group, pins, line->pins, NULL) !=
		    DP_OK)
			abort();
		return;
	}
	if (dp_name_from_text(&rule.base, line->base, NULL) != DP_OK ||
	    dp_ruleset_add(rs, group, &rule, NULL) != DP_OK)
		abort();
}

/* Write the policy of lines[first] and those that belong to it. */
static size_t write_seed(const char *folder, size_t first)
{
	static const uint8_t secret[64] = { 1 };
	const size_t count = sizeof(lines) / sizeof(lines[0]);
	struct dp_settings settings;
	struct dp_ruleset *rs;
	uint32_t group[3];
	size_t i = first, size_b;
	char path[1024];
	uint8_t *bytes;
	FILE *out;

	if (dp_ruleset_new(&rs) != DP_OK)
		abort();
	for (unsigned g = 0; g < 3; g++) {
		char text[16];
		struct dp_name apex;

		snprintf(text, sizeof(text), "g%u.dnspin", g);
		if (dp_name_from_text(&apex, text, NULL) != DP_OK ||
		    dp_ruleset_group(rs, &apex, g, (const uint8_t *)"\3t=x", 4,
			&group[g], NULL) != DP_OK)
			abort();
	}
	for (; i < count && (i == first || !lines[i].file); i++)
		if (lines[i].base)
			add(rs, group[lines[i].group], &lines[i]);
	dp_settings_default(&settings);
	if (dp_ruleset_write(rs, &settings, &bytes, &size_b, NULL) != DP_OK)
		abort();
	if (strcmp(lines[first].file, "signed") == 0)
		dp_policy_sign(bytes, size_b, secret);
	snprintf(path, sizeof(path), "%s/%s", folder, lines[first].file);
	out = fopen(path, "wb");
	if (!out || fwrite(bytes, 1, size_b, out) != size_b ||
	    fclose(out) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	free(bytes);
	dp_ruleset_close(&rs);
	return i;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seed_policy FOLDER\n");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]);)
		i = write_seed(argv[1], i);
	return EXIT_SUCCESS;
}
