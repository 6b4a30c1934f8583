/* dnspin completion: the tables of verbs and settings as shell scripts. */
#include "dp_config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "tools/conf_value.h"
#include "tools/verb.h"

/* What can stand for an argument or operand, by its name in the help. */
enum kind { ANYTHING, FILES, FOLDERS };

static enum kind kind_of(const char *arg)
{
	static const char *const files[] = { "AUDITOR", "CHECKCONF", "COPIES",
		"FILE", "KEY", "LOG", "MODULE", "PATH", "POLICY", "PUBKEY",
		"SERVER", "ZONE" };
	size_t len;

	arg += arg[0] == '[';
	len = strcspn(arg, ".]");
	if (strncmp(arg, "DIR", len) == 0 || strncmp(arg, "FOLDER", len) == 0)
		return len ? FOLDERS : ANYTHING;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strlen(files[i]) == len &&
		    strncmp(files[i], arg, len) == 0)
			return FILES;
	return ANYTHING;
}

/* Each setting as KEY=, those of few words also with each of them. */
static void say_settings(void)
{
	for (int key = 0; key < DP_CONF_COUNT; key++) {
		const char *name = dp_conf_key_name(key), *words = NULL;

		if (key < DP_SETTING_COUNT)
			words = dp_setting_info[key].words;
		if (!words)
			printf(" %s=", name);
		while (words && *words) {
			size_t len = strcspn(words, " ");

			printf(" %s=%.*s", name, (int)len, words);
			words += len + (words[len] == ' ');
		}
	}
}

/* --- bash ----------------------------------------------------------------- */

static void bash_case(const char *verb, char letter, const char *arg,
    const char *words)
{
	static const char *const what[] = { NULL, "compopt -o filenames; "
	    "COMPREPLY=($(compgen -f -- \"$cur\"))", "compopt -o filenames; "
	    "COMPREPLY=($(compgen -d -- \"$cur\"))" };
	enum kind kind = kind_of(arg);

	printf("\t'%s -%c') ", verb, letter);
	if (words)
		printf("COMPREPLY=($(compgen -W '%s' -- \"$cur\"))", words);
	else
		printf("%s", what[kind] ? what[kind] : ":");
	printf(" ;;\n");
}

static void bash_verb(const struct dp_verb *verb)
{
	const char *words = dp_verb_words(verb, 0);
	const struct dp_option *option;

	printf("\t'%s ') letters='", verb->name);
	for (size_t k = 0; (option = dp_verb_option(verb, k)); k++)
		printf("-%c ", option->letter);
	printf("--help'");
	if (words)
		printf("; words='%s'", words);
	else if (kind_of(verb->operands) == FILES)
		printf("; files=1");
	printf(" ;;\n");
}

/* A word that takes an argument, behind "VERB " ("" before the verb). */
static void bash_arguments(void)
{
	const struct dp_option *option;

	for (size_t i = 0; i < dp_global_count; i++)
		if (dp_globals[i].letter != 'o')
			bash_case("", dp_globals[i].letter, dp_globals[i].arg,
			    NULL);
	printf("\t' -o') compopt -o nospace; COMPREPLY=($(compgen -W '");
	say_settings();
	printf("' -- \"$key$cur\"))\n"
	    "\t\tCOMPREPLY=(\"${COMPREPLY[@]#\"$key\"}\") ;;\n");
	for (size_t i = 0; i < dp_verb_count; i++)
		for (size_t k = 0; (option = dp_verb_option(&dp_verbs[i], k));
		     k++)
			if (option->arg[0])
				bash_case(dp_verbs[i].name, option->letter,
				    option->arg, dp_verb_words(&dp_verbs[i],
				    option->letter));
}

/* bash parts words at '=', so that KEY = VALUE are three of them. */
static const char bash_head[] =
    "# Completion of dnspin for bash, made by dnspin completion.\n"
    "_dnspin()\n{\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "\tlocal i=1 verb= key= letters= words= files=\n\n"
    "\tif [[ $cur = '=' ]]; then\n"
    "\t\tkey=$prev= cur= prev=${COMP_WORDS[COMP_CWORD-2]}\n"
    "\telif [[ $prev = '=' ]]; then\n"
    "\t\tkey=${COMP_WORDS[COMP_CWORD-2]}=\n"
    "\t\tprev=${COMP_WORDS[COMP_CWORD-3]}\n"
    "\tfi\n"
    "\twhile ((i < COMP_CWORD)); do\n"
    "\t\tcase ${COMP_WORDS[i]} in\n"
    "\t\t-C | -d | -o) ((i += 2)) ;;\n"
    "\t\t=) ((i += 2)) ;;\n"
    "\t\t-*) ((i++)) ;;\n"
    "\t\t*) verb=${COMP_WORDS[i]}; break ;;\n"
    "\t\tesac\n"
    "\tdone\n"
    "\tCOMPREPLY=()\n"
    "\tcase \"$verb $prev\" in\n";

static void bash(void)
{
	fputs(bash_head, stdout);
	bash_arguments();
	printf("\t*)\n\tcase \"$verb \" in\n\t' ') letters='");
	for (size_t i = 0; i < dp_global_count; i++)
		printf("-%c ", dp_globals[i].letter);
	printf("--help --version'; words='");
	for (size_t i = 0; i < dp_verb_count; i++)
		printf("%s%s", i ? " " : "", dp_verbs[i].name);
	printf("' ;;\n");
	for (size_t i = 0; i < dp_verb_count; i++)
		bash_verb(&dp_verbs[i]);
	printf("\tesac\n"
	    "\tif [[ $cur = -* ]]; then\n"
	    "\t\tCOMPREPLY=($(compgen -W \"$letters\" -- \"$cur\"))\n"
	    "\telif [[ $words ]]; then\n"
	    "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	    "\telif [[ $files ]]; then\n"
	    "\t\tcompopt -o filenames\n"
	    "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	    "\tfi ;;\n\tesac\n} 2>/dev/null\n"
	    "complete -F _dnspin dnspin\n");
}

/* --- zsh ------------------------------------------------------------------ */

/* Between single quotes, and where stop is given with a backslash before each
 * of its characters. */
static void zsh_text(const char *text, const char *stop)
{
	for (; *text; text++)
		if (*text == '\'')
			printf("'\\''");
		else if (strchr(stop, *text))
			printf("\\%c", *text);
		else
			putchar(*text);
}

static void zsh_option(const struct dp_option *option, const char *words)
{
	static const char *const what[] = { " ", "_files", "_files -/" };
	bool again = strstr(option->text, "may be repeated") != NULL;

	printf("\t\t'%s-%c[", again ? "*" : "", option->letter);
	zsh_text(option->text, "[]\\");
	putchar(']');
	if (option->arg[0])
		printf(":%s:", option->arg);
	if (words)
		printf("(%s)", words);
	else if (option->arg[0])
		printf("%s", what[kind_of(option->arg)]);
	printf("' \\\n");
}

static void zsh_verb(const struct dp_verb *verb)
{
	const char *words = dp_verb_words(verb, 0);
	const struct dp_option *option;

	printf("\t%s)\n\t\t_arguments \\\n", verb->name);
	for (size_t k = 0; (option = dp_verb_option(verb, k)); k++)
		zsh_option(option, dp_verb_words(verb, option->letter));
	if (words)
		printf("\t\t':operand:(%s)' \\\n", words);
	else if (kind_of(verb->operands) == FILES)
		printf("\t\t'*:file:_files' \\\n");
	printf("\t\t'--help[print what it does]' ;;\n");
}

static void zsh(void)
{
	printf("#compdef dnspin\n"
	    "# Completion of dnspin for zsh, made by dnspin completion.\n"
	    "_dnspin() {\n\tlocal curcontext=$curcontext state line\n"
	    "\ttypeset -A opt_args\n\tlocal -a verbs settings\n"
	    "\tverbs=(\n");
	for (size_t i = 0; i < dp_verb_count; i++) {
		printf("\t\t'%s:", dp_verbs[i].name);
		zsh_text(dp_verbs[i].brief, "\\");
		printf("'\n");
	}
	printf("\t)\n\tsettings=(");
	say_settings();
	printf(" )\n\t_arguments -C \\\n");
	for (size_t i = 0; i < dp_global_count; i++)
		if (dp_globals[i].letter != 'o')
			zsh_option(&dp_globals[i], NULL);
	printf("\t\t'*-o[set KEY to VALUE]:KEY=VALUE:->setting' \\\n"
	    "\t\t'--help[print the verbs and options]' \\\n"
	    "\t\t'--version[print the version]' \\\n"
	    "\t\t'1:verb:->verb' '*::argument:->argument'\n"
	    "\tcase $state in\n"
	    "\tverb) _describe verb verbs ;;\n"
	    "\tsetting) compadd -S '' -a settings ;;\n"
	    "\targument)\n\tcase $line[1] in\n");
	for (size_t i = 0; i < dp_verb_count; i++)
		zsh_verb(&dp_verbs[i]);
	printf("\tesac ;;\n\tesac\n}\n_dnspin \"$@\"\n");
}

int dp_verb_completion(const struct dp_cli *cli, int argc, char **argv)
{
	(void)cli;
	if (dp_verb_getopt(argc, argv) != -1)
		return DP_EXIT_USAGE;
	if (argc - optind != 1)
		return dp_cli_usage(argv[0], "one SHELL: bash or zsh");
	if (strcmp(argv[optind], "bash") == 0)
		bash();
	else if (strcmp(argv[optind], "zsh") == 0)
		zsh();
	else
		return dp_cli_usage(argv[0], "unknown shell %s: bash or zsh",
		    argv[optind]);
	return DP_EXIT_OK;
}
