#include "dp_config.h"

#include "tools/log/log_batch.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_B 4096u

void dp_log_batch_add(struct dp_log_batch *b, const void *bytes, size_t size_b)
{
	size_t room_b = b->room_b ? b->room_b : FIRST_B;
	uint8_t *more;

	if (size_b == 0 || b->starved)
		return;
	while (room_b - b->size_b < size_b && room_b <= SIZE_MAX / 4)
		room_b *= 2;
	if (room_b != b->room_b) {
		more = realloc(b->bytes, room_b);
		if (!more) {
			b->starved = true;
			return;
		}
		b->bytes = more;
		b->room_b = room_b;
	}
	memcpy(b->bytes + b->size_b, bytes, size_b);
	b->size_b += size_b;
}

void dp_log_batch_clear(struct dp_log_batch *b)
{
	b->size_b = 0;
	b->starved = false;
}

void dp_log_batch_free(struct dp_log_batch *b)
{
	free(b->bytes);
	*b = (struct dp_log_batch){ .size_b = 0 };
}
