#!/bin/sh
# Is all that is under version control in the tarball too?
cd "${DNSPIN_SRCDIR:-.}" || exit 99
if ! [ -e .git ] || ! command -v git > /dev/null; then
	echo "dist: skipped: no clone, or no git"
	exit 77
fi
lists=$(mktemp -d) || exit 99
trap 'rm -rf "$lists"' EXIT
make -s -C "${DNSPIN_BUILDDIR:-.}" distributed | sort -u > "$lists/tarball"
# What configure and Makefiles are made of goes along by itself.
git -c safe.directory='*' ls-files |
	grep -Ev '\.gitignore$|\.am$|^(acinclude\.m4|configure\.ac)$' |
	sort > "$lists/clone"
echo "$(wc -l < "$lists/clone") files"
[ -s "$lists/clone" ] || exit 1
comm -23 "$lists/clone" "$lists/tarball" > "$lists/missing"
sed 's/$/: is not in the tarball: add it to EXTRA_DIST/' "$lists/missing"
! [ -s "$lists/missing" ]
