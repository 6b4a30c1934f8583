#include "dp_config.h"

#include "tools/sync/sync_notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void dp_sync_notify(const char *address, const char *word)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = strlen(address);
	int fd;

	if (n == 0 || n >= sizeof(to.sun_path) || !strchr("/@", address[0]))
		return;
	memcpy(to.sun_path, address, n);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, word, strlen(word), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}
