/*
 * Where names of different owners part: the public suffix list, and domains of
 * content networks and clouds, of which it knows parts only. A wildcard on such
 * a suffix would allow what others put there. Single-threaded.
 */
#ifndef DP_SUFFIX_H
#define DP_SUFFIX_H

#include <stddef.h>
#include "module/core/err.h"
#include "module/core/name.h"

struct dp_suffix_list;

/* The system's list, or else the one that the library was built with. exempt:
 * count suffixes that are to be taken as somebody's own, borrowed until
 * close. */
enum dp_err dp_suffixes_open(struct dp_suffix_list **out,
    const struct dp_name *exempt, size_t count,
    struct dp_diag *diag) DP_MUST_CHECK;
void dp_suffixes_close(struct dp_suffix_list **s);

/*
 * How many labels of name, from the right and with the root label, make the
 * domain that one owner registered: 3 for www.example.org, whose domain is
 * example.org. 0: name is itself a suffix that many share, or lies where no
 * label parts owners for certain.
 */
unsigned dp_suffixes_labels(const struct dp_suffix_list *s,
    const struct dp_name *name);

#endif
