/*
 * A healthy resolver and what dnspin status prints of it. The digest of the
 * sample's policy is no matter of these tests: it comes out as "d"s.
 */
#ifndef DP_OVERVIEWED_H
#define DP_OVERVIEWED_H

#include <sodium.h>
#include "tests/unit/golden.h"
#include "tests/unit/sample.h"
#include "tools/report/overview.h"

struct overviewed {
	struct sample sample;
	struct dp_policy *policy;
	struct dp_overview overview;
};

/* A policy with this barrier, on disk and in use. */
static inline void overviewed_barrier(struct overviewed *v, enum dp_mode mode,
    enum dp_barrier barrier)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_settings settings;

	dp_settings_default(&settings);
	settings.value[DP_SET_MODE] = mode;
	settings.value[DP_SET_BARRIER] = barrier;
	sample_policy_write(&v->sample, &settings);
	dp_policy_close(&v->policy);
	CU_ASSERT_EQUAL_FATAL(dp_policy_open(&v->policy, v->sample.policy_path,
	    NULL, &diag), DP_OK);
	v->overview.policy = v->policy;
	memcpy(v->overview.head.digest, dp_policy_digest(v->policy),
	    sizeof(v->overview.head.digest));
}

static inline void overviewed_make(struct overviewed *v)
{
	struct dp_overview *o = &v->overview;
	struct dp_diag diag = { .line = 0 };
	struct dp_map *map = NULL;

	sample_make(&v->sample);
	v->policy = NULL;
	CU_ASSERT_EQUAL_FATAL(dp_map_open_ro(&map, v->sample.map_path, &diag),
	    DP_OK);
	memset(o, 0, sizeof(*o));
	o->now_s = SAMPLE_NOW_S;
	o->has_status = true;
	o->process_exists = true;
	o->head = (struct dp_status_head){
		.pid = 4711,
		.started_s = SAMPLE_NOW_S - 3600,
		.heartbeat_s = SAMPLE_NOW_S - 1,
		.generation = 2,
		.applied_s = SAMPLE_NOW_S - 600,
		.ready = 1,
		.mode = DP_MODE_STRICT,
		.unbound = "1.17.1",
		.notes = "2 auth-zone, 1 rpz",
	};
	overviewed_barrier(v, DP_MODE_STRICT, DP_BARRIER_FAIL_CLOSED);
	for (size_t i = 0; i < DP_COUNTER_COUNT; i++)
		o->counters[i] = i * i * i * 1000;
	o->has_map = true;
	dp_map_stats(map, SAMPLE_NOW_S, &o->map);
	dp_map_close(&map);
	o->has_agent = true;
	o->agent_alive = true;
	o->agent_promises = true;
	o->behind = 4;
	o->agent = (struct dp_sync_report){
		.pid = 4712,
		.started_s = SAMPLE_NOW_S - 1800,
		.elements = 11,
		.added = 12,
		.prolonged = 13,
		.removed = 1,
		.refused = 5,
		.batches = 9,
		.errors = 2,
		.resyncs = 3,
		.trouble = "allowed4: \033no",
	};
}

static inline void overviewed_remove(struct overviewed *v)
{
	dp_policy_close(&v->policy);
	sample_remove(&v->sample);
}

/* The caller frees. */
static inline char *overviewed_text(const struct overviewed *v,
    enum dp_err (*print)(const struct dp_overview *, FILE *), size_t *size_b)
{
	char hex[2 * DP_POLICY_DIGEST_B + 1], *text = NULL, *at;
	FILE *out = open_memstream(&text, size_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(print(&v->overview, out), DP_OK);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	sodium_bin2hex(hex, sizeof(hex), dp_policy_digest(v->policy),
	    DP_POLICY_DIGEST_B);
	while ((at = strstr(text, hex)))
		memset(at, 'd', 2 * DP_POLICY_DIGEST_B);
	hex[16] = '\0'; /* as people see it */
	while ((at = strstr(text, hex)))
		memset(at, 'd', 16);
	return text;
}

#endif
