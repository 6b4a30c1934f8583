/* dnspin top: what the resolver answers right now. */
#include "dp_config.h"

#include <curses.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "module/core/state.h"
#include "tools/report/top.h"
#include "tools/verb.h"

#define PAGE_WIDTH 100u /* of a page that is printed */
#define PAGE_HEIGHT 36u
#define LOOK_MS 20 /* between looks at the rings */
#define INTERVAL_MAX_S 3600
#define NEWS_MAX 10000 /* changes of the map at once */
#define US_PER_S 1000000u

struct options {
	bool batch;
	uint32_t interval_s;
};

struct session {
	const struct dp_cli *cli;
	struct options options;
	struct dp_stream *stream;
	struct dp_top *top;
	struct dp_map *map; /* NULL: there is none */
	uint64_t seq;
};

static int options_parse(struct options *o, int argc, char **argv)
{
	int letter;

	*o = (struct options){ .interval_s = 1 };
	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		switch (letter) {
		case 'b':
			o->batch = true;
			break;
		case 'i':
			if (!dp_cli_number(&o->interval_s, "top", "SECONDS",
				optarg, INTERVAL_MAX_S))
				return DP_EXIT_USAGE;
			break;
		default:
			return DP_EXIT_USAGE;
		}
	}
	if (optind < argc)
		return dp_cli_usage("top", "unexpected argument %s",
		    argv[optind]);
	return DP_EXIT_OK;
}

static uint64_t ns_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t now_us(void)
{
	return ns_of(CLOCK_REALTIME) / 1000;
}

/* --- what is new ---------------------------------------------------------- */

/* A map that is not there, or is no good, has no news. */
static void look_for_map(struct session *s)
{
	char path[DP_PATH_MAX];

	if (dp_state_path(path, s->cli->state_dir, DP_STATE_MAP, NULL) !=
	    DP_OK)
		return;
	if (s->map && (dp_map_is_left(s->map) || !dp_map_is_at(s->map, path)))
		dp_map_close(&s->map);
	if (!s->map && dp_map_open_ro(&s->map, path, NULL) == DP_OK)
		s->seq = dp_map_seq(s->map);
}

static void look_at_map(struct session *s)
{
	struct dp_binding b;
	enum dp_err err = DP_OK;

	for (int i = 0; s->map && err == DP_OK && i < NEWS_MAX; i++) {
		err = dp_map_feed(s->map, &s->seq, &b);
		if (err == DP_OK && b.hits <= 1)
			dp_top_binding(s->top, &b);
	}
	if (err == DP_ERR_LIMIT)
		s->seq = dp_map_seq(s->map);
}

/* What it holds of addresses that were recorded first since then. */
static void look_at_whole_map(struct session *s, uint64_t since_s)
{
	uint32_t now_s = (uint32_t)(now_us() / US_PER_S);
	uint32_t cursor = 0;
	struct dp_binding b;

	while (s->map && dp_map_next(s->map, &cursor, now_s, &b))
		if (b.first_seen_s >= since_s)
			dp_top_binding(s->top, &b);
}

static void look_at_rings(struct session *s, uint64_t until_us)
{
	struct dp_stream_item item;

	while (dp_stream_next(s->stream, until_us, &item))
		dp_top_item(s->top, &item);
}

/* --- one page ------------------------------------------------------------- */

/* Without the lines that keep each list in its place on a terminal. */
static void put_packed(const char *text)
{
	for (const char *at = text; *at; at++)
		if (at - text < 2 || at[0] != '\n' || at[-1] != '\n' ||
		    at[-2] != '\n')
			putchar(*at);
}

/* All that the rings hold, and what was recorded meanwhile. */
static int print_page(struct session *s)
{
	char *text;

	look_at_rings(s, UINT64_MAX);
	if (dp_stream_count(s->stream) == 0)
		return dp_cli_fail(DP_EXIT_FAILED, s->cli->state_dir,
		    "no events: has a resolver run here, with event-ring "
		    "above 0?");
	look_at_whole_map(s, dp_top_first_us(s->top) / US_PER_S);
	dp_top_whole(s->top);
	if (dp_top_page(s->top, PAGE_WIDTH, PAGE_HEIGHT, now_us() / US_PER_S,
		dp_stream_count(s->stream), &text) != DP_OK)
		return dp_cli_fail(DP_EXIT_FAILED, NULL, "out of memory");
	put_packed(text);
	free(text);
	return DP_EXIT_OK;
}

/* --- live ----------------------------------------------------------------- */

static void say_foot(const struct session *s, bool paused)
{
	struct dp_diag why;

	if (dp_stream_trouble(s->stream, &why))
		mvprintw(LINES - 1, 0, "%.40s: %.100s", why.object,
		    why.reason);
	else if (dp_stream_count(s->stream) == 0)
		mvprintw(LINES - 1, 0, "no events yet in %.80s",
		    s->cli->state_dir);
	else
		mvprintw(LINES - 1, 0, "%sq quit  p pause  r reset",
		    paused ? "PAUSED  " : "");
}

static void draw(const struct session *s, bool paused)
{
	char *text, *rest, *line;
	int row = 0;

	if (dp_top_page(s->top, (unsigned)COLS, (unsigned)LINES - 1,
		now_us() / US_PER_S, dp_stream_count(s->stream), &text) !=
	    DP_OK)
		return;
	erase();
	for (rest = text; (line = strsep(&rest, "\n")) && row < LINES - 1;)
		mvaddnstr(row++, 0, line, COLS);
	free(text);
	say_foot(s, paused);
	refresh();
}

/* False: to be ended. */
static bool key(struct session *s, int c, bool *paused)
{
	if (c == 'q' || c == 3)
		return false;
	if (c == 'p' || c == ' ')
		*paused = !*paused;
	if (c == 'r')
		dp_top_reset(s->top);
	return true;
}

/* getch tells a terminal that is gone and one where nobody types alike; who
 * ignores SIGHUP, as under nohup, would look for keys for ever. */
static bool is_gone(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, 0) > 0 &&
	    (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static volatile sig_atomic_t ended;

static void on_end(int sig)
{
	(void)sig;
	ended = 1;
}

/* Before curses does, for which it is a failure. */
static void catch_end(void)
{
	struct sigaction action = { .sa_handler = on_end }; /* no SA_RESTART */

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void follow(struct session *s)
{
	uint64_t last_ns = ns_of(CLOCK_MONOTONIC);
	bool paused = false;
	int c = ERR;

	while (!ended && key(s, c, &paused)) {
		uint64_t now_ns = ns_of(CLOCK_MONOTONIC);
		double seconds = (double)(now_ns - last_ns) / 1e9;

		look_at_rings(s, now_us());
		look_at_map(s);
		if (seconds >= s->options.interval_s || c != ERR) {
			look_for_map(s);
			dp_top_pass(s->top, seconds);
			last_ns = now_ns;
			if (!paused || c != ERR)
				draw(s, paused);
		}
		c = getch();
		if (c == ERR && is_gone())
			return;
	}
}

static int show(struct session *s)
{
	const char *term = getenv("TERM");
	SCREEN *screen;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return dp_cli_usage("top",
		    "standard input and output must be a terminal: -b prints "
		    "one page");
	if (!term || !term[0]) /* which newterm does not survive */
		return dp_cli_fail(DP_EXIT_FAILED, "top",
		    "TERM is not set: set it, or use -b");
	catch_end();
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return dp_cli_fail(DP_EXIT_FAILED, term,
		    "unknown terminal: set TERM, or use -b");
	(void)cbreak();
	(void)noecho();
	(void)curs_set(0);
	timeout(LOOK_MS);
	dp_stream_skip(s->stream);
	draw(s, false);
	follow(s);
	(void)endwin();
	delscreen(screen);
	return DP_EXIT_OK;
}

int dp_verb_top(const struct dp_cli *cli, int argc, char **argv)
{
	struct session s = { .cli = cli };
	struct dp_diag diag = { .line = 0 };
	uint64_t seed;
	int code = options_parse(&s.options, argc, argv);
	enum dp_err err;

	if (code != DP_EXIT_OK)
		return code;
	if (sodium_init() < 0)
		return dp_cli_fail(DP_EXIT_FAILED, NULL,
		    "no random numbers to be had");
	randombytes_buf(&seed, sizeof(seed));
	err = dp_stream_open(&s.stream, cli->state_dir, &diag);
	if (err != DP_OK)
		return dp_cli_diag(err, &diag);
	if (dp_top_open(&s.top, seed) != DP_OK) {
		dp_stream_close(&s.stream);
		return dp_cli_fail(DP_EXIT_FAILED, NULL, "out of memory");
	}
	look_for_map(&s);
	code = s.options.batch ? print_page(&s) : show(&s);
	dp_map_close(&s.map);
	dp_top_close(&s.top);
	dp_stream_close(&s.stream);
	return code;
}
