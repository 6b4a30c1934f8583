/*
 * What a policy of N rules costs: adding, writing, opening, matching.
 *
 *	tests/bench/bench_policy [N [FOLDER]]
 *
 * N (1000000): half of them names, half their wildcards.
 */
#include "dp_config.h"

#include "tests/bench/bench.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "module/core/policy.h"
#include "tools/policy/ruleset.h"

static struct dp_policy *policy;
static unsigned count = 1000000;
static char path[1024];

static void must(bool done, const char *what, const struct dp_diag *diag)
{
	if (done)
		return;
	fprintf(stderr, "bench_policy: %s: %s %s\n", what, diag->object,
	    diag->reason);
	unlink(path);
	exit(EXIT_FAILURE);
}

static void say(const char *what, double since_ns)
{
	double took_ns = bench_ns(CLOCK_PROCESS_CPUTIME_ID) - since_ns;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	if (!RUNNING_ON_VALGRIND)
		printf("%s: %.3f s, %.1f ns a rule, %ld MiB at most so far\n",
		    what, took_ns / 1e9, took_ns / count,
		    usage.ru_maxrss / 1024);
}

/* --- once ---------------------------------------------------------------- */

static struct dp_ruleset *add_rules(struct dp_diag *diag)
{
	static const struct dp_service services[2] = { { 6, 80 }, { 6, 443 } };
	struct dp_ruleset *rs;
	struct dp_name apex;
	uint32_t group;

	must(dp_ruleset_new(&rs) == DP_OK &&
	    dp_name_from_text(&apex, "bench.dnspin", diag) == DP_OK &&
	    dp_ruleset_group(rs, &apex, 1, NULL, 0, &group, diag) == DP_OK,
	    "group", diag);
	for (unsigned i = 0; i < count; i++) {
		struct dp_rule_source rule = { .wildcard = i % 2 != 0,
			.allow = true, .services = services,
			.service_count = 2, .line = i + 1 };

		(void)bench_name(&rule.base, i / 2, "");
		must(dp_ruleset_add(rs, group, &rule, diag) == DP_OK, "add",
		    diag);
	}
	return rs;
}

static void compile(void)
{
	double begin = bench_ns(CLOCK_PROCESS_CPUTIME_ID);
	struct dp_diag diag = { .object = "" };
	struct dp_ruleset *rs = add_rules(&diag);
	struct dp_settings settings;
	uint8_t *bytes;
	size_t size_b;
	int fd;

	say("add", begin);
	begin = bench_ns(CLOCK_PROCESS_CPUTIME_ID);
	dp_settings_default(&settings);
	must(dp_ruleset_write(rs, &settings, &bytes, &size_b, &diag) == DP_OK,
	    "write", &diag);
	say("write", begin);
	dp_ruleset_close(&rs);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && write(fd, bytes, size_b) == (ssize_t)size_b, path,
	    &diag);
	close(fd);
	free(bytes);
	if (!RUNNING_ON_VALGRIND)
		printf("%u rules, %zu octets\n", count, size_b);
	begin = bench_ns(CLOCK_PROCESS_CPUTIME_ID);
	must(dp_policy_open(&policy, path, NULL, &diag) == DP_OK, "open",
	    &diag);
	say("open", begin);
}

/* --- operations ---------------------------------------------------------- */

static void match(uint32_t key, const char *front, bool allowed)
{
	struct dp_name name;

	if (dp_policy_match(policy, bench_name(&name, key, front), 0).allow !=
	    allowed)
		exit(EXIT_FAILURE);
}

static void match_exact(unsigned thread, uint32_t key)
{
	(void)thread;
	match(key, "", true);
}

static void match_below(unsigned thread, uint32_t key)
{
	(void)thread;
	match(key, "ab", true);
}

static void match_missing(unsigned thread, uint32_t key)
{
	(void)thread;
	match(key + count, "", false);
}

static void match_half(unsigned thread, uint32_t key)
{
	if (key % 2 != 0)
		match_exact(thread, key);
	else
		match_missing(thread, key);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		count = (unsigned)strtoul(argv[1], NULL, 10);
	if (count < 2 * BENCH_HOT)
		return EXIT_FAILURE;
	snprintf(path, sizeof(path), "%.400s/bench.policy.%ld",
	    argc > 2 ? argv[2] : "/tmp", (long)getpid());
	compile();
	bench_head("policy");
	const struct bench_op ops[] = {
		{ "the name alone", bench_name_only, NULL, NULL,
		    count / 2, BENCH_ALL },
		{ "match a name", match_exact, NULL, NULL,
		    count / 2, BENCH_ALL },
		{ "match, two below a wildcard", match_below, NULL, NULL,
		    count / 2, BENCH_ALL },
		{ "match nothing", match_missing, NULL, NULL,
		    count / 2, BENCH_ALL },
		{ "match, half nothing", match_half, NULL, NULL,
		    count / 2, BENCH_ALL },
	};
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		bench_run(&ops[i]);
	dp_policy_close(&policy);
	unlink(path);
	return EXIT_SUCCESS;
}
