/*
 * The policy reader on any bytes: it must refuse them or answer everything
 * from inside them. The seal, which no mutation survives, is made anew, so
 * that what lies behind it is reached.
 */
#include "dp_config.h"

#include <stdlib.h>
#include <string.h>

#include "module/core/policy_view.h"
#include "tests/fuzz/fuzz.h"

const char fuzz_seeds[] = "tests/fuzz/seeds/policy";

static volatile unsigned sink;

/* Each audience is told once, what it is told by the direct question. */
static void use_name(const struct dp_policy *p, const struct dp_name *name)
{
	uint64_t left = dp_policy_audiences(p), before = left;
	struct dp_match match;

	while (dp_policy_match_next(p, name, &left, &match)) {
		uint64_t told = before & ~left;

		if (told == 0 || (left & ~before) != 0)
			abort();
		for (uint32_t a = 0; a < dp_policy_audience_count(p); a++)
			if ((told >> a & 1) &&
			    dp_policy_match(p, name, a).rule != match.rule)
				abort();
		before = left;
	}
	if (left != 0)
		abort();
}

/* The prefixes of an audience's clients lead back to it. */
static void use_audience(const struct dp_policy *p, uint32_t audience)
{
	uint64_t set = (uint64_t)1 << audience;
	struct dp_client client;
	uint32_t cursor = 0;
	bool any = false;

	while (dp_policy_client_next(p, set, &cursor, &client)) {
		if (!dp_prefix_valid(&client.prefix))
			abort();
		sink += dp_policy_audience(p, &client.prefix.addr);
		any = true;
	}
	if (!any)
		abort();
}

static void use_rule(const struct dp_policy *p, uint32_t i)
{
	static const struct dp_addr addr = { 4, { 192, 0, 2, 1 } };
	struct dp_name below;
	struct dp_rule_info rule;
	char text[DP_NAME_TEXT_MAX];

	dp_policy_rule(p, i, &rule);
	dp_policy_rule_text(p, i, text);
	sink += (unsigned)dp_policy_pin(p, i, &addr);
	/* A rule that was taken is found by all whom it is for, and nothing
	 * else at its name. */
	if (rule.wildcard) {
		memcpy(below.wire, "\1\1", 2);
		memcpy(below.wire + 2, rule.base.wire, rule.base.len);
		below.len = (uint8_t)(rule.base.len + 2);
	}
	for (uint32_t a = 0; a < dp_policy_audience_count(p); a++) {
		if (!(rule.audiences >> a & 1))
			continue;
		if (!rule.wildcard &&
		    dp_policy_match(p, &rule.base, a).rule != i)
			abort();
		if (rule.wildcard &&
		    dp_policy_match(p, &below, a).rule == DP_RULE_NONE)
			abort();
	}
	use_name(p, rule.wildcard ? &below : &rule.base);
	for (uint32_t k = 0; k < rule.group_count; k++)
		dp_policy_group_name(p, dp_policy_rule_group(p, i, k), text);
	for (uint32_t k = 0; k < rule.service_count; k++)
		sink += dp_policy_rule_service(p, i, k).port;
	for (uint32_t k = 0; k < rule.pin_count; k++) {
		struct dp_prefix pin = dp_policy_rule_pin(p, i, k);

		if (!dp_prefix_valid(&pin))
			abort();
	}
}

static void open_and_use(const uint8_t *bytes, size_t size_b)
{
	struct dp_policy *p;
	struct dp_diag diag;

	if (dp_policy_from_bytes(&p, bytes, size_b, NULL, "fuzz", &diag) !=
	    DP_OK)
		return;
	if (dp_settings_wrong(dp_policy_settings(p)))
		abort();
	for (uint32_t i = 0; i < dp_policy_group_count(p); i++) {
		struct dp_group_info group;

		dp_policy_group(p, i, &group);
		for (size_t at = 0; at < group.text_b; at++)
			sink += group.text[at];
	}
	for (uint32_t i = 0; i < dp_policy_audience_count(p); i++)
		use_audience(p, i);
	for (uint32_t i = 0; i < dp_policy_rule_count(p); i++)
		use_rule(p, i);
	dp_policy_close(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Its own block, so that a step outside is seen. */
	uint8_t *bytes = calloc(1, size ? size : 1);
	struct dp_policy_d *head = (struct dp_policy_d *)bytes;

	if (!bytes)
		return 0;
	if (size > 0)
		memcpy(bytes, data, size);
	open_and_use(bytes, size);
	if (size >= sizeof(*head)) {
		head->flags &= ~DP_POLICY_SIGNED;
		head->file_b = size;
		memset(head->signer, 0, sizeof(head->signer));
		memset(head->signature, 0, sizeof(head->signature));
		dp_policy_digest_make(head->digest, bytes, size);
		open_and_use(bytes, size);
	}
	free(bytes);
	return 0;
}
