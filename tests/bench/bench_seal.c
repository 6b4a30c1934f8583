/*
 * What sealing and verifying cost. A log of lines as dnspin log writes them is
 * sealed to a file, then verified from there, by one thread each:
 *
 *	tests/bench/bench_seal [MEGABYTES] [FOLDER]
 */
#include "dp_config.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/seal/seal.h"
#include "tools/seal/verify.h"

#define CHUNK_B (1u << 20)
#define NOW_US UINT64_C(1800000000000000)

static char folder[] = "/tmp/dnspin-bench-XXXXXX";
static char key[64], public_key[80], path[1024];

static void must(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	unlink(path);
	exit(EXIT_FAILURE);
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct stopwatch {
	double wall, cpu;
};

static struct stopwatch start(void)
{
	return (struct stopwatch){ seconds(CLOCK_MONOTONIC),
		seconds(CLOCK_PROCESS_CPUTIME_ID) };
}

static void say(const char *what, struct stopwatch since, uint64_t size_b,
    uint64_t lines)
{
	double wall = seconds(CLOCK_MONOTONIC) - since.wall;
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - since.cpu;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("%-8s %6.0f MB/s (%5.0f MB/s of CPU time), %.2f us a line, "
	    "%ld KiB resident at most\n", what, (double)size_b / 1e6 / wall,
	    (double)size_b / 1e6 / cpu, cpu * 1e6 / (double)lines,
	    usage.ru_maxrss);
}

static size_t line_of(char text[1024], uint64_t n)
{
	return (size_t)snprintf(text, 1024, "{\"@timestamp\":"
	    "\"2027-01-15T08:00:00.%06uZ\",\"event\":{\"kind\":\"event\","
	    "\"category\":[\"network\"],\"type\":[\"protocol\",\"allowed\"],"
	    "\"outcome\":\"success\",\"duration\":%u,\"sequence\":%llu},"
	    "\"network\":{\"transport\":\"udp\",\"protocol\":\"dns\"},"
	    "\"client\":{\"ip\":\"10.0.%u.%u\",\"port\":%u},\"dns\":{\"type\":"
	    "\"answer\",\"question\":{\"name\":\"host-%u.example.com\","
	    "\"type\":\"A\",\"class\":\"IN\"},\"response_code\":\"NOERROR\","
	    "\"header_flags\":[\"RD\"],\"resolved_ip\":[\"192.0.2.%u\"]},"
	    "\"dnspin\":{\"verdict\":\"allow\",\"rule\":\"*.example.com\","
	    "\"group\":\"core\",\"source\":\"cache\",\"security\":"
	    "\"unchecked\",\"ttl\":300,\"latency_us\":7,"
	    "\"policy\":\"0123456789abcdef\",\"ring\":0}}",
	    (unsigned)(n % 1000000), (unsigned)(n * 7919 % 100000),
	    (unsigned long long)n, (unsigned)(n / 256 % 256),
	    (unsigned)(n % 256), (unsigned)(1024 + n % 60000),
	    (unsigned)(n % 20000), (unsigned)(n % 256));
}

static uint64_t flush(struct dp_seal *s, int fd)
{
	size_t size_b;
	const char *text = dp_seal_output(s, &size_b, NULL);

	if (text)
		must(write(fd, text, size_b) == (ssize_t)size_b, path);
	dp_seal_written(s, size_b);
	return size_b;
}

/* Returns the lines. */
static uint64_t seal(uint64_t wanted_b, uint64_t *size_b)
{
	struct dp_seal_options o = { .key = key, .block_lines = 1000,
		.block_ms = 1000 };
	struct stopwatch begin = start();
	struct dp_seal *s = NULL;
	uint64_t n = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && dp_seal_open(&s, &o, NULL) == DP_OK &&
	    dp_seal_begin(s, NOW_US) == DP_OK, path);
	for (*size_b = 0; *size_b < wanted_b; n++) {
		struct dp_seal_item item = { .time_us = NOW_US + n, .id = 7,
			.number = n };
		char text[1024];

		item.line = text;
		item.line_b = line_of(text, n);
		must(dp_seal_add(s, &item, NOW_US) == DP_OK, "add");
		if (n % 256 == 0)
			*size_b += flush(s, fd);
	}
	must(dp_seal_stop(s, NOW_US) == DP_OK, "stop");
	*size_b += flush(s, fd);
	dp_seal_close(&s);
	close(fd);
	say("seal", begin, *size_b, n);
	return n;
}

static void found(void *arg, const struct dp_verify_finding *f)
{
	(void)arg;
	fprintf(stderr, "line %llu: %s\n", (unsigned long long)f->from_line,
	    f->reason);
}

static void verify(uint64_t size_b, uint64_t lines)
{
	struct stopwatch begin = start();
	struct dp_verify_options o = { .found = found };
	struct dp_verify_sum sum;
	struct dp_verify *v = NULL;
	char *chunk = malloc(CHUNK_B);
	int fd = open(path, O_RDONLY);
	ssize_t n;

	must(chunk && fd >= 0 && dp_verify_open(&v, &o) == DP_OK, path);
	dp_verify_file_begin(v, path);
	while ((n = read(fd, chunk, CHUNK_B)) > 0)
		must(dp_verify_octets(v, chunk, (size_t)n) == DP_OK, "octets");
	dp_verify_file_end(v);
	dp_verify_end(v, &sum);
	dp_verify_close(&v);
	close(fd);
	free(chunk);
	must(n == 0 && sum.findings == 0 && sum.records == lines, "verify");
	say("verify", begin, size_b, lines);
}

int main(int argc, char **argv)
{
	uint64_t size_b = argc > 1 ? strtoull(argv[1], NULL, 10) : 256;
	uint64_t lines;

	must(sodium_init() >= 0 && mkdtemp(folder) != NULL, folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	snprintf(public_key, sizeof(public_key), "%s.pub", key);
	snprintf(path, sizeof(path), "%s/dnspin-bench.log",
	    argc > 2 ? argv[2] : folder);
	must(dp_key_make(key, public_key, NULL) == DP_OK, key);
	lines = seal(size_b * 1000000, &size_b);
	verify(size_b, lines);
	unlink(path);
	unlink(key);
	unlink(public_key);
	rmdir(folder);
	return EXIT_SUCCESS;
}
