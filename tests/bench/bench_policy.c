/*
 * What a policy of N rules costs: adding, writing, opening, matching.
 *
 *	tests/bench/bench_policy [N]
 *
 * Times are of this process's CPU; memory is its peak so far.
 */
#include "dp_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "module/core/policy.h"
#include "tools/ruleset.h"

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void say(const char *what, double since_s, double count)
{
	struct rusage usage;
	double took_s = cpu_s() - since_s;

	getrusage(RUSAGE_SELF, &usage);
	printf("%-8s %8.3f s  %8.1f ns each  peak %4ld MiB\n", what, took_s,
	    took_s / count * 1e9, usage.ru_maxrss / 1024);
}

static int failed(const struct dp_diag *diag)
{
	fprintf(stderr, "bench_policy: %s: %s\n", diag->object, diag->reason);
	return EXIT_FAILURE;
}

/* Names under a few thousand parents, three labels and more, a third of them
 * with their wildcard. */
static void make_rule(struct dp_rule_source *rule, unsigned i)
{
	static const struct dp_service services[2] = { { 6, 80 }, { 6, 443 } };
	unsigned n = i / 2 * 2654435761u;
	char text[80];

	snprintf(text, sizeof(text), "svc-%08x.region%u.cloud%u.%s", n,
	    n % 31, n % 4001, n % 3 ? "com" : "net");
	if (dp_name_from_text(&rule->base, text, NULL) != DP_OK)
		abort();
	rule->wildcard = i % 2;
	rule->allow = true;
	rule->services = services;
	rule->service_count = 2;
	rule->line = i + 1;
}

static enum dp_err compile(unsigned count, uint8_t **bytes, size_t *size_b,
    struct dp_diag *diag)
{
	struct dp_settings settings;
	struct dp_ruleset *rs;
	struct dp_name apex;
	double start_s = cpu_s();
	enum dp_err err = dp_ruleset_new(&rs);
	uint32_t group;

	dp_settings_default(&settings);
	if (err == DP_OK)
		err = dp_name_from_text(&apex, "bench.dnspin", diag);
	if (err == DP_OK)
		err = dp_ruleset_group(rs, &apex, 1, NULL, 0, &group, diag);
	for (unsigned i = 0; i < count && err == DP_OK; i++) {
		struct dp_rule_source rule = { .line = 0 };

		make_rule(&rule, i);
		err = dp_ruleset_add(rs, group, &rule, diag);
	}
	say("add", start_s, count);
	start_s = cpu_s();
	if (err == DP_OK)
		err = dp_ruleset_write(rs, &settings, bytes, size_b, diag);
	say("write", start_s, count);
	dp_ruleset_close(&rs);
	return err;
}

static void match(const struct dp_policy *p, unsigned count, const char *what,
    const char *front)
{
	enum { NAMES = 4096, ROUNDS = 500 };
	static struct dp_name names[NAMES];
	unsigned allowed = 0;
	double start_s;

	for (unsigned i = 0; i < NAMES; i++) {
		char text[DP_NAME_TEXT_MAX], name[DP_NAME_TEXT_MAX + 32];
		struct dp_rule_source rule;

		make_rule(&rule, i * 2654435761u % count);
		dp_name_to_text(&rule.base, text);
		snprintf(name, sizeof(name), "%s%s", front, text);
		if (dp_name_from_text(&names[i], name, NULL) != DP_OK)
			abort();
	}
	start_s = cpu_s();
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < NAMES; i++)
			allowed += dp_policy_match(p, &names[i], 0).allow;
	say(what, start_s, (double)NAMES * ROUNDS);
	if (allowed != NAMES * ROUNDS)
		printf("         %u allowed\n", allowed / ROUNDS);
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10)
				  : 1000000;
	struct dp_policy *p;
	struct dp_diag diag;
	uint8_t *bytes;
	size_t size_b;
	double start_s;

	if (count == 0 || compile(count, &bytes, &size_b, &diag) != DP_OK)
		return failed(&diag);
	start_s = cpu_s();
	if (dp_policy_from_bytes(&p, bytes, size_b, NULL, "bench", &diag) !=
	    DP_OK)
		return failed(&diag);
	say("open", start_s, count);
	match(p, count, "exact", "");
	match(p, count, "below", "a.b.");
	match(p, count, "missing", "x");
	printf("%u rules, %zu bytes\n", count, size_b);
	dp_policy_close(&p);
	free(bytes);
	return EXIT_SUCCESS;
}
