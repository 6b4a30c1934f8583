#!/bin/sh
# Are the programs that dnspin-paths(7) names there, and all that attack a path
# named?
cd "${DNSPIN_SRCDIR:-.}" || exit 99
manual=module/dnspin-paths.7
failed=0
count=0
for name in $(sed -n 's/^\.Bq //p' "$manual" | tr -d ','); do
	count=$((count + 1))
	[ -f "tests/e2e/test_$name.py" ] && continue
	echo "$manual: no tests/e2e/test_$name.py"
	failed=1
done
for program in tests/e2e/test_paths_*.py; do
	name=${program#tests/e2e/test_}
	grep -q "^\.Bq.*\<${name%.py}\>" "$manual" && continue
	echo "$manual: does not name $program"
	failed=1
done
echo "$count programs named"
[ "$count" -ge 30 ] || failed=1
exit "$failed"
