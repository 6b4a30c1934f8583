/* Do the manuals and the sample of dnspin.conf say what the tables say? */
#include "dp_config.h"

#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "module/core/event.h"
#include "module/core/status.h"
#include "tools/conf.h"
#include "tools/seal/verify.h"
#include "tools/verb.h"

static char *read_source(const char *name)
{
	const char *folder = getenv("DNSPIN_SRCDIR");
	char path[1024], *text = calloc(1, 1 << 20);
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", folder ? folder : ".", name);
	in = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_FATAL(fread(text, 1, (1 << 20) - 1, in) > 0);
	fclose(in);
	return text;
}

/* From the line that is start to the next line that begins with end, cut out
 * of text; "" when there is none. */
static char *section(const char *text, const char *start, const char *end)
{
	char line[256], stop[64];
	const char *from, *to;

	snprintf(line, sizeof(line), "\n%s", start);
	snprintf(stop, sizeof(stop), "\n%s", end);
	from = strstr(text, line);
	if (!from)
		return strdup("");
	from++;
	to = strstr(from, stop);
	return to ? strndup(from, (size_t)(to - from) + 1) : strdup(from);
}

static void must_hold(const char *text, const char *what, const char *where)
{
	if (!strstr(text, what))
		printf("\n%s lacks: %s\n", where, what);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, what));
}

static void must_hold_option(const char *text, const struct dp_option *option,
    const char *where)
{
	char line[128], *p = line + sprintf(line, "\n.It Fl %c",
	    option->letter);

	if (strcmp(option->arg, "KEY=VALUE") == 0)
		p += sprintf(p, " Ar key Ns = Ns Ar value");
	else if (option->arg[0])
		p += sprintf(p, " Ar %s", option->arg);
	/* FILE in the help is file in the manual. */
	for (char *q = line; strcmp(option->arg, "KEY=VALUE") != 0 && q < p;
	     q++)
		if (q > line + strlen("\n.It Fl x Ar"))
			*q = (char)tolower((unsigned char)*q);
	sprintf(p, "\n");
	must_hold(text, line, where);
}

static void every_verb_has_its_section(void)
{
	char *manual = read_source("tools/dnspin.1");

	for (size_t i = 0; i < dp_verb_count; i++) {
		const struct dp_verb *verb = &dp_verbs[i];
		const struct dp_option *option;
		char heading[64], *text;
		size_t known = 0, described = 0;

		snprintf(heading, sizeof(heading), ".sh %s", verb->name);
		for (char *c = heading; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		heading[2] = 'h';
		text = section(manual, heading, ".Sh ");
		if (!text[0])
			printf("\ndnspin.1 lacks %s\n", heading);
		CU_ASSERT_NOT_EQUAL(text[0], '\0');
		for (; (option = dp_verb_option(verb, known)); known++)
			must_hold_option(text, option, heading);
		for (char *p = text; (p = strstr(p, "\n.It Fl ")); p++)
			described++;
		CU_ASSERT_EQUAL(described, known);
		free(text);
	}
	for (size_t i = 0; i < dp_global_count; i++) {
		char *text = section(manual, ".Sh DESCRIPTION", ".Sh ");

		must_hold_option(text, &dp_globals[i], "DESCRIPTION");
		free(text);
	}
	free(manual);
}

static void every_setting_has_its_item(void)
{
	char *manual = read_source("tools/dnspin.conf.5");
	char *sample = read_source("tools/dnspin.conf");

	for (int i = 0; i < DP_SETTING_COUNT; i++) {
		const struct dp_setting_info *info = &dp_setting_info[i];
		char item[128], want[256], word[64], *text;

		snprintf(item, sizeof(item), ".It Cm %s No =", info->name);
		text = section(manual, item, ".It ");
		if (!text[0])
			printf("\ndnspin.conf.5 lacks %s\n", info->name);
		CU_ASSERT_NOT_EQUAL(text[0], '\0');
		snprintf(word, sizeof(word), "%u", info->def);
		if (info->words) {
			dp_setting_word((enum dp_setting)i, info->def, word,
			    sizeof(word));
			snprintf(want, sizeof(want), "Default:\n.Cm %s .\n",
			    word);
		} else {
			snprintf(want, sizeof(want), "\n%u to %u, default %u",
			    info->min, info->max, info->def);
		}
		must_hold(text, want, info->name);
		for (uint32_t v = 0; info->words; v++) {
			dp_setting_word((enum dp_setting)i, v, word,
			    sizeof(word));
			if (strcmp(word, "?") == 0)
				break;
			must_hold(text, word, info->name);
		}
		dp_setting_word((enum dp_setting)i, info->def, word,
		    sizeof(word));
		if (!info->words)
			snprintf(word, sizeof(word), "%u", info->def);
		snprintf(want, sizeof(want), "\n#%s = %s\n", info->name,
		    word);
		must_hold(sample, want, "dnspin.conf");
		free(text);
	}
#define DP_CONF(id, name, value, def, brief, text) \
	must_hold(manual, "\n.It Cm " name " No =", "dnspin.conf.5"); \
	must_hold(sample, "\n#" name " = ", "dnspin.conf");
#include "tools/conf.def"
#undef DP_CONF
	free(sample);
	free(manual);
}

static void every_counter_has_its_item(void)
{
	char *manual = read_source("tools/dnspin.1");
	char *text = section(manual, ".Ss Counters", ".S");
	size_t described = 0;

	for (size_t i = 0; i < DP_COUNTER_COUNT; i++) {
		char item[64];

		snprintf(item, sizeof(item), "\n.It Cm %s\n",
		    dp_counter_info[i].name);
		must_hold(text, item, "Counters");
	}
	for (char *p = text; (p = strstr(p, "\n.It Cm ")); p++)
		described++;
	CU_ASSERT_EQUAL(described, DP_COUNTER_COUNT);
	free(text);
	free(manual);
}

static void must_explain(const char *manual, const struct dp_event_word *w)
{
	char item[256];

	snprintf(item, sizeof(item), "\n.It Cm %s\n%s\n", w->word, w->text);
	must_hold(manual, item, "dnspin-log.5");
}

static void every_word_of_an_event_is_explained(void)
{
	char *manual = read_source("tools/dnspin-log.5");
	char word[64];

	for (size_t i = 0; i < DP_EVENT_VERDICT_COUNT; i++)
		must_explain(manual, &dp_event_verdicts[i]);
	for (size_t i = 0; i < DP_EVENT_SOURCE_COUNT; i++)
		must_explain(manual, &dp_event_sources[i]);
	for (size_t i = 0; dp_event_flags[i].word; i++) {
		bool in_header = strlen(dp_event_flags[i].word) == 2;

		snprintf(word, sizeof(word), "%s", dp_event_flags[i].word);
		for (char *c = word; in_header && *c; c++)
			*c = (char)toupper((unsigned char)*c);
		if (in_header)
			must_hold(manual, word, "dnspin-log.5");
		else
			must_explain(manual, &dp_event_flags[i]);
	}
	for (size_t i = 0; i < DP_EVENT_TRANSPORT_COUNT; i++)
		must_hold(manual, dp_event_transports[i].word, "dnspin-log.5");
	for (size_t i = 0; i < DP_EVENT_SECURITY_COUNT; i++)
		must_hold(manual, dp_event_securities[i].word, "dnspin-log.5");
	free(manual);
}

static void every_finding_of_verify_has_its_item(void)
{
	char *manual = read_source("tools/dnspin.1");
	char *text = section(manual, ".Sh VERIFY", ".Sh ");

	for (size_t i = 0; i < DP_VERIFY_COUNT; i++) {
		char item[256];

		snprintf(item, sizeof(item), "\n.It Cm %s\n%s\n",
		    dp_verify_words[i].word, dp_verify_words[i].text);
		must_hold(text, item, "VERIFY");
	}
	free(text);
	free(manual);
}

/* Write text to path and load it. */
static enum dp_err load(struct dp_conf *conf, const char *path,
    const char *text, struct dp_diag *diag)
{
	FILE *out = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_FATAL(fputs(text, out) >= 0);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	return dp_conf_load(conf, path, NULL, 0, diag);
}

/* Commented out or not, the sample means the defaults. */
static void the_sample_is_understood(void)
{
	char *sample = read_source("tools/dnspin.conf");
	char path[] = "/tmp/dnspin-sample-XXXXXX";
	struct dp_settings defaults;
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	dp_settings_default(&defaults);
	for (int round = 0; round < 2; round++) {
		struct dp_conf conf = { .zone_count = 0 };
		struct dp_diag diag = { .line = 0 };

		CU_ASSERT_EQUAL(load(&conf, path, sample, &diag), DP_OK);
		if (diag.reason[0])
			printf("\n%lu: %s\n", diag.line, diag.reason);
		CU_ASSERT_EQUAL(memcmp(&conf.settings, &defaults,
		    sizeof(defaults)), 0);
		CU_ASSERT_EQUAL(conf.zone_count, (size_t)round);
		dp_conf_free(&conf);
		for (char *p = sample; (p = strstr(p, "\n#")); p++)
			if (islower((unsigned char)p[2]))
				p[1] = ' ';
	}
	unlink(path);
	free(sample);
}

UNIT_MAIN("manual", UNIT(every_verb_has_its_section),
    UNIT(every_setting_has_its_item),
    UNIT(every_counter_has_its_item),
    UNIT(every_word_of_an_event_is_explained),
    UNIT(every_finding_of_verify_has_its_item),
    UNIT(the_sample_is_understood))
