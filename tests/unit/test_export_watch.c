#include "dp_config.h"

#include "tests/unit/golden.h"
#include "tests/unit/sample.h"

#include <signal.h>
#include <sodium.h>

#include "tests/unit/capture.h"
#include "tools/export/export_watch.h"

/* The rounds are those of test_export_round.c, the time between them is that of
 * tests/e2e/test_watch.py. A signal that waits already ends it after the first
 * round. */

static int watch(const char *folder, const char *conf, const char *file,
    int signal, struct capture *err)
{
	struct dp_cli cli = { .conf = conf, .state_dir = folder };
	struct dp_export_options options = {
		.format = dp_export_format_find("edl"), .file = file,
		.force = true, .watch_s = 86400 };
	sigset_t blocked;
	int code;

	sigemptyset(&blocked);
	sigaddset(&blocked, signal);
	CU_ASSERT_EQUAL_FATAL(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(raise(signal), 0);
	capture_begin(err, stderr);
	code = dp_export_watch(&cli, &options);
	capture_end(err);
	return code;
}

static void signals_end_it_well(void)
{
	static const int signals[] = { SIGTERM, SIGINT };
	struct capture err;
	struct sample s;
	char file[64];

	sample_make(&s);
	snprintf(file, sizeof(file), "%s/list", s.folder);
	for (size_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(watch(s.folder, s.conf_path, file, signals[i],
		    &err), DP_EXIT_OK);
		CU_ASSERT_STRING_EQUAL(err.text, "");
		/* The sample is of 2020. */
		CU_ASSERT_EQUAL(unlink(file), 0);
	}
	sample_remove(&s);
}

static void failures_do_not_end_it(void)
{
	struct capture err;
	struct sample s;
	char file[64];

	sample_make(&s);
	snprintf(file, sizeof(file), "%s/no/list", s.folder);
	CU_ASSERT_EQUAL(watch(s.folder, s.conf_path, file, SIGTERM, &err),
	    DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/no"));
	sample_remove(&s);
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("export_watch", set_up, NULL, UNIT(signals_end_it_well),
    UNIT(failures_do_not_end_it))
