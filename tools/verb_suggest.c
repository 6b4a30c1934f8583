/* dnspin suggest: rules for the off-list names that were asked. */
#include "dp_config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/idna.h"
#include "tools/report/suggest_read.h"
#include "tools/verb.h"

#define SERVICES_MAX 16
#define SUFFIXES_MAX 64
#define WHY_NAMES 20 /* shown of a rule, at most */
#define NS_PER_US 1000
#define US_PER_S UINT64_C(1000000)
#define LOOK_NS 10000000 /* between looks at the rings */

struct options {
	uint32_t seconds;
	uint32_t min_queries;
	uint32_t min_names;
	struct dp_name suffixes[SUFFIXES_MAX];
	size_t suffix_count;
	struct dp_service services[SERVICES_MAX];
	size_t service_count;
	bool any;
	bool denied;
	bool absent;
	bool why;
	struct dp_name name;
};

/* --- command line --------------------------------------------------------- */

static bool name(struct dp_name *out, const char *text)
{
	struct dp_diag diag;

	if (dp_idna_name(out, text, &diag) == DP_OK)
		return true;
	dp_cli_usage("suggest", "%s: %s", diag.object, diag.reason);
	return false;
}

static bool suffix(struct options *o, const char *text)
{
	struct dp_name *to = &o->suffixes[o->suffix_count];

	if (o->suffix_count == SUFFIXES_MAX) {
		dp_cli_usage("suggest", "more than %d suffixes",
		    SUFFIXES_MAX);
		return false;
	}
	if (!name(to, strncmp(text, "*.", 2) == 0 ? text + 2 : text))
		return false;
	if (to->len == 1) {
		dp_cli_usage("suggest", "%s: a wildcard on the root allows "
		    "everything", text);
		return false;
	}
	o->suffix_count++;
	return true;
}

static bool service(struct options *o, const char *text)
{
	struct dp_diag diag;

	if (strcmp(text, "any") == 0)
		return o->any = true;
	if (o->service_count == SERVICES_MAX) {
		dp_cli_usage("suggest", "more than %d services",
		    SERVICES_MAX);
		return false;
	}
	if (dp_service_from_text(&o->services[o->service_count++], text,
		&diag) == DP_OK)
		return true;
	dp_cli_usage("suggest", "%s: %s", text, diag.reason);
	return false;
}

static bool option(struct options *o, int letter)
{
	switch (letter) {
	case 't':
		return dp_cli_number(&o->seconds, "suggest", "SECONDS", optarg,
		    INT32_MAX);
	case 'm':
		return dp_cli_number(&o->min_queries, "suggest", "QUERIES",
		    optarg, INT32_MAX);
	case 'k':
		return dp_cli_number(&o->min_names, "suggest", "NAMES",
		    optarg, INT32_MAX);
	case 'w':
		return suffix(o, optarg);
	case 's':
		return service(o, optarg);
	case 'r':
		return o->denied = true;
	case 'x':
		return o->absent = true;
	case 'y':
		return o->why = name(&o->name, optarg);
	default:
		return false;
	}
}

static int options_parse(struct options *o, int argc, char **argv)
{
	int letter;

	*o = (struct options){ .min_queries = 1, .min_names = 3 };
	while ((letter = dp_verb_getopt(argc, argv)) != -1)
		if (!option(o, letter))
			return DP_EXIT_USAGE;
	if (o->seconds > 0 && optind < argc)
		return dp_cli_usage("suggest",
		    "-t follows the resolver: it goes with no LOG");
	if (o->any && o->service_count > 0)
		return dp_cli_usage("suggest",
		    "-s any goes with no other service");
	if (!o->any && o->service_count == 0)
		o->services[o->service_count++] = (struct dp_service){ 6, 443 };
	return DP_EXIT_OK;
}

/* --- reading -------------------------------------------------------------- */

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * US_PER_S +
	    (uint64_t)t.tv_nsec / NS_PER_US;
}

static int read_rings(const struct dp_cli *cli, struct dp_suggest *s,
    struct dp_suggest_read *r, uint32_t seconds)
{
	const struct timespec pause = { 0, LOOK_NS };
	uint64_t end_us = now_us() + seconds * US_PER_S;
	struct dp_diag diag = { .line = 0 };
	struct dp_stream *stream;
	enum dp_err err = dp_stream_open(&stream, cli->state_dir, &diag);
	bool any;

	if (err != DP_OK)
		return dp_cli_diag(err, &diag);
	while (err == DP_OK && seconds > 0 && now_us() < end_us) {
		err = dp_suggest_read_stream(s, r, stream, now_us(), &diag);
		nanosleep(&pause, NULL);
	}
	if (err == DP_OK)
		err = dp_suggest_read_stream(s, r, stream, UINT64_MAX, &diag);
	any = dp_stream_count(stream) > 0;
	if (err == DP_OK && dp_stream_trouble(stream, &diag))
		err = DP_ERR_IO;
	dp_stream_close(&stream);
	if (err != DP_OK)
		return dp_cli_diag(err, &diag);
	if (!any)
		return dp_cli_fail(DP_EXIT_FAILED, cli->state_dir,
		    "no events: has a resolver run here, with event-ring "
		    "above 0?");
	return DP_EXIT_OK;
}

static int read_all(const struct dp_cli *cli, const struct options *o,
    struct dp_suggest *s, struct dp_suggest_read *r, int argc, char **argv)
{
	struct dp_diag diag = { .line = 0 };
	enum dp_err err = DP_OK;

	if (optind == argc)
		return read_rings(cli, s, r, o->seconds);
	for (int i = optind; err == DP_OK && i < argc; i++)
		err = dp_suggest_read_log(s, r, argv[i], &diag);
	return err == DP_OK ? DP_EXIT_OK : dp_cli_diag(err, &diag);
}

/* --- printing ------------------------------------------------------------- */

static void say_time(uint64_t time_us)
{
	time_t s = (time_t)(time_us / US_PER_S);
	char text[32];
	struct tm tm;

	if (time_us > 0 && gmtime_r(&s, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &tm) > 0)
		printf("%s", text);
	else
		printf("?");
}

static void say_count(uint64_t n, const char *one, const char *many)
{
	printf("%" PRIu64 " %s", n, n == 1 ? one : many);
}

static void say_evidence(const struct dp_suggestion *s)
{
	say_count(s->queries, "query", "queries");
	if (s->wildcard)
		printf(" for %" PRIu32 " names", s->names);
	if (s->clients > 0) {
		printf(" by ");
		say_count(s->clients, "client", "clients");
	}
	printf(", ");
	say_time(s->first_us);
	printf(" to ");
	say_time(s->last_us);
	putchar('\n');
}

static void say_pattern(const struct dp_suggestion *s)
{
	char text[DP_NAME_TEXT_MAX];

	(void)dp_name_to_text(&s->base, text);
	printf("%s%s", s->wildcard ? "*." : "", text);
}

static void say_rule(const struct options *o, const struct dp_suggestion *s)
{
	char text[DP_SERVICE_TEXT_MAX];

	printf("\n; ");
	say_evidence(s);
	say_pattern(s);
	printf(" TXT \"allow\"");
	for (size_t i = 0; i < o->service_count; i++) {
		(void)dp_service_to_text(o->services[i], text);
		printf(" \"%s\"", text);
	}
	putchar('\n');
}

static void say_read(const struct dp_suggest *s,
    const struct dp_suggest_read *r)
{
	printf("; %" PRIu64 " events read, %" PRIu64 " of them off-list",
	    r->events, r->off_list);
	if (r->lost > 0)
		printf(", %" PRIu64 " missing", r->lost);
	putchar('\n');
	if (r->nxdomains > 0) {
		printf("; left out: ");
		say_count(r->nxdomains, "query", "queries");
		printf(" for names that do not exist (-x)\n");
	}
	if (dp_suggest_odd(s) > 0) {
		printf("; left out: ");
		say_count(dp_suggest_odd(s), "query", "queries");
		printf(" for names that no rule can name\n");
	}
	if (dp_suggest_dropped(s) > 0) {
		printf("; left out: ");
		say_count(dp_suggest_dropped(s), "query", "queries");
		printf(" for more names, after the first %u\n",
		    DP_SUGGEST_NAMES_MAX);
	}
	if (dp_suggest_anonymous(s) > 0) {
		printf("; counted without their clients: ");
		say_count(dp_suggest_anonymous(s), "query", "queries");
		putchar('\n');
	}
}

static void say_zone(const struct options *o, const struct dp_suggest *s,
    const struct dp_suggest_read *r, const struct dp_suggestion *list,
    size_t count)
{
	printf("; Proposed by dnspin suggest: strike out what nobody needs.\n");
	say_read(s, r);
	printf("$ORIGIN %s\n$TTL 3600\n"
	       "@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60\n"
	       "@ NS localhost.\n", DP_SUGGEST_ORIGIN);
	for (size_t i = 0; i < count; i++)
		say_rule(o, &list[i]);
	if (count == 0)
		printf("\n; Nothing to propose.\n");
}

static bool covers(const struct dp_suggestion *s, const struct dp_name *name)
{
	if (!s->wildcard)
		return dp_name_equal(name, &s->base);
	return dp_name_within(name, &s->base) &&
	    !dp_name_equal(name, &s->base);
}

static void say_names(struct dp_suggest *s, const struct dp_suggestion *rule)
{
	for (uint32_t i = 0; i < rule->names && i < WHY_NAMES; i++) {
		struct dp_suggestion one;

		dp_suggest_name(s, rule->first + i, &one);
		printf("    ");
		say_pattern(&one);
		printf(": ");
		say_evidence(&one);
	}
	if (rule->names > WHY_NAMES)
		printf("    and %" PRIu32 " more\n", rule->names - WHY_NAMES);
}

static void say_why_none(const char *name, const struct dp_suggest_read *r)
{
	if (r->nxdomains_asked_for == 0) {
		printf("%s: no rule, since it was not asked off the list "
		       "often enough\n", name);
		return;
	}
	printf("%s: no rule, since it does not exist: ", name);
	say_count(r->nxdomains_asked_for, "query", "queries");
	printf(" left out (-x)\n");
}

static int say_why(const struct options *o, struct dp_suggest *s,
    const struct dp_suggest_read *r, const struct dp_suggestion *list,
    size_t count)
{
	char text[DP_NAME_TEXT_MAX];

	(void)dp_name_to_text(&o->name, text);
	for (size_t i = 0; i < count; i++) {
		if (!covers(&list[i], &o->name))
			continue;
		printf("%s: ", text);
		say_pattern(&list[i]);
		if (list[i].wildcard)
			printf(", since %u or more names stand side by side "
			       "below it\n", o->min_names);
		else
			printf(", since no %u names stand side by side below "
			       "a name of its owner\n", o->min_names);
		printf("  ");
		say_evidence(&list[i]);
		say_names(s, &list[i]);
		return DP_EXIT_OK;
	}
	say_why_none(text, r);
	return DP_EXIT_FINDING;
}

static int make_and_say(const struct options *o, struct dp_suggest *s,
    const struct dp_suggest_read *r)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_suffix_list *suffixes;
	struct dp_suggestion *list = NULL;
	size_t count = 0;
	int code = DP_EXIT_OK;
	enum dp_err err = dp_suffixes_open(&suffixes, o->suffixes,
	    o->suffix_count, &diag);

	if (err != DP_OK)
		return dp_cli_diag(err, &diag);
	err = dp_suggest_make(s, suffixes, o->min_queries, o->min_names, &list,
	    &count);
	dp_suffixes_close(&suffixes);
	if (err != DP_OK)
		return dp_cli_fail(DP_EXIT_FAILED, NULL, "out of memory");
	if (o->why)
		code = say_why(o, s, r, list, count);
	else
		say_zone(o, s, r, list, count);
	free(list);
	return code;
}

int dp_verb_suggest(const struct dp_cli *cli, int argc, char **argv)
{
	struct dp_suggest_read read = { .denied = false };
	struct dp_diag diag = { .line = 0 };
	struct dp_suggest *s;
	struct options o;
	int code = options_parse(&o, argc, argv);

	if (code != DP_EXIT_OK)
		return code;
	if (dp_suggest_open(&s, &diag) != DP_OK)
		return dp_cli_diag(DP_ERR_NOMEM, &diag);
	read.denied = o.denied;
	read.absent = o.absent;
	read.asked_for = o.name;
	code = read_all(cli, &o, s, &read, argc, argv);
	if (code == DP_EXIT_OK && read.other > 0)
		dp_cli_fail(DP_EXIT_OK, "suggest", "%" PRIu64 " %s of dnspin "
		    "log -f json", read.other, read.other == 1 ?
		    "line is no event" : "lines are no events");
	if (code == DP_EXIT_OK && read.boxes > 0)
		dp_cli_fail(DP_EXIT_OK, "suggest", "%" PRIu64 " %s encrypted: "
		    "dnspin verify -x decrypts", read.boxes,
		    read.boxes == 1 ? "line is" : "lines are");
	if (code == DP_EXIT_OK && read.other + read.boxes > 0 &&
	    read.events == 0)
		code = DP_EXIT_FAILED;
	if (code == DP_EXIT_OK)
		code = make_and_say(&o, s, &read);
	dp_suggest_close(&s);
	return code;
}
