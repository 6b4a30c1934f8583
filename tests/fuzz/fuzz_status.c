/*
 * The status reader on any bytes: it refuses them, or what it gives is text
 * where text must be.
 */
#include "dp_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "module/core/status.h"
#include "tests/fuzz/fuzz.h"

const char fuzz_seeds[] = "tests/fuzz/seeds/status";

static volatile uint64_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct dp_status_head head;
	struct dp_status *s;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (dp_status_open_ro(&s, path, NULL) == DP_OK) {
		if (dp_status_read(s, &head) == DP_OK &&
		    (!memchr(head.unbound, 0, sizeof(head.unbound)) ||
			!memchr(head.trouble, 0, sizeof(head.trouble)) ||
			!memchr(head.notes, 0, sizeof(head.notes))))
			abort();
		for (int i = 0; i < DP_COUNTER_COUNT; i++)
			sink += dp_status_count(s, (enum dp_counter)i);
		dp_status_close(&s);
	}
	close(fd);
	return 0;
}
