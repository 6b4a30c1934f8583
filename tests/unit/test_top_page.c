#include "dp_config.h"

#include "tests/unit/topped.h"

#include <stdlib.h>
#include <time.h>

static char *page_of(const struct dp_top *t, unsigned width, unsigned height)
{
	char *text = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_top_page(t, width, height, TOPPED_NOW_S, 2,
				  &text), DP_OK);
	return text;
}

static const char whole[] =
    "dnspin top  15:33:20  2 rings  2 new bindings\n"
    "2/s  allow 50.0 %  deny 50.0 %  would-deny 0.0 %  local 0.0 %  error "
    "0.0 %\n"
    "4 answers  9 lost  1 held, 1.5 ms at most  0 withheld  0 leaked  2 "
    "outside pins\n"
    "\n"
    "   PER S NAME                                            PER S CLIENT\n"
    "     2.0 www.example.org                                   1.0 "
    "192.0.2.1\n"
    "                                                           1.0 "
    "192.0.2.2\n"
    "\n"
    "\n"
    "   PER S OFF-LIST NAME                                   PER S OUTSIDE "
    "ITS PINS\n"
    "     1.0 www.example.org                                   1.0 "
    "www.example.org\n"
    "\n"
    "\n"
    "\n"
    "     AGE NEW ADDRESS                                   NAME\n"
    "     5 s 203.0.113.5                                   a.example.org\n"
    "     7 s 203.0.113.7                                   b.example.org\n";

static void a_page_shows_it_all(void)
{
	struct dp_top *t = topped_open();
	char *text;

	for (int i = 0; i < 2; i++) {
		topped_event(t, DP_EVENT_VERDICT_ALLOW, DP_EVENT_PIN_OUTSIDE,
		    1, 0, i ? 1500 : 0);
		topped_event(t, DP_EVENT_VERDICT_DENY, 0, 2, 0, 0);
	}
	topped_lost(t, 9);
	topped_binding(t, "a.example.org", 5);
	topped_binding(t, "b.example.org", 7);
	dp_top_pass(t, 2);
	text = page_of(t, 90, 1);
	if (strcmp(text, whole) != 0)
		printf("\n%s", text);
	CU_ASSERT_STRING_EQUAL(text, whole);
	free(text);
	dp_top_close(&t);
}

/* Whatever the terminal's size, lines and page keep within it. */
static void a_page_fits_the_terminal(void)
{
	struct dp_top *t = topped_open();
	char name[] = "a-rather-long-label-that-goes-on-and-on.and-another-one"
		      ".and-yet-another-one.and-still-it-does-not-end.example";

	for (unsigned i = 0; i < 200; i++) {
		topped_event(t, i % 5, i << 3, (uint8_t)i, i, i);
		topped_binding(t, name, (uint8_t)i);
	}
	dp_top_pass(t, 1);
	for (unsigned width = 0; width < 500; width += 7) {
		unsigned most = width < DP_TOP_WIDTH_MIN ? DP_TOP_WIDTH_MIN :
		    width > DP_TOP_WIDTH_MAX ? DP_TOP_WIDTH_MAX : width;

		for (unsigned height = 0; height < 300; height += 11) {
			char *text = page_of(t, width, height);
			unsigned lines = 0;
			char *line = text, *end;

			for (; (end = strchr(line, '\n')); line = end + 1) {
				CU_ASSERT_FATAL((unsigned)(end - line) <=
				    most);
				lines++;
			}
			CU_ASSERT_EQUAL(*line, '\0');
			CU_ASSERT_FATAL(lines <= (height > 18 ? height : 18));
			free(text);
		}
	}
	dp_top_close(&t);
}

static void an_empty_page_is_one(void)
{
	struct dp_top *t = topped_open();
	char *text = page_of(t, 80, 24);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n0/s  allow 0.0 %"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n0 answers  0 lost  0 held"));
	free(text);
	dp_top_close(&t);
}

static int clock_in_utc(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

UNIT_MAIN_WITH("top_page", clock_in_utc, NULL, UNIT(a_page_shows_it_all),
    UNIT(a_page_fits_the_terminal),
    UNIT(an_empty_page_is_one))
