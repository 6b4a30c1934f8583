#!/bin/sh
# Is the markup of all manuals sound?
cd "${DNSPIN_SRCDIR:-.}" || exit 99
if ! command -v mandoc >/dev/null; then
	echo "skipped: mandoc is not installed"
	exit 77
fi
count=0
failed=0
for manual in tools/*.[1-8] tools/*/*.[1-8] module/*.[1-8] tests/bench/*.[1-8]; do
	[ -f "$manual" ] || continue
	count=$((count + 1))
	mandoc -T lint -W warning "$manual" || failed=1
done
echo "$count manuals"
[ "$count" -ge 4 ] || failed=1
exit "$failed"
