/*
 * A command line as main hands it to a verb, and what the verb prints:
 *
 *	code = command_line_run(&line, dp_verb_export, &cli, "export -f edl");
 *	... line.out.text, line.err.text
 */
#ifndef DP_COMMAND_LINE_H
#define DP_COMMAND_LINE_H

#include <getopt.h>
#include <string.h>
#include "tests/unit/capture.h"
#include "tools/cli.h"

#define COMMAND_LINE_WORDS 24

struct command_line {
	char words[1024];
	char *argv[COMMAND_LINE_WORDS + 1];
	int argc;
	struct capture out, err;
};

/* Words are parted by blanks; there are no quotes. */
static inline void command_line_begin(struct command_line *line,
    const char *text)
{
	char *rest = NULL;

	CU_ASSERT_FATAL(strlen(text) < sizeof(line->words));
	strcpy(line->words, text);
	line->argc = 0;
	for (char *word = strtok_r(line->words, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		CU_ASSERT_FATAL(line->argc < COMMAND_LINE_WORDS);
		line->argv[line->argc++] = word;
	}
	line->argv[line->argc] = NULL;
	optind = 0;
	capture_begin(&line->out, stdout);
	capture_begin(&line->err, stderr);
}

static inline void command_line_end(struct command_line *line)
{
	capture_end(&line->err);
	capture_end(&line->out);
}

static inline int command_line_run(struct command_line *line, dp_verb_fn *verb,
    const struct dp_cli *cli, const char *text)
{
	int code;

	command_line_begin(line, text);
	code = verb(cli, line->argc, line->argv);
	command_line_end(line);
	return code;
}

#endif
