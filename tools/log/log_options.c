#include "dp_config.h"

#include "tools/log/log_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/cli.h"
#include "tools/verb.h"

#define US UINT64_C(1000000)
#define SIZE_MIN_B 65536u

/* A whole number and perhaps one of the letters, which multiply by factors. */
static bool scaled(uint64_t *out, const char *word, const char *letters,
    const uint64_t *factors)
{
	unsigned long long n;
	const char *letter;
	uint64_t factor = 1;
	char *end;

	if (word[0] < '0' || word[0] > '9')
		return false;
	errno = 0;
	n = strtoull(word, &end, 10);
	if (errno != 0)
		return false;
	if (*end) {
		letter = strchr(letters, *end);
		if (!letter || end[1])
			return false;
		factor = factors[letter - letters];
	}
	if (n > INT64_MAX / factor)
		return false;
	*out = n * factor;
	return true;
}

static bool duration(uint64_t *out_s, const char *word)
{
	static const uint64_t factors[] = { 1, 60, 3600, 86400 };

	return scaled(out_s, word, "smhd", factors);
}

static bool size(uint64_t *out_b, const char *word)
{
	static const uint64_t factors[] = { 1u << 10, 1u << 20, 1u << 30 };

	return scaled(out_b, word, "KMG", factors) && *out_b >= SIZE_MIN_B;
}

/* Not February 30, which is March 2 to the C library. */
static bool is_day(const struct tm *tm)
{
	struct tm day = { .tm_year = tm->tm_year, .tm_mon = tm->tm_mon,
		.tm_mday = tm->tm_mday };

	return timegm(&day) != -1 && day.tm_mday == tm->tm_mday;
}

/* ISO 8601: a day, or with a time; with Z in UTC, else in local time. */
static bool moment(uint64_t *out_s, const char *word)
{
	static const char *const forms[] = {
		"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(word, forms[i], &tm);
		time_t t;

		if (!end || (end[0] && strcmp(end, "Z") != 0) || !is_day(&tm))
			continue;
		t = end[0] ? timegm(&tm) : mktime(&tm);
		if (t < 0)
			return false;
		*out_s = (uint64_t)t;
		return true;
	}
	return false;
}

static int wrong(char letter, const struct dp_diag *diag)
{
	return dp_cli_usage("log", "-%c %s: %s", letter, diag->object,
	    diag->reason);
}

static int since(struct dp_log_options *o, const char *word, uint64_t now_s)
{
	uint64_t at_s;

	if (duration(&at_s, word))
		at_s = at_s < now_s ? now_s - at_s : 0;
	else if (!moment(&at_s, word))
		return dp_cli_usage("log", "-S %s: write 2026-11-22T19:00:00Z, "
		    "or 10m for the last ten minutes", word);
	o->since = true;
	o->filter.since_us = at_s * US;
	return DP_EXIT_OK;
}

static int turns(struct dp_log_options *o, int letter, const char *word)
{
	struct dp_log_turns *t = &o->target.turns;

	if (letter == 's' && !size(&t->size_b, word))
		return dp_cli_usage("log", "-s %s: write a size such as 100M, "
		    "from 64K on", word);
	if (letter == 'T' && (!duration(&t->every_s, word) || !t->every_s))
		return dp_cli_usage("log", "-T %s: write a time such as 1d, "
		    "12h or 30m", word);
	return DP_EXIT_OK;
}

static int filter(struct dp_log_filter *f, char letter, const char *word)
{
	struct dp_diag diag = { .line = 0 };
	enum dp_err err = DP_OK;

	switch (letter) {
	case 'V':
		err = dp_log_filter_verdict(f, word, &diag);
		break;
	case 'c':
		err = dp_log_filter_client(f, word, &diag);
		break;
	case 'g':
		err = dp_log_filter_group(f, word, &diag);
		break;
	case 'n':
		err = dp_log_filter_name(f, word, &diag);
		break;
	}
	if (err == DP_ERR_NOMEM)
		return dp_cli_diag(err, &diag);
	return err == DP_OK ? DP_EXIT_OK : wrong(letter, &diag);
}

static int option(struct dp_log_options *o, int letter, uint64_t now_s)
{
	switch (letter) {
	case '1':
		o->once = true;
		return DP_EXIT_OK;
	case 'O':
		o->target.file = strcmp(optarg, "-") == 0 ? NULL : optarg;
		return DP_EXIT_OK;
	case 'P':
		o->target.keys.copies = optarg;
		return DP_EXIT_OK;
	case 'S':
		return since(o, optarg, now_s);
	case 'T':
	case 's':
		return turns(o, letter, optarg);
	case 'V':
	case 'c':
	case 'g':
	case 'n':
		return filter(&o->filter, (char)letter, optarg);
	case 'a':
		o->target.keys.auditor = optarg;
		return DP_EXIT_OK;
	case 'k':
		o->target.keys.key = optarg;
		return DP_EXIT_OK;
	case 'f':
		if (dp_log_format_find(&o->target.format, optarg))
			return DP_EXIT_OK;
		return dp_cli_usage("log", "unknown format %s: json, text or "
		    "dnstap", optarg);
	case 'u':
		o->target.socket = optarg;
		return DP_EXIT_OK;
	}
	return DP_EXIT_USAGE;
}

/* Do the options go together? */
static int agree(const struct dp_log_target *t)
{
	const struct dp_log_seal_keys *keys = &t->keys;

	if (t->file && t->socket)
		return dp_cli_usage("log", "-O and -u exclude each other");
	if ((t->turns.size_b || t->turns.every_s) && !t->file)
		return dp_cli_usage("log", "-%c needs a file (-O)",
		    t->turns.size_b ? 's' : 'T');
	if (keys->key && (!t->file || t->format != DP_LOG_JSON))
		return dp_cli_usage("log", "-k seals a file (-O) of JSON");
	if ((keys->auditor || keys->copies) && !keys->key)
		return dp_cli_usage("log", "-%c needs a key to seal with (-k)",
		    keys->auditor ? 'a' : 'P');
	return DP_EXIT_OK;
}

int dp_log_options_parse(struct dp_log_options *o, int argc, char **argv,
    uint64_t now_s)
{
	int letter;

	*o = (struct dp_log_options){ .once = false };
	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		int code = option(o, letter, now_s);

		if (code != DP_EXIT_OK)
			return code;
	}
	if (optind < argc)
		return dp_cli_usage("log", "unexpected argument %s",
		    argv[optind]);
	return agree(&o->target);
}

void dp_log_options_free(struct dp_log_options *o)
{
	dp_log_filter_free(&o->filter);
}
