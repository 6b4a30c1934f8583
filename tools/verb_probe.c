/* dnspin probe: resolve every explicit rule and compare with its pins. */
#include "dp_config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/idna.h"
#include "tools/report/ask.h"
#include "tools/report/drift.h"
#include "tools/vec.h"
#include "tools/verb.h"

#define FAMILIES 2
#define AT_ONCE_MAX 1000
#define WHY_MAX 64

struct options {
	const char *server;
	uint32_t at_once;
	bool json;
	bool quiet;
};

struct probed { /* a name */
	struct dp_name name;
	unsigned none, missing, failed; /* of its two questions */
	char why[WHY_MAX];
};

struct session {
	struct options options;
	const struct dp_policy *policy;
	struct dp_drift *drift;
	struct probed *names;
	size_t count, room;
	size_t answered; /* questions */
	enum dp_err err;
};

static int options_parse(struct options *o, int argc, char **argv)
{
	int letter;

	*o = (struct options){ .at_once = 32 };
	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		switch (letter) {
		case 's':
			o->server = optarg;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'j':
			if (!dp_cli_number(&o->at_once, "probe", "COUNT",
				optarg, AT_ONCE_MAX))
				return DP_EXIT_USAGE;
			break;
		case 'f':
			if (!dp_cli_json(&o->json, "probe", optarg))
				return DP_EXIT_USAGE;
			break;
		default:
			return DP_EXIT_USAGE;
		}
	}
	return DP_EXIT_OK;
}

/* --- which names ---------------------------------------------------------- */

static enum dp_err add_name(struct session *s, const struct dp_name *name)
{
	enum dp_err err = dp_vec_room(&s->names, &s->room, s->count + 1,
	    sizeof(*s->names));

	if (err != DP_OK)
		return err;
	memset(&s->names[s->count], 0, sizeof(*s->names));
	s->names[s->count++].name = *name;
	return DP_OK;
}

/* Those of one name stand side by side. */
static enum dp_err add_rules(struct session *s)
{
	enum dp_err err = DP_OK;

	for (uint32_t i = 0;
	     err == DP_OK && i < dp_policy_rule_count(s->policy); i++) {
		struct dp_rule_info rule;

		dp_policy_rule(s->policy, i, &rule);
		if (!rule.allow || rule.wildcard ||
		    (s->count > 0 && dp_name_equal(&rule.base,
					 &s->names[s->count - 1].name)))
			continue;
		err = add_name(s, &rule.base);
	}
	return err;
}

static int add_names(struct session *s, int count, char **texts)
{
	struct dp_diag diag = { .line = 0 };
	enum dp_err err = DP_OK;
	struct dp_name name;

	if (count == 0)
		err = add_rules(s);
	for (int i = 0; err == DP_OK && i < count; i++) {
		if (dp_idna_name(&name, texts[i], &diag) != DP_OK)
			return dp_cli_usage("probe", "%s: %s", diag.object,
			    diag.reason);
		err = add_name(s, &name);
	}
	if (err != DP_OK)
		return dp_cli_fail(DP_EXIT_FAILED, NULL, "out of memory");
	return DP_EXIT_OK;
}

/* --- asking --------------------------------------------------------------- */

static void on_answer(void *arg, const struct dp_answered *a)
{
	struct session *s = arg;
	struct probed *p = &s->names[a->number];

	s->answered++;
	p->none += a->result == DP_ASK_NONE;
	p->missing += a->result == DP_ASK_NXDOMAIN;
	p->failed += a->result == DP_ASK_FAILED;
	if (a->result == DP_ASK_FAILED)
		snprintf(p->why, sizeof(p->why), "%s", a->why);
	if (a->count > 0)
		dp_drift_answer(s->drift, &p->name);
	for (size_t i = 0; s->err == DP_OK && i < a->count; i++)
		s->err = dp_drift_address(s->drift, &p->name, &a->addrs[i]);
}

static void say_progress(const struct session *s)
{
	if (s->options.quiet || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%zu of %zu questions answered%s", s->answered,
	    s->count * FAMILIES,
	    s->answered == s->count * FAMILIES ? "\n" : "");
}

static enum dp_err ask_all(struct session *s, struct dp_ask *ask,
    struct dp_diag *diag)
{
	size_t all = s->count * FAMILIES, asked = 0;
	enum dp_err err = DP_OK;

	while (err == DP_OK && s->answered < all) {
		while (err == DP_OK && asked < all &&
		    asked - s->answered < s->options.at_once) {
			err = dp_ask_addresses(ask,
			    &s->names[asked / FAMILIES].name,
			    asked % FAMILIES ? 6 : 4, asked / FAMILIES,
			    on_answer, s, diag);
			asked++;
		}
		if (err == DP_OK)
			err = dp_ask_wait(ask, diag);
		if (err == DP_OK && s->err != DP_OK) {
			dp_diag_set(diag, NULL, 0, "out of memory");
			err = s->err;
		}
		say_progress(s);
	}
	return err;
}

/* --- saying --------------------------------------------------------------- */

/* What is wrong with a name, NULL: nothing. */
static const char *problem_of(const struct probed *p)
{
	if (p->failed > 0)
		return "failed";
	if (p->missing > 0)
		return "nxdomain";
	return p->none == FAMILIES ? "no-address" : NULL;
}

static size_t say_problems(const struct session *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct probed *p = &s->names[i];
		const char *problem = problem_of(p);
		char text[DP_NAME_TEXT_MAX];

		if (!problem)
			continue;
		count++;
		(void)dp_name_to_text(&p->name, text);
		if (p->failed > 0)
			printf("%s: cannot be resolved: %s\n", text, p->why);
		else
			printf("%s: %s\n", text, p->missing > 0 ?
			    "does not exist" : "has no address");
	}
	return count;
}

static json_t *problems_json(const struct session *s)
{
	json_t *problems = json_array();

	for (size_t i = 0; i < s->count; i++) {
		const char *problem = problem_of(&s->names[i]);
		char text[DP_NAME_TEXT_MAX];

		if (!problem)
			continue;
		(void)dp_name_to_text(&s->names[i].name, text);
		json_array_append_new(problems, json_pack("{s:s,s:s,s:s}",
		    "name", text, "problem", problem, "why",
		    s->names[i].why));
	}
	return problems;
}

static size_t count_failed(const struct session *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		count += s->names[i].failed > 0;
	return count;
}

static int say_text(struct session *s)
{
	size_t problems;

	if (dp_drift_text(s->drift, false, stdout) != DP_OK)
		return dp_cli_fail(DP_EXIT_FAILED, NULL, "out of memory");
	problems = say_problems(s);
	printf("%zu %s asked: %zu with a problem, %zu with addresses outside "
	       "its pins\n", s->count, s->count == 1 ? "name" : "names",
	    problems, dp_drift_moved(s->drift));
	return DP_EXIT_OK;
}

static int say_json(struct session *s)
{
	json_t *all = json_pack("{s:o,s:o,s:I}", "rules",
	    dp_drift_json(s->drift), "problems", problems_json(s), "asked",
	    (json_int_t)s->count);
	bool said = all && json_dumpf(all, stdout, JSON_INDENT(2)) == 0;

	json_decref(all);
	if (!said)
		return dp_cli_fail(DP_EXIT_FAILED, "probe",
		    "cannot print: out of memory, or no room");
	putchar('\n');
	return DP_EXIT_OK;
}

static int probe(struct session *s)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_ask *ask = NULL;
	bool problems = false;
	enum dp_err err = dp_ask_open(&ask, s->options.server, &diag);
	int code;

	if (err == DP_OK)
		err = ask_all(s, ask, &diag);
	dp_ask_close(&ask);
	if (err != DP_OK)
		return dp_cli_diag(err, &diag);
	code = s->options.json ? say_json(s) : say_text(s);
	if (code != DP_EXIT_OK)
		return code;
	if (s->count > 0 && count_failed(s) == s->count)
		return dp_cli_fail(DP_EXIT_FAILED, s->options.server ?
		    s->options.server : "/etc/resolv.conf",
		    "no name could be resolved");
	for (size_t i = 0; i < s->count; i++)
		problems |= problem_of(&s->names[i]) != NULL;
	return problems || dp_drift_moved(s->drift) > 0 ? DP_EXIT_FINDING :
							  DP_EXIT_OK;
}

int dp_verb_probe(const struct dp_cli *cli, int argc, char **argv)
{
	struct session s = { .count = 0 };
	struct dp_policy *policy;
	int code = options_parse(&s.options, argc, argv);

	if (code != DP_EXIT_OK)
		return code;
	policy = dp_cli_policy(cli, &code);
	if (!policy)
		return code;
	s.policy = policy;
	if (dp_drift_open(&s.drift, policy) != DP_OK)
		code = dp_cli_fail(DP_EXIT_FAILED, NULL, "out of memory");
	else
		code = add_names(&s, argc - optind, argv + optind);
	if (code == DP_EXIT_OK)
		code = probe(&s);
	free(s.names);
	dp_drift_close(&s.drift);
	dp_policy_close(&policy);
	return code;
}
