#include "tools/cli.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What was said in this round and in the one before, by hash: two messages that
 * are taken for one are no harm. A round has few. */
static struct {
	bool on;
	size_t count[2];
	uint64_t keys[2][8];
} rounds;

void dp_cli_round(void)
{
	rounds.on = true;
	rounds.count[1] = rounds.count[0];
	memcpy(rounds.keys[1], rounds.keys[0], sizeof(rounds.keys[0]));
	rounds.count[0] = 0;
}

/* FNV-1a, the NUL included. */
static uint64_t hash(uint64_t h, const char *text)
{
	do
		h = (h ^ (uint8_t)*text) * 0x100000001b3u;
	while (*text++);
	return h;
}

bool dp_cli_first(const char *object, const char *wording)
{
	uint64_t key = hash(hash(0xcbf29ce484222325u, object), wording);
	bool first = true;

	if (!rounds.on)
		return true;
	for (int r = 0; r < 2; r++)
		for (size_t i = 0; i < rounds.count[r]; i++)
			first = first && rounds.keys[r][i] != key;
	if (rounds.count[0] < sizeof(rounds.keys[0]) / sizeof(key))
		rounds.keys[0][rounds.count[0]++] = key;
	return first;
}

/* Fill diag, which keeps off the terminal what is no text of what is quoted. */
static void fill(struct dp_diag *diag, const char *object, const char *fmt,
    va_list args)
{
	char reason[sizeof(diag->reason)];

	vsnprintf(reason, sizeof(reason), fmt, args);
	dp_diag_set(diag, object, 0, "%s", reason);
}

int dp_cli_fail(int code, const char *object, const char *fmt, ...)
{
	struct dp_diag diag;
	va_list args;

	va_start(args, fmt);
	fill(&diag, object, fmt, args);
	va_end(args);
	if (dp_cli_first(object, fmt))
		fprintf(stderr, "dnspin: %s: %s\n", diag.object, diag.reason);
	return code;
}

int dp_cli_diag(enum dp_err err, const struct dp_diag *diag)
{
	int code =
	    err == DP_ERR_SIGNATURE ? DP_EXIT_FINDING : DP_EXIT_FAILED;
	const char *reason =
	    diag->reason[0] ? diag->reason : dp_err_text(err);

	if (!dp_cli_first(diag->object, reason))
		return code;
	if (diag->object[0] && diag->line)
		fprintf(stderr, "dnspin: %s:%lu: %s\n", diag->object,
		    diag->line, reason);
	else if (diag->object[0])
		fprintf(stderr, "dnspin: %s: %s\n", diag->object, reason);
	else
		fprintf(stderr, "dnspin: %s\n", reason);
	return code;
}

int dp_cli_usage(const char *verb, const char *fmt, ...)
{
	const char *space = verb ? " " : "";
	struct dp_diag diag;
	va_list args;

	if (!verb)
		verb = "";
	va_start(args, fmt);
	fill(&diag, NULL, fmt, args);
	va_end(args);
	fprintf(stderr, "dnspin%s%s: %s\nTry 'dnspin%s%s --help'.\n", space,
	    verb, diag.reason, space, verb);
	return DP_EXIT_USAGE;
}

bool dp_cli_number(uint32_t *out, const char *verb, const char *what,
    const char *text, uint32_t most)
{
	const char *at = text;
	uint64_t n = 0;

	for (; *at >= '0' && *at <= '9' && n <= most; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	if (*at || n < 1 || n > most) {
		(void)dp_cli_usage(verb, "%s: %s must be 1 to %" PRIu32, text,
		    what, most);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

bool dp_cli_json(bool *out, const char *verb, const char *format)
{
	bool json = strcmp(format, "json") == 0;

	if (!json && strcmp(format, "text") != 0) {
		(void)dp_cli_usage(verb, "unknown format %s: text or json",
		    format);
		return false;
	}
	*out = json;
	return true;
}
