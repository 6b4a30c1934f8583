#include "tools/export/export.h"

#include <inttypes.h>

#include "tools/whom.h"

/*
 * RFC 4180, 2: a field that holds a comma, a quote or a line break stands in
 * quotes. Names as text hold none of them (dp_name_to_text escapes them), nor
 * does anything else here. Lists do stand in quotes: spreadsheets of many
 * countries split at the ';' that joins their members.
 */

static void groups_put(FILE *out, const struct dp_policy *p, uint32_t rule,
    uint32_t count)
{
	char text[DP_NAME_TEXT_MAX];

	for (uint32_t k = 0; k < count; k++) {
		dp_policy_group_name(p, dp_policy_rule_group(p, rule, k), text);
		fprintf(out, "%s%s", k > 0 ? ";" : "", text);
	}
}

static void services_put(FILE *out, const struct dp_policy *p, uint32_t rule,
    uint32_t count)
{
	char text[DP_SERVICE_TEXT_MAX];

	for (uint32_t k = 0; k < count; k++) {
		dp_service_to_text(dp_policy_rule_service(p, rule, k), text);
		fprintf(out, "%s%s", k > 0 ? ";" : "", text);
	}
}

static void row_put(FILE *out, const struct dp_policy *p,
    const struct dp_row *row)
{
	char text[DP_NAME_TEXT_MAX], addr[DP_ADDR_TEXT_MAX];
	struct dp_rule_info info;

	dp_policy_rule(p, row->rule, &info);
	dp_row_name_text(row->name, text);
	dp_addr_to_text(&row->addr, addr);
	fprintf(out, "%s,%s,", text, addr);
	dp_policy_group_name(p, dp_policy_rule_group(p, row->rule, 0), text);
	fprintf(out, "%s,\"", text);
	groups_put(out, p, row->rule, info.group_count);
	dp_policy_rule_text(p, row->rule, text);
	fprintf(out, "\",%s,\"", text);
	services_put(out, p, row->rule, info.service_count);
	fprintf(out,
	    "\",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu64
	    ",%s,",
	    row->end_s, row->ttl_end_s, row->first_seen_s, row->last_seen_s,
	    row->hits, dp_export_pin_word(row->pin));
	dp_row_name_text(row->final, text);
	fprintf(out, "%s,\"", text);
	if (row->audiences != dp_policy_audiences(p))
		dp_whom_say(out, p, row->audiences, ";");
	fputs("\"\r\n", out);
}

enum dp_err dp_export_csv(const struct dp_export *x, FILE *out)
{
	size_t count = dp_bindings_count(x->bindings);

	fputs("name,address,group,groups,rule,services,expires,ttl_expires,"
	      "first_seen,last_seen,hits,pin,final,clients\r\n",
	    out);
	for (size_t i = 0; i < count; i++)
		row_put(out, x->policy, dp_bindings_row(x->bindings, i));
	return ferror(out) ? DP_ERR_IO : DP_OK;
}
