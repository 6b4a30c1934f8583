/*
 * One question of one client before the policy in force: what verdict.h decides
 * on plain data, asked with what Unbound has at hand. Callers are between
 * dp_worker_enter and dp_worker_leave, and a case is not kept beyond that.
 */
#ifndef DP_JUDGE_H
#define DP_JUDGE_H

#include "module/memo.h"
#include "module/module.h"

struct comm_reply;
struct dp_mark;
struct query_info;

struct dp_case {
	const struct dp_policy *policy; /* NULL: none in force */
	struct dp_map *map; /* that addresses go to; NULL: there is none */
	bool ready;   /* false: clients get SERVFAIL, whatever they ask */
	bool strict;
	bool class_in;
	struct dp_name name;
	/* filled by the functions below */
	uint32_t audience;
	struct dp_match match;
	bool matched; /* match is that of all who may ask */
	const struct dp_rule_told *told; /* of match; NULL: not looked up */
	struct dp_memo_key key; /* of memo */
	struct dp_memo *memo;	/* of the question; NULL: none */
	enum dp_verdict verdict;
};

/* Begin a case; the verdict is NOT_READY. A strict policy without a map is not
 * ready: what is resolved could not be recorded. */
void dp_case_open(struct dp_case *c, const struct dp_module *m,
    const struct query_info *qinfo);

/* What the mark (NULL: none) of a query for the same name has of an earlier
 * case, and which c borrows, need not be looked up in the policy again. */
void dp_case_recall(struct dp_case *c, const struct dp_mark *mark);

/*
 * Judge the question as client's and, where there is one, the answer rep; NULL:
 * only the question. The policy must be there; whether it is ready is not
 * asked. client may be NULL where nobody asked: then as somebody in no prefix.
 */
enum dp_verdict dp_case_judge(struct dp_case *c,
    const struct comm_reply *client, const struct reply_info *rep);

/* The same in two steps, for who has memos of his own, or NULL, of questions and
 * something to do while they come from memory; type: of the question. */
void dp_case_expect(struct dp_case *c, const struct dp_memos *memos,
    uint16_t type, const struct comm_reply *client);
enum dp_verdict dp_case_judge_again(struct dp_case *c, struct dp_memos *memos,
    const struct reply_info *rep);

/* The verdict on somebody whom no rule allows the name, as the mode has it. */
enum dp_verdict dp_case_deny(struct dp_case *c);

/* Would every client there can be get rep (NULL: be allowed to ask)? The case
 * is left as it is. */
bool dp_case_is_for_all(const struct dp_case *c, const struct reply_info *rep);

/* Can records that come to stand under rep, once it is in the cache, change the
 * verdict of some client on it? */
bool dp_case_may_turn(const struct dp_case *c, const struct reply_info *rep);

#endif
