/* dnspin verify: is a sealed log what was sealed? */
#include "dp_config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/key.h"
#include "tools/seal/verify_report.h"
#include "tools/verb.h"

#define CHUNK_B (1u << 20)
#define PROGRESS_MS 500

struct options {
	const char *key, *copies, *auditor;
	bool still_open;
	bool as_json;
	char **files;
	int file_count;
};

struct verification {
	const struct options *o;
	struct dp_verify_options check;
	struct dp_verify_report *report;
	struct dp_verify *verify;
	FILE *copies;
	uint8_t key[DP_KEY_B];
	uint8_t auditor[DP_KEY_SIGN_B];
	char *chunk;
	uint64_t done_b, total_b; /* 0: not known */
	int64_t began_ms, shown_ms; /* shown_ms 0: nothing was */
};

/* --- the command line ----------------------------------------------------- */

static int options_parse(struct options *o, int argc, char **argv)
{
	int letter;

	memset(o, 0, sizeof(*o));
	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		if (letter == 'k')
			o->key = optarg;
		else if (letter == 'P')
			o->copies = optarg;
		else if (letter == 'x')
			o->auditor = optarg;
		else if (letter == 'l')
			o->still_open = true;
		else if (letter != 'f' ||
		    !dp_cli_json(&o->as_json, "verify", optarg))
			return DP_EXIT_USAGE;
	}
	if (optind == argc)
		return dp_cli_usage("verify", "FILE is missing");
	o->files = argv + optind;
	o->file_count = argc - optind;
	return DP_EXIT_OK;
}

static bool print_plain(void *arg, const char *text, size_t size_b)
{
	(void)arg;
	return fwrite(text, 1, size_b, stdout) == size_b;
}

static int begin(struct verification *v)
{
	struct dp_verify_options *c = &v->check;
	const struct options *o = v->o;
	struct dp_diag diag;
	enum dp_err err = DP_OK;

	if (o->key)
		err = dp_key_public_read(v->key, o->key, &diag);
	if (!err && o->auditor)
		err = dp_key_secret_read(v->auditor, o->auditor, &diag);
	if (err)
		return dp_cli_diag(err, &diag);
	if (o->copies && !(v->copies = fopen(o->copies, "re")))
		return dp_cli_fail(DP_EXIT_FAILED, o->copies, "%s",
		    strerror(errno));
	v->chunk = malloc(CHUNK_B);
	/* Where lines are printed, the report does not stand among them. */
	err = dp_verify_report_open(&v->report, o->auditor ? stderr : stdout,
	    o->as_json);
	c->key = o->key ? v->key : NULL;
	c->auditor = o->auditor ? v->auditor : NULL;
	c->found = dp_verify_report_found;
	c->plain = print_plain;
	c->arg = v->report;
	c->still_open = o->still_open;
	if (!err)
		err = dp_verify_open(&v->verify, c);
	if (err || !v->chunk)
		return dp_cli_fail(DP_EXIT_FAILED, "verify", "out of memory");
	if (v->copies)
		dp_verify_copies(v->verify, v->copies, o->copies);
	return DP_EXIT_OK;
}

/* --- progress ------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void progress_begin(struct verification *v)
{
	struct stat st;

	for (int i = 0; i < v->o->file_count; i++)
		if (stat(v->o->files[i], &st) == 0 && S_ISREG(st.st_mode))
			v->total_b += (uint64_t)st.st_size;
	v->began_ms = now_ms();
}

/* For people who wait at a terminal. */
static void progress(struct verification *v)
{
	int64_t now = now_ms(), since = v->shown_ms ? v->shown_ms : v->began_ms;
	uint64_t ms = (uint64_t)(now - v->began_ms);

	if (now - since < PROGRESS_MS || !isatty(STDERR_FILENO))
		return;
	v->shown_ms = now;
	fprintf(stderr, "\r%" PRIu64 " MB", v->done_b / 1000000);
	if (v->total_b >= v->done_b)
		fprintf(stderr, " of %" PRIu64 ", %" PRIu64 " %%",
		    v->total_b / 1000000, v->done_b * 100 / v->total_b);
	fprintf(stderr, ", %" PRIu64 " MB/s ", v->done_b / 1000 / ms);
}

static void progress_end(const struct verification *v)
{
	if (v->shown_ms)
		fprintf(stderr, "\r%60s\r", "");
}

/* --- files ---------------------------------------------------------------- */

static int said_error(const struct verification *v, const char *path,
    enum dp_err err)
{
	progress_end(v);
	switch (err) {
	case DP_ERR_FORMAT:
		return dp_cli_fail(DP_EXIT_FAILED, path,
		    "is not encrypted: there is nothing to decrypt");
	case DP_ERR_SIGNATURE:
		return dp_cli_fail(DP_EXIT_FAILED, path,
		    "is encrypted for another key than that in %s",
		    v->o->auditor);
	case DP_ERR_LIMIT:
		return dp_cli_fail(DP_EXIT_FAILED, "standard output", "%s",
		    strerror(errno));
	default:
		return dp_cli_fail(DP_EXIT_FAILED, path, "%s",
		    dp_err_text(err));
	}
}

/* gzip, xz, zstd or bzip2. */
static bool is_compressed(const char *text, size_t size_b)
{
	static const char *const begins[] = { "\x1f\x8b", "\3757zXZ",
		"\x28\xb5\x2f\xfd", "BZh" };

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (size_b >= strlen(begins[i]) &&
		    memcmp(text, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static int read_file(struct verification *v, const char *path, int fd)
{
	uint64_t before_b = v->done_b;
	ssize_t n;

	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while ((n = read(fd, v->chunk, CHUNK_B)) != 0) {
		enum dp_err err;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		if (v->done_b == before_b && is_compressed(v->chunk, (size_t)n))
			return dp_cli_fail(DP_EXIT_FAILED, path, "is "
			    "compressed: decompress all files of the log in "
			    "order to standard input, and verify -");
		err = dp_verify_octets(v->verify, v->chunk, (size_t)n);
		if (err)
			return said_error(v, path, err);
		v->done_b += (uint64_t)n;
		progress(v);
	}
	if (n == 0)
		return DP_EXIT_OK;
	progress_end(v);
	return dp_cli_fail(DP_EXIT_FAILED, path, "%s", strerror(errno));
}

static int check_file(struct verification *v, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int code;

	if (fd < 0)
		return dp_cli_fail(DP_EXIT_FAILED, path, "%s",
		    strerror(errno));
	dp_verify_file_begin(v->verify, path);
	code = read_file(v, path, fd);
	if (code == DP_EXIT_OK)
		dp_verify_file_end(v->verify);
	if (!is_stdin)
		close(fd);
	return code;
}

/* Without -k the log vouches for itself, which is worth little. */
static void tell_key(const struct dp_verify_sum *sum)
{
	char key[sodium_base64_ENCODED_LEN(DP_KEY_B,
	    sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(key, sizeof(key), sum->key, sizeof(sum->key),
	    sodium_base64_VARIANT_ORIGINAL);
	fprintf(stderr, "dnspin: verify: anybody may have made this log: its "
	    "own first line names the key " DP_KEY_PUBLIC "%s; compare it, "
	    "and name the key that you trust with -k\n", key);
}

static int end(struct verification *v)
{
	struct dp_verify_sum sum;
	enum dp_err err;

	progress_end(v);
	dp_verify_end(v->verify, &sum);
	if (v->copies && ferror(v->copies))
		return dp_cli_fail(DP_EXIT_FAILED, v->o->copies, "%s",
		    strerror(errno));
	err = dp_verify_report_end(v->report, &sum);
	if (err)
		return dp_cli_fail(DP_EXIT_FAILED, "verify", "%s",
		    dp_err_text(err));
	if (fflush(stdout) != 0)
		return said_error(v, "", DP_ERR_LIMIT);
	if (!v->o->key && sum.has_chain)
		tell_key(&sum);
	return sum.findings > 0 ? DP_EXIT_FINDING : DP_EXIT_OK;
}

int dp_verb_verify(const struct dp_cli *cli, int argc, char **argv)
{
	struct options o;
	struct verification v = { .o = &o };
	int code = options_parse(&o, argc, argv);

	(void)cli;
	if (code != DP_EXIT_OK)
		return code;
	code = begin(&v);
	if (code == DP_EXIT_OK)
		progress_begin(&v);
	for (int i = 0; code == DP_EXIT_OK && i < o.file_count; i++)
		code = check_file(&v, o.files[i]);
	if (code == DP_EXIT_OK)
		code = end(&v);
	dp_verify_close(&v.verify);
	dp_verify_report_close(&v.report);
	sodium_memzero(v.auditor, sizeof(v.auditor));
	free(v.chunk);
	if (v.copies)
		fclose(v.copies);
	return code;
}
