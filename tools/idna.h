/*
 * Names as people write them: labels in UTF-8 (U-labels) become what the DNS
 * has for them (A-labels, RFC 5890, 2.3.2.1). The only user of libidn2.
 * Single-threaded.
 *
 * Only labels with an octet beyond ASCII are touched. All others mean
 * themselves: RFC 5891 would not have "_sip" or "*" either, and a label that
 * begins with "xn--" and is no A-label is one that the DNS can hold and that a
 * resolver is asked for, so a rule must be able to name it.
 *
 * The others are mapped as by UTS 46, nontransitional, so that case, width and
 * normalisation do not matter while 'ß' and joiners stay, as in today's
 * browsers. The result must be what a registry may register (RFC 5891, 4): a
 * rule for a name that nobody can type in would only seem to hold.
 */
#ifndef DP_IDNA_H
#define DP_IDNA_H

#include "module/core/err.h"
#include "module/core/name.h"

/* As dp_name_from_text (module/core/name.h) for text with U-labels. Errors are
 * DP_ERR_SYNTAX or DP_ERR_NOMEM; diag has text as its object, and says what to
 * write instead. */
enum dp_err dp_idna_name(struct dp_name *out, const char *text,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
