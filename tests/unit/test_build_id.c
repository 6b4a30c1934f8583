#include "dp_config.h"

#include "tests/unit/image_of.h"

#include <string.h>
#include <unistd.h>

#include "module/core/build_id.h"

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

static enum dp_err wants(const void *bytes, size_t size_b, char *text,
    char *version, struct dp_diag *diag)
{
	char path[] = "/tmp/dnspin-elf-XXXXXX";
	int fd = mkstemp(path);
	enum dp_err err;

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	CU_ASSERT_TRUE_FATAL(unit_write(path, bytes, size_b));
	err = dp_build_id_module_wants(path, text, version, diag);
	unlink(path);
	return err;
}

static void a_module_tells_its_server(void)
{
	char text[DP_BUILD_ID_TEXT_MAX], version[DP_BUILD_VERSION_MAX];
	static const struct {
		const char *note;
		size_t note_b;
		bool good;
	} cases[] = {
		{ "ab12\0" "1.17.1", 12, true },
		{ "\0" "1.17.1", 8, true }, /* a server without build-id */
		{ "ab12\0" "1.17.1", 11, false }, /* no NUL at the end */
		{ "ab12", 5, false },
		{ "ab12", 4, false },
		{ "", 0, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_diag diag = { .line = 0 };
		enum dp_err err;

		image_make(cases[i].note, cases[i].note_b);
		strcpy(text, "as before");
		err = wants(&image, sizeof(image), text, version, &diag);
		CU_ASSERT_EQUAL(err, cases[i].good ? DP_OK : DP_ERR_FORMAT);
		CU_ASSERT_STRING_EQUAL(text,
		    cases[i].good ? cases[i].note : "as before");
		if (cases[i].good)
			CU_ASSERT_STRING_EQUAL(version, "1.17.1");
		CU_ASSERT_EQUAL(strstr(diag.reason, "build it again") != NULL,
		    !cases[i].good);
	}
}

/* Each length, each octet turned over: an error or a text that ends. */
static void torn_files_do_no_harm(void)
{
	char text[DP_BUILD_ID_TEXT_MAX], version[DP_BUILD_VERSION_MAX];
	struct dp_diag diag;

	image_make("ab12\0" "1.17.1", 12);
	for (size_t n = 0; n < offsetof(struct image, note.server); n++)
		CU_ASSERT_NOT_EQUAL(wants(&image, n, text, version, &diag),
		    DP_OK);
	for (size_t i = 0; i < sizeof(image); i++) {
		struct image other = image;

		((uint8_t *)&other)[i] ^= 0xff;
		if (wants(&other, sizeof(other), text, version, &diag))
			continue;
		CU_ASSERT_TRUE(strlen(text) < sizeof(text));
		CU_ASSERT_TRUE(strlen(version) < sizeof(version));
	}
}

static void a_program_tells_its_build(void)
{
	char text[DP_BUILD_ID_TEXT_MAX], folder[] = "/tmp";
	struct dp_diag diag;

	CU_ASSERT_EQUAL_FATAL(dp_build_id_of_file("/proc/self/exe", text,
	    &diag), DP_OK);
	CU_ASSERT_EQUAL(strlen(text), 40);
	CU_ASSERT_EQUAL(dp_build_id_of_file("/nonexistent", text, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_EQUAL(dp_build_id_of_file(folder, text, &diag),
	    DP_ERR_FORMAT);
	CU_ASSERT_EQUAL(dp_build_id_of_file("/etc/passwd", text, &diag),
	    DP_ERR_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "ELF"));
}

UNIT_MAIN("build_id", UNIT(build_id_is_found), UNIT(torn_notes_do_no_harm),
    UNIT(a_module_tells_its_server), UNIT(torn_files_do_no_harm),
    UNIT(a_program_tells_its_build))
