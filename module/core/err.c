#include "module/core/err.h"

#include <stdarg.h>
#include <stdio.h>

const char *dp_err_text(enum dp_err err)
{
	static const char *const text[] = {
		[DP_OK] = "success",
		[DP_ERR_NOMEM] = "out of memory",
		[DP_ERR_IO] = "input/output error",
		[DP_ERR_NOTFOUND] = "not found",
		[DP_ERR_SYNTAX] = "syntax error",
		[DP_ERR_FORMAT] = "wrong format",
		[DP_ERR_VERSION] = "wrong version",
		[DP_ERR_DIGEST] = "digest does not fit",
		[DP_ERR_SIGNATURE] = "signature does not fit",
		[DP_ERR_LIMIT] = "limit exceeded",
		[DP_ERR_FULL] = "full",
		[DP_ERR_BUSY] = "busy",
	};

	if ((unsigned)err >= sizeof(text) / sizeof(text[0]))
		return "unknown error";
	return text[err];
}

/* What is said quotes files: it must stay one line, and no terminal must take
 * it for commands. */
static void clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void dp_diag_set(struct dp_diag *d, const char *object, unsigned long line,
    const char *fmt, ...)
{
	va_list args;

	if (!d)
		return;
	if (object) {
		snprintf(d->object, sizeof(d->object), "%s", object);
		clean(d->object);
	}
	d->line = line;
	va_start(args, fmt);
	vsnprintf(d->reason, sizeof(d->reason), fmt, args);
	va_end(args);
	clean(d->reason);
}
