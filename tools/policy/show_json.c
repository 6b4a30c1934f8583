#include "tools/policy/show.h"

#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "tools/whom.h"

/*
 * Rules are written one by one: a tree of a million would take gigabytes.
 * jansson quotes and indents nothing wrong; the frame around is plain text.
 */

/* Octets as JSON text: as they are where they are UTF-8, else those beyond
 * ASCII as \DDD, as in master files. */
static json_t *octets(const uint8_t *text, size_t len)
{
	json_t *json = json_stringn((const char *)text, len);
	char escaped[4 * 255 + 1];
	size_t n = 0;

	if (json || len > 255)
		return json;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x80)
			escaped[n++] = (char)text[i];
		else
			n += dp_octet_escape(text[i], escaped + n);
	}
	return json_stringn(escaped, n);
}

/* Write object and let it go; NULL is out of memory. */
static enum dp_err put(FILE *out, json_t *object, const char *behind)
{
	int result;

	if (!object)
		return DP_ERR_NOMEM;
	/* A failed write is the stream's to remember. */
	result = json_dumpf(object, out, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(object);
	if (result != 0 && !ferror(out))
		return DP_ERR_NOMEM;
	fputs(behind, out);
	return DP_OK;
}

static json_t *settings(const struct dp_settings *s)
{
	json_t *json = json_object();

	for (int i = 0; i < DP_SETTING_COUNT; i++) {
		char word[64];

		dp_setting_word((enum dp_setting)i, s->value[i], word,
		    sizeof(word));
		json_object_set_new(json, dp_setting_info[i].name,
		    dp_setting_info[i].words ? json_string(word)
					     : json_integer(s->value[i]));
	}
	json_object_set_new(json, "nft-table", json_string(s->nft_table));
	return json;
}

static json_t *group(const struct dp_policy *p, uint32_t i)
{
	char name[DP_NAME_TEXT_MAX], apex[DP_NAME_TEXT_MAX];
	struct dp_group_info info;
	json_t *text = json_array();

	dp_policy_group(p, i, &info);
	dp_policy_group_name(p, i, name);
	dp_name_to_text(&info.apex, apex);
	for (size_t at = 0; at < info.text_b; at += 1u + info.text[at])
		json_array_append_new(text,
		    octets(info.text + at + 1, info.text[at]));
	return json_pack("{s:s, s:s, s:I, s:o, s:o}", "name", name, "apex",
	    apex, "serial", (json_int_t)info.serial, "text", text, "clients",
	    dp_whom_array(p, info.audiences));
}

static json_t *rule(const struct dp_policy *p, uint32_t i)
{
	json_t *groups = json_array(), *services = json_array();
	json_t *pins = json_array();
	char text[DP_NAME_TEXT_MAX];
	struct dp_rule_info info;

	dp_policy_rule(p, i, &info);
	for (uint32_t k = 0; k < info.group_count; k++) {
		dp_policy_group_name(p, dp_policy_rule_group(p, i, k), text);
		json_array_append_new(groups, json_string(text));
	}
	for (uint32_t k = 0; k < info.service_count; k++) {
		dp_service_to_text(dp_policy_rule_service(p, i, k), text);
		json_array_append_new(services, json_string(text));
	}
	for (uint32_t k = 0; k < info.pin_count; k++) {
		struct dp_prefix pin = dp_policy_rule_pin(p, i, k);

		dp_prefix_to_text(&pin, text);
		json_array_append_new(pins, json_string(text));
	}
	dp_policy_rule_text(p, i, text);
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "pattern", text,
	    "verdict", info.allow ? "allow" : "deny", "groups", groups,
	    "services", services, "pins", pins, "clients",
	    dp_whom_array(p, info.audiences));
}

static json_t *signer(const struct dp_policy *p)
{
	char text[2 * DP_POLICY_KEY_B];
	const uint8_t *key = dp_policy_signer(p);

	if (!key)
		return json_null();
	sodium_bin2base64(text, sizeof(text), key, DP_POLICY_KEY_B,
	    sodium_base64_VARIANT_ORIGINAL);
	return json_string(text);
}

static json_t *digest(const struct dp_policy *p)
{
	char text[2 * DP_POLICY_DIGEST_B + 1];

	sodium_bin2hex(text, sizeof(text), dp_policy_digest(p),
	    DP_POLICY_DIGEST_B);
	return json_string(text);
}

enum dp_err dp_show_json(FILE *out, const struct dp_policy *p)
{
	uint32_t groups = dp_policy_group_count(p);
	uint32_t rules = dp_policy_rule_count(p);
	enum dp_err err;

	fputs("{\"digest\":", out);
	err = put(out, digest(p), ",\n\"signer\":");
	if (!err)
		err = put(out, signer(p), ",\n\"settings\":");
	if (!err)
		err = put(out, settings(dp_policy_settings(p)),
		    ",\n\"groups\":[");
	for (uint32_t i = 0; i < groups && !err; i++) {
		fputs(i ? ",\n" : "\n", out);
		err = put(out, group(p, i), "");
	}
	fputs("],\n\"rules\":[", out);
	for (uint32_t i = 0; i < rules && !err; i++) {
		fputs(i ? ",\n" : "\n", out);
		err = put(out, rule(p, i), "");
	}
	fputs("]}\n", out);
	return err;
}
