#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/log/log_frames.h"

#define CONTENT "protobuf:dnstap.Dnstap"
#define FIELD "\0\0\0\1\0\0\0\x16" CONTENT

static void frames_are_as_the_standard_has_them(void)
{
	static const char wanted[] =
	    "\0\0\0\0\0\0\0\x22\0\0\0\2" FIELD /* START */
	    "\0\0\0\3abc"
	    "\0\0\0\0\0\0\0\4\0\0\0\3"; /* STOP */
	struct dp_log_batch b = { .size_b = 0 };

	dp_frames_start(&b);
	dp_frames_add(&b, "abc", 3);
	dp_frames_stop(&b);
	CU_ASSERT_EQUAL_FATAL(b.size_b, sizeof(wanted) - 1);
	CU_ASSERT_EQUAL(memcmp(b.bytes, wanted, b.size_b), 0);
	dp_log_batch_free(&b);
}

/* The peer's answer lies ready, or the peer is gone. */
static enum dp_err greet(const char *answer, size_t size_b)
{
	struct dp_diag diag;
	enum dp_err err;
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	CU_ASSERT_EQUAL(write(pair[1], answer, size_b), (ssize_t)size_b);
	CU_ASSERT_EQUAL(shutdown(pair[1], SHUT_WR), 0);
	err = dp_frames_greet(pair[0], "peer", &diag);
	dp_frames_leave(pair[0]);
	close(pair[0]);
	close(pair[1]);
	return err;
}

static void the_peer_must_accept(void)
{
	static const char accept[] =
	    "\0\0\0\0\0\0\0\x22\0\0\0\1" FIELD;
	static const char finish[] = "\0\0\0\0\0\0\0\4\0\0\0\5";
	static const char other[] =
	    "\0\0\0\0\0\0\0\x10\0\0\0\1\0\0\0\1\0\0\0\4text";
	static const char huge[] = "\0\0\0\0\xff\xff\xff\xff\0\0\0\1";

	CU_ASSERT_EQUAL(greet(accept, sizeof(accept) - 1), DP_OK);
	for (size_t n = 0; n < sizeof(accept) - 1; n++)
		CU_ASSERT_EQUAL(greet(accept, n), DP_ERR_IO);
	CU_ASSERT_EQUAL(greet(finish, sizeof(finish) - 1), DP_ERR_IO);
	CU_ASSERT_EQUAL(greet(other, sizeof(other) - 1), DP_ERR_IO);
	CU_ASSERT_EQUAL(greet(huge, sizeof(huge) - 1), DP_ERR_IO);
}

UNIT_MAIN("log_frames", UNIT(frames_are_as_the_standard_has_them),
    UNIT(the_peer_must_accept))
