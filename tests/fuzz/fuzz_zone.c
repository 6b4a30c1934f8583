/*
 * The zone reader on any text: it must refuse it with a reason, or what it read
 * must compile, and what dnspin show prints of that must compile to the same
 * bytes.
 */
#include "dp_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/policy/show.h"
#include "tools/policy/zone.h"

const char fuzz_seeds[] = "tests/fuzz/seeds/zone";

/* The policy of the text, malloc'd; NULL where it was refused. */
static uint8_t *compile(const void *text, size_t len, size_t *size_b)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_ruleset *rs = NULL;
	struct dp_settings settings;
	uint8_t *bytes = NULL;
	FILE *in = fmemopen((void *)(uintptr_t)text, len, "r");

	dp_settings_default(&settings);
	if (!in || dp_ruleset_new(&rs) != DP_OK)
		abort();
	if (dp_zone_read(rs, in, "fuzz", NULL, &diag) != DP_OK) {
		if (strcmp(diag.object, "fuzz") != 0 || !diag.reason[0])
			abort();
	} else {
		enum dp_err err = dp_ruleset_write(rs, &settings, &bytes,
		    size_b, &diag);

		/* There may be too many kinds of clients. */
		if (err && err != DP_ERR_LIMIT)
			abort();
	}
	dp_ruleset_close(&rs);
	fclose(in);
	return bytes;
}

static void print_and_compile_again(const uint8_t *bytes, size_t size_b)
{
	struct dp_policy *policy = NULL;
	struct dp_diag diag;
	char *text = NULL;
	size_t len = 0, again_b = 0;
	uint8_t *again;
	FILE *out = open_memstream(&text, &len);

	if (!out || dp_policy_from_bytes(&policy, bytes, size_b, NULL, "fuzz",
		&diag) != DP_OK || dp_show_zone(out, policy) != DP_OK)
		abort();
	fclose(out);
	/* A policy without groups is nothing to print. */
	if (dp_policy_group_count(policy) > 0) {
		again = compile(text, len, &again_b);
		if (!again || again_b != size_b ||
		    memcmp(again, bytes, size_b) != 0)
			abort();
		free(again);
	}
	dp_policy_close(&policy);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t size_b = 0;
	uint8_t *bytes;

	/* fmemopen knows no empty text. */
	if (size == 0)
		return 0;
	bytes = compile(data, size, &size_b);
	if (bytes)
		print_and_compile_again(bytes, size_b);
	free(bytes);
	return 0;
}
