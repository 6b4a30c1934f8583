#include "dp_config.h"

#include "tests/unit/unit.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/sync/sync_notify.h"

/* A socket at address; -1: refused. */
static int listener(const char *address)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(at.sun_path, address, strlen(address));
	if (at.sun_path[0] == '@')
		at.sun_path[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&at,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
		strlen(address))), 0);
	return fd;
}

static void the_word_arrives(void)
{
	char path[64], abstract[64];
	const char *addresses[2] = { path, abstract };

	snprintf(path, sizeof(path), "/tmp/dnspin-notify.%d", (int)getpid());
	snprintf(abstract, sizeof(abstract), "@dnspin-notify.%d",
	    (int)getpid());
	for (size_t i = 0; i < 2; i++) {
		int fd = listener(addresses[i]);
		char text[32] = "";

		dp_sync_notify(addresses[i], "READY=1");
		CU_ASSERT_EQUAL(recv(fd, text, sizeof(text), MSG_DONTWAIT), 7);
		CU_ASSERT_STRING_EQUAL(text, "READY=1");
		close(fd);
	}
	unlink(path);
}

static void nobody_there_is_no_failure(void)
{
	char large[300];
	int next = dup(0);

	close(next);
	memset(large, '/', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	dp_sync_notify("/nowhere/socket", "READY=1");
	dp_sync_notify("", "READY=1");
	dp_sync_notify("relative", "READY=1");
	dp_sync_notify(large, "READY=1");
	/* no descriptor is left open */
	CU_ASSERT_EQUAL(dup(0), next);
	close(next);
}

UNIT_MAIN("sync_notify", UNIT(the_word_arrives),
    UNIT(nobody_there_is_no_failure))
