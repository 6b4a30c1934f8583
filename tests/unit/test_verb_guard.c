#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/compiled.h"
#include "tests/unit/folder_of.h"

#include <stdlib.h>

#include "module/core/file.h"
#include "tools/policy/policy_write.h"

#define ZONE SOA("g") "a.example TXT allow\n"

static struct command_line line;
static char state[64], conf_path[128], module[512];

static void put(const char *path, const char *text)
{
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, text, strlen(text), 0644,
	    NULL), DP_OK);
}

static bool is_there(const char *name)
{
	return access(folder_path(name), F_OK) == 0;
}

/* With this module or, NULL, one that is missing, for this server. */
static int run(const char *server, const char *with)
{
	const struct dp_cli cli = { .conf = conf_path, .state_dir = state };
	char text[1024];

	snprintf(text, sizeof(text), "guard -D %s -s %s -m %s", folder_at,
	    server, with ? with : "/nonexistent/dnspin.so");
	return command_line_run(&line, dp_verb_guard, &cli, text);
}

static void policy_in_force(const char *zone, enum dp_mode mode)
{
	char path[128];
	struct dp_ruleset *rs = NULL;
	struct dp_settings settings;
	struct dp_diag diag;
	FILE *in = tmpfile();
	uint8_t *bytes;
	size_t size_b;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_TRUE_FATAL(fputs(zone, in) >= 0);
	rewind(in);
	dp_settings_default(&settings);
	settings.value[DP_SET_MODE] = mode;
	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_zone_read(rs, in, "zone", NULL, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_ruleset_write(rs, &settings, &bytes, &size_b,
	    &diag), DP_OK);
	snprintf(path, sizeof(path), "%s/policy", state);
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, bytes, size_b, 0644, NULL),
	    DP_OK);
	free(bytes);
	dp_ruleset_close(&rs);
	fclose(in);
}

static void begin(const char *settings)
{
	folder_empty();
	put(folder_path("module.conf"), "mine");
	put(conf_path, settings);
}

static void where_nothing_is_enabled_nothing_is_done(void)
{
	folder_empty();
	CU_ASSERT_EQUAL(run("/nonexistent", NULL), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
}

static void what_fits_is_left_alone(void)
{
	begin("");
	CU_ASSERT_EQUAL(run(getenv("UNBOUND"), module), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
	CU_ASSERT_TRUE(is_there("module.conf"));
}

static void a_misfit_is_closed_or_open(void)
{
	static const struct {
		const char *settings;
		enum dp_mode mode;
		bool closed;
	} cases[] = {
		{ "", DP_MODE_STRICT, true },
		{ "", DP_MODE_OBSERVE, false },
		{ "on-misfit = fail-open\n", DP_MODE_STRICT, false },
		{ "on-misfit = fail-closed\n", DP_MODE_OBSERVE, true },
		/* What cannot be read is no leave. */
		{ "on-misfit = open\n", DP_MODE_OBSERVE, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(cases[i].settings);
		policy_in_force(ZONE, cases[i].mode);
		CU_ASSERT_EQUAL(run("/proc/self/exe", module),
		    DP_EXIT_FINDING);
		CU_ASSERT_EQUAL(is_there("closed.conf"), cases[i].closed);
		CU_ASSERT_FALSE(is_there("module.conf"));
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
		    "/proc/self/exe has build-id "));
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, cases[i].closed
			? "refuses all clients" : "answers everything"));
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
		    "dnspin-rebuild"));

		CU_ASSERT_EQUAL(run(getenv("UNBOUND"), module), DP_EXIT_OK);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "fits"));
		CU_ASSERT_TRUE(is_there("module.conf"));
		CU_ASSERT_FALSE(is_there("closed.conf"));
	}
}

static void without_a_policy_or_a_module_it_is_closed(void)
{
	char path[128];

	begin("");
	policy_in_force(ZONE, DP_MODE_STRICT);
	CU_ASSERT_EQUAL(run("/proc/self/exe", NULL), DP_EXIT_FINDING);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "/nonexistent/dnspin.so"));
	CU_ASSERT_TRUE(is_there("closed.conf"));

	begin("");
	snprintf(path, sizeof(path), "%s/policy", state);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(run("/proc/self/exe", module), DP_EXIT_FINDING);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "there is no policy"));
	CU_ASSERT_TRUE(is_there("closed.conf"));
}

static void wrong_command_lines_are_told(void)
{
	const struct dp_cli cli = { .state_dir = "/nonexistent" };

	CU_ASSERT_EQUAL(command_line_run(&line, dp_verb_guard, &cli,
	    "guard now"), DP_EXIT_USAGE);
	CU_ASSERT_EQUAL(command_line_run(&line, dp_verb_guard, &cli,
	    "guard -x"), DP_EXIT_USAGE);
}

static int set_up(void)
{
	snprintf(state, sizeof(state), "%s", "/tmp/dnspin-unit.XXXXXX");
	snprintf(module, sizeof(module), "%s/.libs/dnspin.so",
	    getenv("DNSPIN_BUILDDIR"));
	if (!mkdtemp(state))
		return 1;
	snprintf(conf_path, sizeof(conf_path), "%s/conf", state);
	return folder_make();
}

static int tear_down(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/policy", state);
	unlink(path);
	unlink(conf_path);
	return rmdir(state) || folder_remove();
}

UNIT_MAIN_WITH("verb_guard", set_up, tear_down,
    UNIT(where_nothing_is_enabled_nothing_is_done),
    UNIT(what_fits_is_left_alone), UNIT(a_misfit_is_closed_or_open),
    UNIT(without_a_policy_or_a_module_it_is_closed),
    UNIT(wrong_command_lines_are_told))
