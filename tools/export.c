#include "tools/export.h"

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
