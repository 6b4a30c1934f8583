#include "dp_config.h"

#include "tools/report/overview.h"

#include <inttypes.h>
#include <sodium.h>
#include <time.h>

#define DIGEST_SHORT_B 8 /* octets shown to people */
#define LABEL "%-12s"

static void digest_put(FILE *out, const uint8_t *digest)
{
	for (size_t i = 0; i < DIGEST_SHORT_B; i++)
		fprintf(out, "%02x", digest[i]);
}

static void time_put(FILE *out, uint64_t when_s)
{
	char text[sizeof("YYYY-MM-DDThh:mm:ssZ")];
	time_t when = (time_t)when_s;
	struct tm tm;

	/* The status file may say any number. */
	if (when_s > UINT32_MAX || !gmtime_r(&when, &tm) ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		fputs("an impossible time", out);
	else
		fputs(text, out);
}

static void word_put(FILE *out, enum dp_setting id, uint32_t value)
{
	char word[32];

	dp_setting_word(id, value, word, sizeof(word));
	fprintf(out, "%s %s", dp_setting_info[id].name, word);
}

static void state_put(FILE *out, const struct dp_overview *o)
{
	const struct dp_status_head *head = &o->head;
	uint64_t pid = head->pid;

	fprintf(out, LABEL, "resolver");
	if (!o->has_status)
		fputs("not known: no status file that can be read\n", out);
	else if (!o->process_exists)
		fprintf(out, "not running: process %" PRIu64 " is gone\n", pid);
	else if (!dp_overview_alive(o) && head->heartbeat_s > o->now_s)
		fprintf(out,
		    "not running: the last sign of life of process %" PRIu64
		    " lies %" PRIu64 " s ahead of the clock\n",
		    pid, head->heartbeat_s - o->now_s);
	else if (!dp_overview_alive(o))
		fprintf(out,
		    "not running: no sign of life of process %" PRIu64
		    " for %" PRIu64 " s\n",
		    pid, o->now_s - head->heartbeat_s);
	else if (!dp_overview_ready(o))
		fputs("not ready: it answers SERVFAIL\n", out);
	else
		fputs("ready\n", out);
}

static void resolver_put(FILE *out, const struct dp_overview *o)
{
	char text[DP_STATUS_TEXT_B + 1];

	state_put(out, o);
	if (!o->has_status)
		return;
	dp_overview_clean(text, sizeof(text), o->head.trouble,
	    sizeof(o->head.trouble));
	if (text[0] != '\0')
		fprintf(out, LABEL "%s\n", "trouble", text);
	dp_overview_clean(text, sizeof(text), o->head.notes,
	    sizeof(o->head.notes));
	if (text[0] != '\0')
		fprintf(out, LABEL "%s\n", "not judged", text);
	dp_overview_clean(text, sizeof(text), o->head.unbound,
	    sizeof(o->head.unbound));
	fprintf(out, LABEL "%" PRIu64 ", unbound %s, started ", "process",
	    o->head.pid, text[0] != '\0' ? text : "unknown");
	time_put(out, o->head.started_s);
	fprintf(out, "\n" LABEL, dp_overview_alive(o) ? "in use" : "last used");
	if (!dp_overview_loaded(o)) {
		fputs("no policy yet\n", out);
		return;
	}
	digest_put(out, o->head.digest);
	fputs(", ", out);
	word_put(out, DP_SET_MODE, o->head.mode);
	fprintf(out, ", generation %" PRIu64 ", applied ", o->head.generation);
	time_put(out, o->head.applied_s);
	putc('\n', out);
}

static void signer_put(FILE *out, const struct dp_policy *p)
{
	char key[sodium_base64_ENCODED_LEN(DP_POLICY_KEY_B,
	    sodium_base64_VARIANT_ORIGINAL)];

	if (!dp_policy_signer(p)) {
		fputs(", unsigned\n", out);
		return;
	}
	sodium_bin2base64(key, sizeof(key), dp_policy_signer(p),
	    DP_POLICY_KEY_B, sodium_base64_VARIANT_ORIGINAL);
	fprintf(out, ", signed by %s\n", key);
}

static void difference_put(FILE *out, const struct dp_overview *o)
{
	/* 0: the policy is of no file, its age is not known */
	uint64_t written_s = dp_policy_file_id(o->policy)[3] / 1000000000u;

	fprintf(out, LABEL "the resolver still uses ", "difference");
	digest_put(out, o->head.digest);
	fputs("; it takes a new policy within 2 s", out);
	if (written_s > 0 && written_s + 5 < o->now_s)
		fprintf(out,
		    ", but this one lies there for %" PRIu64
		    " s: see trouble above and the log of Unbound",
		    o->now_s - written_s);
	putc('\n', out);
}

static void policy_put(FILE *out, const struct dp_overview *o)
{
	static const enum dp_setting shown[] = { DP_SET_MODE, DP_SET_CHAIN,
		DP_SET_PINS, DP_SET_PRIVATE, DP_SET_BARRIER };
	const struct dp_settings *settings;
	uint32_t rules, groups;

	fprintf(out, LABEL, "on disk");
	if (!o->policy) {
		fputs("no policy that can be used\n", out);
		return;
	}
	digest_put(out, dp_policy_digest(o->policy));
	rules = dp_policy_rule_count(o->policy);
	groups = dp_policy_group_count(o->policy);
	fprintf(out, ", %" PRIu32 " rule%s in %" PRIu32 " group%s", rules,
	    rules == 1 ? "" : "s", groups, groups == 1 ? "" : "s");
	signer_put(out, o->policy);
	if (dp_overview_alive(o) && dp_overview_loaded(o) &&
	    !dp_overview_same(o))
		difference_put(out, o);
	settings = dp_policy_settings(o->policy);
	fprintf(out, LABEL, "settings");
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		if (i > 0)
			fputs(", ", out);
		word_put(out, shown[i], settings->value[shown[i]]);
	}
	putc('\n', out);
}

static void map_put(FILE *out, const struct dp_overview *o)
{
	const struct dp_map_stats *m = &o->map;

	fprintf(out, LABEL, "map");
	if (!o->has_map) {
		fputs("none that can be read\n", out);
		return;
	}
	fprintf(out,
	    "%" PRIu32 " of %" PRIu32 " bindings live; %" PRIu64
	    " recorded, %" PRIu64 " refused, %" PRIu64 " torn since ",
	    m->live, m->capacity, m->recorded, m->refused_full,
	    m->dropped_torn);
	time_put(out, m->created_s);
	putc('\n', out);
}

/* Nothing where no answer waits. */
static void barrier_put(FILE *out, const struct dp_overview *o)
{
	enum dp_barrier barrier = dp_overview_barrier(o);
	const char *otherwise = barrier == DP_BARRIER_FAIL_CLOSED
	    ? "are SERVFAIL" : "are given all the same";

	if (barrier == DP_BARRIER_OFF)
		return;
	fprintf(out, LABEL, "barrier");
	if (dp_overview_confirmed(o))
		fputs("the agent confirms what the kernel holds\n", out);
	else
		fprintf(out, "nobody confirms what the kernel holds: answers "
		    "with new addresses %s\n", otherwise);
}

/* Nothing where no agent ever ran: not everybody needs one. */
static void agent_put(FILE *out, const struct dp_overview *o)
{
	const struct dp_sync_report *a = &o->agent;
	char text[DP_SYNC_TEXT_B + 1];

	if (!o->has_agent)
		return;
	fprintf(out, LABEL, "agent");
	if (o->agent_alive)
		fprintf(out, "process %" PRIu64 ", started ", a->pid);
	else
		fprintf(out, "not running: no sign of life of process %" PRIu64
		    ", started ", a->pid);
	time_put(out, a->started_s);
	if (dp_overview_confirmed(o))
		fprintf(out, ", %" PRIu64 " change%s behind", o->behind,
		    o->behind == 1 ? "" : "s");
	fprintf(out,
	    "\n" LABEL "%" PRIu64 "; %" PRIu64 " added, %" PRIu64
	    " prolonged, %" PRIu64 " removed, %" PRIu64 " refused, %" PRIu64
	    " error%s since its start\n",
	    "elements", a->elements, a->added, a->prolonged, a->removed,
	    a->refused, a->errors, a->errors == 1 ? "" : "s");
	dp_overview_clean(text, sizeof(text), a->trouble, sizeof(a->trouble));
	if (text[0] != '\0')
		fprintf(out, LABEL "%s\n", "its trouble", text);
}

static void counters_put(FILE *out, const struct dp_overview *o)
{
	fputs("\nsince the start of the resolver\n", out);
	for (size_t i = 0; i < DP_COUNTER_COUNT; i++)
		fprintf(out, "%12" PRIu64 "  %-12s  %s\n", o->counters[i],
		    dp_counter_info[i].name, dp_counter_info[i].text);
}

enum dp_err dp_overview_text(const struct dp_overview *o, FILE *out)
{
	resolver_put(out, o);
	policy_put(out, o);
	map_put(out, o);
	barrier_put(out, o);
	agent_put(out, o);
	if (o->has_status)
		counters_put(out, o);
	return ferror(out) ? DP_ERR_IO : DP_OK;
}
