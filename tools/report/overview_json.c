#include "tools/report/overview.h"

#include <jansson.h>
#include <sodium.h>

/* Numbers of jansson are signed; no count gets there by counting. */
static json_int_t number(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (json_int_t)n;
}

static json_t *digest_string(const uint8_t *digest)
{
	char hex[2 * DP_POLICY_DIGEST_B + 1];

	sodium_bin2hex(hex, sizeof(hex), digest, DP_POLICY_DIGEST_B);
	return json_string(hex);
}

static json_t *word_string(enum dp_setting id, uint32_t value)
{
	char word[32];

	dp_setting_word(id, value, word, sizeof(word));
	return json_string(word);
}

static json_t *counters_object(const struct dp_overview *o)
{
	json_t *object = json_object();

	for (size_t i = 0; i < DP_COUNTER_COUNT; i++)
		if (json_object_set_new(object, dp_counter_info[i].name,
			json_integer(number(o->counters[i]))) != 0) {
			json_decref(object);
			return NULL;
		}
	return object;
}

static json_t *resolver_object(const struct dp_overview *o)
{
	const struct dp_status_head *head = &o->head;
	bool loaded = dp_overview_loaded(o);
	char unbound[sizeof(head->unbound) + 1];
	char trouble[sizeof(head->trouble) + 1];
	char notes[sizeof(head->notes) + 1];

	if (!o->has_status)
		return json_null();
	dp_overview_clean(unbound, sizeof(unbound), head->unbound,
	    sizeof(head->unbound));
	dp_overview_clean(trouble, sizeof(trouble), head->trouble,
	    sizeof(head->trouble));
	dp_overview_clean(notes, sizeof(notes), head->notes,
	    sizeof(head->notes));
	return json_pack(
	    "{s:I, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:s, s:s, s:o}", "pid",
	    number(head->pid), "unbound", unbound, "started",
	    number(head->started_s), "heartbeat", number(head->heartbeat_s),
	    "generation", number(head->generation), "applied",
	    number(head->applied_s), "digest",
	    loaded ? digest_string(head->digest) : json_null(), "mode",
	    loaded ? word_string(DP_SET_MODE, head->mode) : json_null(),
	    "trouble", trouble, "not_judged", notes, "counters",
	    counters_object(o));
}

static json_t *signer_string(const struct dp_policy *p)
{
	char key[sodium_base64_ENCODED_LEN(DP_POLICY_KEY_B,
	    sodium_base64_VARIANT_ORIGINAL)];

	if (!dp_policy_signer(p))
		return json_null();
	sodium_bin2base64(key, sizeof(key), dp_policy_signer(p),
	    DP_POLICY_KEY_B, sodium_base64_VARIANT_ORIGINAL);
	return json_string(key);
}

/* As dnspin show has them: numbers as numbers, words as words. */
static json_t *settings_object(const struct dp_settings *settings)
{
	json_t *object = json_object();

	for (size_t i = 0; i < DP_SETTING_COUNT; i++) {
		uint32_t value = settings->value[i];

		if (json_object_set_new(object, dp_setting_info[i].name,
			dp_setting_info[i].words
			    ? word_string((enum dp_setting)i, value)
			    : json_integer(value)) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	if (json_object_set_new(object, "nft-table",
		json_string(settings->nft_table)) != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *policy_object(const struct dp_policy *p)
{
	if (!p)
		return json_null();
	return json_pack("{s:o, s:o, s:I, s:I, s:o}", "digest",
	    digest_string(dp_policy_digest(p)), "signer", signer_string(p),
	    "rules", (json_int_t)dp_policy_rule_count(p), "groups",
	    (json_int_t)dp_policy_group_count(p), "settings",
	    settings_object(dp_policy_settings(p)));
}

static json_t *map_object(const struct dp_overview *o)
{
	const struct dp_map_stats *m = &o->map;

	if (!o->has_map)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "capacity",
	    (json_int_t)m->capacity, "live", (json_int_t)m->live, "recorded",
	    number(m->recorded), "refused", number(m->refused_full), "torn",
	    number(m->dropped_torn), "created", number(m->created_s));
}

static json_t *agent_object(const struct dp_overview *o)
{
	const struct dp_sync_report *a = &o->agent;
	char text[DP_SYNC_TEXT_B + 1];

	if (!o->has_agent)
		return json_null();
	dp_overview_clean(text, sizeof(text), a->trouble, sizeof(a->trouble));
	return json_pack("{s:b, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, "
	    "s:I, s:I, s:s}", "alive", o->agent_alive, "pid", number(a->pid),
	    "started", number(a->started_s), "behind",
	    dp_overview_confirmed(o) ? json_integer(number(o->behind))
				     : json_null(),
	    "elements", number(a->elements),
	    "added", number(a->added), "prolonged", number(a->prolonged),
	    "removed", number(a->removed), "refused", number(a->refused),
	    "transactions", number(a->batches), "errors", number(a->errors),
	    "comparisons", number(a->resyncs), "trouble", text);
}

enum dp_err dp_overview_json(const struct dp_overview *o, FILE *out)
{
	bool comparable = o->policy && dp_overview_loaded(o);
	bool barrier = dp_overview_barrier(o) != DP_BARRIER_OFF;
	json_t *all = json_pack("{s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "ready", dp_overview_ready(o), "alive", dp_overview_alive(o),
	    "policy_in_use",
	    comparable ? json_boolean(dp_overview_same(o)) : json_null(),
	    "confirmed",
	    barrier ? json_boolean(dp_overview_confirmed(o)) : json_null(),
	    "resolver", resolver_object(o), "policy", policy_object(o->policy),
	    "map", map_object(o), "agent", agent_object(o));
	int failed;

	if (!all)
		return DP_ERR_NOMEM;
	failed = json_dumpf(all, out, JSON_INDENT(2));
	putc('\n', out);
	json_decref(all);
	if (ferror(out))
		return DP_ERR_IO;
	return failed ? DP_ERR_NOMEM : DP_OK;
}
