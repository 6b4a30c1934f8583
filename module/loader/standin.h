/*
 * What the copies of Unbound's code that the loader links call in the server,
 * and cannot reach there, since a stock executable gives out no symbols: its
 * log, and its lists of functions that pointers may lead to. The log of the
 * server is reached through pythonmod.
 */
#ifndef DP_STANDIN_H
#define DP_STANDIN_H

enum dp_standin_level {
	DP_STANDIN_ERROR,
	DP_STANDIN_WARNING,
	DP_STANDIN_INFO,
	DP_STANDIN_DETAIL, /* only told with the verbosity of VERB_ALGO */
};

/* text: borrowed for the call. Any thread may call. */
typedef void dp_standin_say_fn(int level, const char *text);

/* Where lines go, and from which verbosity on; NULL: nowhere, as before the
 * first call. While one thread runs. */
void dp_standin_log_to(dp_standin_say_fn *say, int verbosity);

/*
 * May a pointer be followed? The copies have lists of their own functions,
 * while those that they find in the server's structs are the server's. In their
 * objects the names of all these questions lead here.
 */
int dp_standin_yes(void);

#endif
