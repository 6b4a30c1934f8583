/*
 * The words of Unbound's module-config: where dynlib belongs among them. Pure
 * text; any thread.
 */
#ifndef DP_MODULE_WORDS_H
#define DP_MODULE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include "module/core/err.h"

#define DP_MODULE_WORDS_MAX 256 /* bytes, with the NUL */

/* Is word one of words? */
bool dp_module_words_hold(const char *words, const char *word);

/*
 * words with dynlib in front: what stands before it answers past the policy.
 * Only dns64 stays before it (dnspin-unbound(8)). One that is there already is
 * moved, never doubled. without: a word to leave out, NULL: none.
 */
enum dp_err dp_module_words_with(char out[DP_MODULE_WORDS_MAX],
    const char *words, const char *without, struct dp_diag *diag)
    DP_MUST_CHECK;

#endif
