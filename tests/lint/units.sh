#!/bin/sh
# Does systemd take the units, are they as closed as they can be, and do the
# folders of the state directory get their owners?
build="${DNSPIN_BUILDDIR:-.}"
source="${DNSPIN_SRCDIR:-.}"
for command in systemd-analyze systemd-sysusers systemd-tmpfiles; do
	if ! command -v "$command" > /dev/null; then
		echo "skipped: $command is not installed"
		exit 77
	fi
done
failed=0
wrong() {
	echo "wrong: $*"
	failed=1
}

root=$(mktemp -d) || exit 99
trap 'rm -rf "$root"' EXIT
state=$(sed -n 's/^ReadWritePaths=-\(.*\)\/sync$/\1/p' \
	"$build/tools/dnspin-sync.service")

mkdir "$root/units"
# The unit $1 with an exposure of at most $2 tenths.
check() {
	# verify wants the command to be there.
	sed "s|^ExecStart=[^ ]*/dnspin |ExecStart=$(command -v true) |" \
		"$build/tools/$1" > "$root/units/$1"
	said=$(systemd-analyze verify --man=no --recursive-errors=no \
		"$root/units/$1" 2>&1) || wrong "verify $1"
	[ -z "$said" ] || wrong "verify says: $said"
	systemd-analyze security --offline=yes --threshold="$2" --no-pager \
		"$root/units/$1" > "$root/security" 2>&1 ||
		wrong "$1: exposure above $2: $(cat "$root/security")"
	tail -n 1 "$root/security"
}
check dnspin-sync.service 20
check dnspin-log.service 15

# As root only: files of other users.
if [ "$(id -u)" -eq 0 ]; then
	mkdir -p "$root/system/etc" "$root/system/$(dirname "$state")"
	printf 'u unbound -\n' > "$root/unbound.conf"
	systemd-sysusers --root="$root/system" "$root/unbound.conf" \
		"$source/tools/sysusers.d/dnspin.conf" || wrong "sysusers"
	for turn in first second; do
		systemd-tmpfiles --root="$root/system" --create \
			"$build/tools/tmpfiles.d/dnspin.conf" || wrong "tmpfiles, $turn"
	done
	owner=$(sed -n 's/^dnspin:[^:]*:\([0-9]*\):.*/\1/p' \
		"$root/system/etc/passwd")
	[ -n "$owner" ] && [ "$owner" = "$(stat -c %u \
		"$root/system$state/sync")" ] || wrong "the owner of $state/sync"
	grep -q '^dnspin-log:' "$root/system/etc/passwd" ||
		wrong "no user dnspin-log"
	[ "$(stat -c %u "$root/system$state")" = 0 ] ||
		wrong "the owner of $state"
	[ "$(stat -c '%U' "$root/system$state/unbound")" != root ] ||
		wrong "the owner of $state/unbound"
else
	echo "not root: owners were not tried"
fi
exit "$failed"
