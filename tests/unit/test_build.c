#include "tests/unit/unit.h"

#include <elf.h>
#include <string.h>

#include "module/build.h"

/* Two notes, the second with a build-id of four octets. */
static const uint32_t notes[] = {
	4, 8, 1, 0x00554e47, 0x11111111, 0x22222222,
	4, 4, NT_GNU_BUILD_ID, 0x00554e47, 0xefbeadde,
};

static void build_id_is_found(void)
{
	char text[DP_BUILD_ID_TEXT_MAX];

	dp_build_id_in_notes(text, (const uint8_t *)notes, sizeof(notes), 4);
	CU_ASSERT_STRING_EQUAL(text, "deadbeef");
}

static void torn_notes_do_no_harm(void)
{
	char text[DP_BUILD_ID_TEXT_MAX];
	uint8_t bytes[sizeof(notes)], *copy;

	for (size_t n = 0; n < sizeof(notes); n++) {
		copy = malloc(n ? n : 1); /* so that ASan sees an overrun */
		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, notes, n);
		dp_build_id_in_notes(text, copy, n, 4);
		CU_ASSERT_STRING_EQUAL(text, "");
		free(copy);
	}
	for (size_t i = 0; i < sizeof(notes); i++) {
		memcpy(bytes, notes, sizeof(notes));
		bytes[i] ^= 0xff;
		dp_build_id_in_notes(text, bytes, sizeof(bytes), 4);
		CU_ASSERT_TRUE(strlen(text) < DP_BUILD_ID_TEXT_MAX);
	}
}

static void the_running_build_is_compared(void)
{
	char have[DP_BUILD_ID_TEXT_MAX];
	struct dp_diag diag;

	dp_build_id_running(have);
	CU_ASSERT_EQUAL_FATAL(strlen(have), 40);
	CU_ASSERT_EQUAL(dp_build_check(have, "v", "c", "/none", &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_build_check("0123", "unbound 9.9", "c", "/none",
	    &diag), DP_ERR_VERSION);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "0123"));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, have));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "unbound 9.9"));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "--with-unbound-src"));
}

static void texts_are_compared_without_a_build_id(void)
{
	struct dp_diag diag;
	/* Made up at run time, so that it stands nowhere in this program. */
	char absent[] = "bcdfghjk";

	for (char *c = absent; *c; c++)
		*c = (char)(*c + 13);
	CU_ASSERT_EQUAL(dp_build_check("", "version that stands here",
	    "line that stands here", "/proc/self/exe", &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_build_check("", "version that stands here", absent,
	    "/proc/self/exe", &diag), DP_ERR_VERSION);
	CU_ASSERT_EQUAL(dp_build_check("", absent, "line that stands here",
	    "/proc/self/exe", &diag), DP_ERR_VERSION);
	CU_ASSERT_NOT_EQUAL(dp_build_check("", "v", "c", "/nonexistent", &diag),
	    DP_OK);
}

UNIT_MAIN("build", UNIT(build_id_is_found), UNIT(torn_notes_do_no_harm),
    UNIT(the_running_build_is_compared),
    UNIT(texts_are_compared_without_a_build_id))
