/*
 * Texts that lines of all formats have in common. Pure functions on the
 * caller's memory.
 */
#ifndef DP_LOG_WORD_H
#define DP_LOG_WORD_H

#include <stdint.h>
#include "module/core/event.h"

/* "2026-11-22T19:24:26.123456Z", ISO 8601 in UTC; the first day of 1970 where
 * the time is past the year 9999. */
#define DP_LOG_TIME_MAX 28 /* with the NUL */
void dp_log_time_text(uint64_t time_us, char text[DP_LOG_TIME_MAX]);

/* The name of the group, ASCII only, what is not printable as \DDD. */
#define DP_LOG_GROUP_MAX (4 * UINT8_MAX + 1)
void dp_log_group_text(const struct dp_event *e, char text[DP_LOG_GROUP_MAX]);

/* Address i of the answer, IPv4 first. */
void dp_log_address_text(const struct dp_event *e, size_t i,
    char text[DP_ADDR_TEXT_MAX]);

#endif
