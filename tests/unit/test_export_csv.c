#include "dp_config.h"

#include "tests/unit/exported.h"

static void sample_is_as_documented(void)
{
	exported_is_golden(dp_export_csv, "export.csv");
}

static void empty_list_is_a_header(void)
{
	exported_empty_is(dp_export_csv,
	    "name,address,group,groups,rule,services,expires,ttl_expires,"
	    "first_seen,last_seen,hits,pin,final,clients\r\n");
}

/* A reader of RFC 4180 of its own: fields of the row at text; returns what
 * follows its line end, NULL when the row breaks a rule. */
static const char *row_read(const char *text, char fields[16][2048],
    size_t *count)
{
	for (*count = 0; *count < 16;) {
		char *field = fields[(*count)++];
		int quoted = *text == '"';

		for (text += quoted;; text++) {
			if (quoted && text[0] == '"' && text[1] == '"')
				text++;
			else if (quoted ? *text == '"'
					: strchr(",\r", *text) != NULL)
				break;
			else if (*text == '"' || *text == '\0')
				return NULL;
			*field++ = *text;
		}
		*field = '\0';
		text += quoted;
		if (text[0] == '\r' && text[1] == '\n')
			return text + 2;
		if (*text++ != ',')
			return NULL;
	}
	return NULL;
}

static void fields_come_back(void)
{
	static const struct dp_bindings_filter all = { NULL, true, true, 0 };
	static char fields[16][2048];
	struct dp_name wanted = sample_name("a\\\"b\\,c\\010d\\\\.odd.example");
	struct sample s;
	size_t size_b = 0, rows = 0, odd = 0, count;
	const char *at;
	char *text;

	sample_make(&s);
	text = exported(&s, dp_export_csv, &all, SAMPLE_NOW_S, &size_b);
	at = row_read(text, fields, &count);
	for (; at && *at; rows++) {
		struct dp_name name;

		at = row_read(at, fields, &count);
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		CU_ASSERT_EQUAL(count, 14);
		name = sample_name(fields[0]);
		odd += dp_name_equal(&name, &wanted);
	}
	CU_ASSERT_PTR_NOT_NULL(at);
	CU_ASSERT_EQUAL(rows, 8);
	CU_ASSERT_EQUAL(odd, 2);
	free(text);
	sample_remove(&s);
}

UNIT_MAIN("export_csv", UNIT(sample_is_as_documented),
    UNIT(empty_list_is_a_header), UNIT(fields_come_back))
