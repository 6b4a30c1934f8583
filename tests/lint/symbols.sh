#!/bin/sh
# dlopen(3) puts the module's symbols into one space with the server's: it must
# give out the six entry points and nothing else, and miss nothing of its own.
module="${DNSPIN_BUILDDIR:-.}/.libs/dnspin.so"
wanted="clear deinit get_mem inform_super init operate"
if [ ! -f "$module" ]; then
	echo "$module: not built"
	exit 1
fi
given=$("${NM:-nm}" -D --defined-only "$module" | awk '{ print $NF }' |
	LC_ALL=C sort | tr '\n' ' ')
missed=$("${NM:-nm}" -D --undefined-only "$module" | awk '{ print $NF }' |
	grep '^dp_')
echo "given: $given"
failed=0
if [ "${given% }" != "$wanted" ]; then
	echo "wanted: $wanted"
	failed=1
fi
if [ -n "$missed" ]; then
	echo "missed: $missed"
	failed=1
fi
exit "$failed"
