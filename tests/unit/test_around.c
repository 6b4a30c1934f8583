#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/around.h"

static struct dp_around around(struct config_file *cfg, const char *modules,
    int id)
{
	struct dp_around a;

	free(cfg->module_conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cfg->module_conf = strdup(modules));
	dp_around_find(&a, cfg, id);
	return a;
}

static void modules_around_are_found(void)
{
	static const struct {
		const char *modules;
		int id;
		const char *in_front;
		bool validates;
	} cases[] = {
		{ "dynlib validator iterator", 0, "", true },
		{ "dns64 dynlib validator iterator", 1, "", true },
		{ "dynlib iterator", 0, "", false },
		{ "validator dynlib iterator", 1, "validator", false },
		{ " respip\tvalidator  dynlib iterator", 2,
		    "respip validator", false },
		{ "dns64 cachedb dynlib iterator", 2, "cachedb", false },
		{ "dns dynlib validators", 1, "dns", false },
		/* more than there are: nothing is read past the end */
		{ "dynlib", 5, "dynlib", false },
		{ "", 3, "", false },
	};
	struct config_file *cfg = config_create();

	CU_ASSERT_PTR_NOT_NULL_FATAL(cfg);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_around a = around(cfg, cases[i].modules, cases[i].id);

		CU_ASSERT_STRING_EQUAL(a.in_front, cases[i].in_front);
		CU_ASSERT_STRING_EQUAL(a.notes, "");
		CU_ASSERT_EQUAL(a.validates, cases[i].validates);
	}
	config_delete(cfg);
}

static void long_lists_end_with_a_whole_word(void)
{
	struct config_file *cfg = config_create();
	struct dp_around a;
	char modules[512] = "";

	CU_ASSERT_PTR_NOT_NULL_FATAL(cfg);
	for (int i = 0; i < 60; i++)
		strcat(modules, "module ");
	a = around(cfg, modules, 60);
	CU_ASSERT_EQUAL((strlen(a.in_front) + 1) % strlen("module "), 0);
	CU_ASSERT_TRUE(strlen(a.in_front) < sizeof(a.in_front));
	config_delete(cfg);
}

static void own_data_is_counted(void)
{
	struct config_file *cfg = config_create();
	struct config_auth rpz = { .isrpz = 1, .for_downstream = 1 };
	struct config_auth up = { .next = &rpz };
	struct config_auth down = { .for_downstream = 1, .next = &up };
	struct config_view view = { .next = NULL };
	struct dp_around a;

	CU_ASSERT_PTR_NOT_NULL_FATAL(cfg);
	cfg->auths = &down;
	cfg->views = &view;
	a = around(cfg, "dynlib", 0);
	CU_ASSERT_STRING_EQUAL(a.notes,
	    "1 auth-zone, 1 rpz, 1 view");
	cfg->auths = NULL;
	cfg->views = NULL;
	config_delete(cfg);
}

UNIT_MAIN("around", UNIT(modules_around_are_found),
    UNIT(long_lists_end_with_a_whole_word), UNIT(own_data_is_counted))
