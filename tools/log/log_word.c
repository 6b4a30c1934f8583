#include "dp_config.h"

#include "tools/log/log_word.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define US UINT64_C(1000000)
#define END_S UINT64_C(253402300800) /* of the year 9999 */

static void put_digits(char *at, int count, unsigned number)
{
	while (count-- > 0) {
		at[count] = (char)('0' + number % 10);
		number /= 10;
	}
}

/* For each event: gmtime_r and no printf. */
void dp_log_time_text(uint64_t time_us, char text[DP_LOG_TIME_MAX])
{
	uint64_t time_s = time_us / US;
	time_t t = time_s < END_S ? (time_t)time_s : 0;
	struct tm tm;

	gmtime_r(&t, &tm);
	memcpy(text, "0000-00-00T00:00:00.000000Z", DP_LOG_TIME_MAX);
	put_digits(text, 4, (unsigned)tm.tm_year + 1900);
	put_digits(text + 5, 2, (unsigned)tm.tm_mon + 1);
	put_digits(text + 8, 2, (unsigned)tm.tm_mday);
	put_digits(text + 11, 2, (unsigned)tm.tm_hour);
	put_digits(text + 14, 2, (unsigned)tm.tm_min);
	put_digits(text + 17, 2, (unsigned)tm.tm_sec);
	put_digits(text + 20, 6, (unsigned)(time_us % US));
}

void dp_log_group_text(const struct dp_event *e, char text[DP_LOG_GROUP_MAX])
{
	for (size_t i = 0; i < e->group_b && i < UINT8_MAX; i++) {
		uint8_t octet = (uint8_t)e->group[i];

		if (octet > ' ' && octet < 0x7f)
			*text++ = (char)octet;
		else
			text += dp_octet_escape(octet, text);
	}
	*text = '\0';
}

void dp_log_address_text(const struct dp_event *e, size_t i,
    char text[DP_ADDR_TEXT_MAX])
{
	struct dp_addr a = i < e->v4_count ?
	    dp_addr_v4(e->v4[i]) : dp_addr_v6(e->v6[i - e->v4_count]);

	(void)dp_addr_to_text(&a, text);
}
