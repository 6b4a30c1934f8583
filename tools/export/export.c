#include "dp_config.h"

#include "tools/export/export.h"

#include <stdio.h>
#include <time.h>

const char *dp_export_pin_word(enum dp_pin_state pin)
{
	switch (pin) {
	case DP_PIN_INSIDE:
		return "inside";
	case DP_PIN_OUTSIDE:
		return "outside";
	case DP_PIN_NONE:
		break;
	}
	return "none";
}

const char *dp_export_name(const struct dp_export *x)
{
	return x->name ? x->name : "dnspin";
}

void dp_export_when(uint32_t now_s, char text[DP_EXPORT_WHEN_MAX])
{
	time_t now = (time_t)now_s;
	struct tm tm;

	if (!gmtime_r(&now, &tm) ||
	    strftime(text, DP_EXPORT_WHEN_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(text, DP_EXPORT_WHEN_MAX, "?");
}
