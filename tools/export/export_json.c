#include "tools/export/export.h"

#include <jansson.h>
#include <stdlib.h>

#include "tools/whom.h"

static json_t *groups_array(const struct dp_policy *p, uint32_t rule,
    const struct dp_rule_info *info)
{
	json_t *array = json_array();
	char text[DP_NAME_TEXT_MAX];

	for (uint32_t k = 0; k < info->group_count; k++) {
		dp_policy_group_name(p, dp_policy_rule_group(p, rule, k), text);
		if (json_array_append_new(array, json_string(text)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *services_array(const struct dp_policy *p, uint32_t rule,
    const struct dp_rule_info *info)
{
	json_t *array = json_array();
	char text[DP_SERVICE_TEXT_MAX];

	for (uint32_t k = 0; k < info->service_count; k++) {
		dp_service_to_text(dp_policy_rule_service(p, rule, k), text);
		if (json_array_append_new(array, json_string(text)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *row_object(const struct dp_export *x, const struct dp_row *row)
{
	char name[DP_NAME_TEXT_MAX], final[DP_NAME_TEXT_MAX];
	char rule[DP_NAME_TEXT_MAX], group[DP_NAME_TEXT_MAX];
	char addr[DP_ADDR_TEXT_MAX];
	struct dp_rule_info info;
	/* JSON numbers of jansson are signed. */
	json_int_t hits = row->hits > INT64_MAX ? INT64_MAX :
						  (json_int_t)row->hits;

	dp_row_name_text(row->name, name);
	dp_row_name_text(row->final, final);
	dp_addr_to_text(&row->addr, addr);
	dp_policy_rule(x->policy, row->rule, &info);
	dp_policy_rule_text(x->policy, row->rule, rule);
	dp_policy_group_name(x->policy,
	    dp_policy_rule_group(x->policy, row->rule, 0), group);
	return json_pack(
	    "{s:s, s:s, s:s, s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:s, s:s,"
	    " s:o}",
	    "name", name, "address", addr, "group", group, "groups",
	    groups_array(x->policy, row->rule, &info), "rule", rule, "services",
	    services_array(x->policy, row->rule, &info), "expires",
	    (json_int_t)row->end_s, "ttl_expires", (json_int_t)row->ttl_end_s,
	    "first_seen", (json_int_t)row->first_seen_s, "last_seen",
	    (json_int_t)row->last_seen_s, "hits", hits, "pin",
	    dp_export_pin_word(row->pin), "final", final, "clients",
	    dp_whom_array(x->policy, row->audiences));
}

/* Printed binding by binding, so that a list of millions never stands in
 * memory as objects. */
enum dp_err dp_export_json(const struct dp_export *x, FILE *out)
{
	size_t count = dp_bindings_count(x->bindings);

	fputs("{\"bindings\":[", out);
	for (size_t i = 0; i < count; i++) {
		json_t *row = row_object(x, dp_bindings_row(x->bindings, i));
		int failed;

		if (!row)
			return DP_ERR_NOMEM;
		fputs(i > 0 ? ",\n" : "\n", out);
		failed = json_dumpf(row, out, JSON_COMPACT);
		json_decref(row);
		if (failed)
			return ferror(out) ? DP_ERR_IO : DP_ERR_NOMEM;
	}
	fputs(count > 0 ? "\n]}\n" : "]}\n", out);
	return ferror(out) ? DP_ERR_IO : DP_OK;
}
