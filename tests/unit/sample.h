/*
 * A small policy and what a resolver saw under it, for the tests of what reads
 * both: a rule in two groups, pins, any service, a denied name below a
 * wildcard, names with octets that separate fields and lines. The bytes are
 * made by the real writers; the clock is SAMPLE_NOW_S.
 */
#ifndef DP_SAMPLE_H
#define DP_SAMPLE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "module/core/map.h"
#include "module/core/state.h"
#include "tests/unit/unit.h"
#include "tools/policy/ruleset.h"

#define SAMPLE_NOW_S 1606039200u /* 2020-11-22T10:00:00Z */

struct sample_rule {
	const char *group;
	const char *pattern; /* "*.x" or "x" */
	const char *services; /* "tcp/80 tcp/443", "": any */
	const char *pin;      /* NULL: none */
	bool deny;
};

static const struct sample_rule sample_rules[] = {
	{ "core.dnspin", "manage.microsoft.com", "tcp/80 tcp/443",
	    "40.83.123.0/24", false },
	{ "core.dnspin", "*.manage.microsoft.com", "tcp/443", NULL, false },
	{ "apps.dnspin", "*.manage.microsoft.com", "udp/443", NULL, false },
	{ "core.dnspin", "legacy.manage.microsoft.com", "", NULL, true },
	{ "push.dnspin", "*.push.apple.com", "", NULL, false },
	{ "odd\\\"\\,\\;.dnspin", "*.odd.example", "tcp/8443", NULL, false },
};

struct sample_sighting {
	const char *name;
	const char *final; /* NULL: as name */
	const char *addr;
	uint32_t ttl_s;
	uint32_t lifetime_s;
	uint32_t ago_s; /* before SAMPLE_NOW_S */
};

static const struct sample_sighting sample_sightings[] = {
	{ "manage.microsoft.com", "manage.microsoft.com.nsatc.net",
	    "40.83.123.72", 60, 300, 100 },
	{ "manage.microsoft.com", "manage.microsoft.com.nsatc.net",
	    "40.83.123.72", 60, 300, 0 },
	{ "manage.microsoft.com", NULL, "13.76.177.110", 60, 300, 0 },
	{ "fef.manage.microsoft.com", NULL, "40.83.123.72", 900, 960, 0 },
	{ "fef.manage.microsoft.com", NULL, "2620:1ec:4e::42", 900, 960, 0 },
	{ "7-courier.push.apple.com", NULL, "17.57.144.10", 600, 660, 60 },
	{ "7-courier.push.apple.com", NULL, "2620:149:a44::a", 600, 660, 60 },
	{ "a\\\"b\\,c\\010d\\\\.odd.example", NULL, "20.43.129.7", 30, 300, 0 },
	{ "a\\\"b\\,c\\010d\\\\.odd.example", NULL, "20.43.129.8", 30, 300, 200 },
	/* never to be seen: */
	{ "manage.microsoft.com", NULL, "10.0.0.1", 900, 960, 0 },
	{ "fef.manage.microsoft.com", NULL, "fd00::1", 900, 960, 0 },
	{ "legacy.manage.microsoft.com", NULL, "40.83.123.73", 900, 960, 0 },
	{ "left.the.policy.example", NULL, "40.83.123.74", 900, 960, 0 },
	{ "x.push.apple.com", NULL, "17.57.144.11", 60, 300, 300 },
};

static inline struct dp_name sample_name(const char *text)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_name name;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&name, text, &diag), DP_OK);
	return name;
}

static inline struct dp_addr sample_addr(const char *text)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_addr addr;

	CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&addr, text, &diag), DP_OK);
	return addr;
}

static inline size_t sample_services(struct dp_service services[4],
    const char *text)
{
	char copy[64], *rest = NULL;
	size_t count = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		CU_ASSERT_FATAL(count < 4);
		CU_ASSERT_EQUAL_FATAL(
		    dp_service_from_text(&services[count++], word, NULL),
		    DP_OK);
	}
	return count;
}

static inline void sample_rule_add(struct dp_ruleset *rs, uint32_t group,
    const struct sample_rule *rule)
{
	struct dp_service services[4];
	struct dp_prefix pin;
	struct dp_diag diag = { .line = 0 };
	struct dp_rule_source source = {
		.wildcard = strncmp(rule->pattern, "*.", 2) == 0,
		.allow = !rule->deny,
		.services = services,
		.service_count = sample_services(services, rule->services),
		.pins = &pin,
		.pin_count = rule->pin ? 1 : 0,
		.line = 1,
	};

	source.base = sample_name(rule->pattern + (source.wildcard ? 2 : 0));
	if (rule->pin)
		CU_ASSERT_EQUAL_FATAL(
		    dp_prefix_from_text(&pin, rule->pin, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_ruleset_add(rs, group, &source, &diag), DP_OK);
}

/* The compiled bytes; the caller frees. */
static inline uint8_t *sample_policy_bytes(const struct dp_settings *settings,
    size_t *size_b)
{
	size_t count = sizeof(sample_rules) / sizeof(sample_rules[0]);
	uint32_t groups[sizeof(sample_rules) / sizeof(sample_rules[0])];
	struct dp_diag diag = { .line = 0 };
	struct dp_ruleset *rs = NULL;
	uint8_t *bytes = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	for (size_t i = 0; i < count; i++) {
		const char *group = sample_rules[i].group;
		struct dp_name apex = sample_name(group);
		size_t first = 0;

		while (strcmp(sample_rules[first].group, group) != 0)
			first++;
		if (first == i)
			CU_ASSERT_EQUAL_FATAL(dp_ruleset_group(rs, &apex, 1,
			    NULL, 0, &groups[i], &diag), DP_OK);
		groups[i] = groups[first];
		sample_rule_add(rs, groups[i], &sample_rules[i]);
	}
	CU_ASSERT_EQUAL_FATAL(
	    dp_ruleset_write(rs, settings, &bytes, size_b, &diag), DP_OK);
	dp_ruleset_close(&rs);
	return bytes;
}

/* A new map at path with what was seen. */
static inline void sample_map_write(const char *path)
{
	static const uint8_t key[DP_MAP_KEY_B] = { 1, 2, 3 };
	struct dp_diag diag = { .line = 0 };
	struct dp_map *map = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_map_open(&map, path, 64, key,
	    SAMPLE_NOW_S - 1000, &diag), DP_OK);
	for (size_t i = 0;
	     i < sizeof(sample_sightings) / sizeof(sample_sightings[0]); i++) {
		const struct sample_sighting *s = &sample_sightings[i];
		struct dp_name name = sample_name(s->name);
		struct dp_name final = sample_name(s->final ? s->final : s->name);
		struct dp_sighting seen = {
			.name = &name,
			.final = &final,
			.addr = sample_addr(s->addr),
			.ttl_s = s->ttl_s,
			.lifetime_s = s->lifetime_s,
		};

		CU_ASSERT_EQUAL_FATAL(dp_map_record(map, &seen,
		    SAMPLE_NOW_S - s->ago_s), DP_OK);
	}
	dp_map_close(&map);
}

/* A state directory as the resolver and the administrator leave it. */
struct sample {
	char folder[32];
	char policy_path[DP_PATH_MAX];
	char map_path[DP_PATH_MAX];
	char unbound_path[DP_PATH_MAX];
	char conf_path[DP_PATH_MAX]; /* an empty dnspin.conf */
};

static inline void sample_policy_write(const struct sample *s,
    const struct dp_settings *settings)
{
	size_t size_b = 0;
	uint8_t *bytes = sample_policy_bytes(settings, &size_b);

	CU_ASSERT_TRUE_FATAL(unit_write(s->policy_path, bytes, size_b));
	free(bytes);
}

static inline void sample_make(struct sample *s)
{
	struct dp_settings settings;

	strcpy(s->folder, "/tmp/dnspin-sample-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->folder));
	CU_ASSERT_EQUAL_FATAL(dp_state_path(s->policy_path, s->folder,
	    DP_STATE_POLICY, NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_state_path(s->map_path, s->folder,
	    DP_STATE_MAP, NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_state_path(s->unbound_path, s->folder,
	    DP_STATE_UNBOUND, NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(mkdir(s->unbound_path, 0755), 0);
	snprintf(s->conf_path, sizeof(s->conf_path), "%s/conf", s->folder);
	CU_ASSERT_TRUE_FATAL(unit_write(s->conf_path, "", 0));
	dp_settings_default(&settings);
	sample_policy_write(s, &settings);
	sample_map_write(s->map_path);
}

/* Files that a test adds it also removes. */
static inline void sample_remove(const struct sample *s)
{
	char lock_path[DP_PATH_MAX + 8];

	snprintf(lock_path, sizeof(lock_path), "%s.lock", s->map_path);
	unlink(lock_path);
	unlink(s->policy_path);
	unlink(s->map_path);
	unlink(s->conf_path);
	CU_ASSERT_EQUAL(rmdir(s->unbound_path), 0);
	CU_ASSERT_EQUAL(rmdir(s->folder), 0);
}

#endif
