/*
 * A sealed log of two files, and what verify says when one of them is exchanged
 * for what somebody made of it.
 */
#ifndef DP_TAMPERED_H
#define DP_TAMPERED_H

#include "tests/unit/sealed_parts.h"

static struct sealed tampered_log; /* as it was written */
static struct sealed_report tampered;

/* Both files, but in the place of file `which` that one. */
static inline void tampered_with(size_t which, const struct sealed_file *f,
    const struct sealed_question *q)
{
	const struct sealed_file *files[2] = { &tampered_log.files[0],
		&tampered_log.files[1] };

	files[which] = f;
	sealed_verify(&tampered, files, 2, q);
	CU_ASSERT_EQUAL(tampered.err, DP_OK);
}

static inline void tampered_log_is_made(void)
{
	sealed_two(&tampered_log);
}

#endif
