#!/bin/sh
# Does systemd take the unit, is it as closed as it can be, and do the folders
# of the state directory get their owners?
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

# verify wants the command to be there.
mkdir "$root/units"
sed "s|^ExecStart=[^ ]*/dnspin |ExecStart=$(command -v true) |" \
	"$build/tools/dnspin-sync.service" > "$root/units/dnspin-sync.service"
said=$(systemd-analyze verify --man=no --recursive-errors=no \
	"$root/units/dnspin-sync.service" 2>&1) || wrong "verify"
[ -z "$said" ] || wrong "verify says: $said"
systemd-analyze security --offline=yes --threshold=20 --no-pager \
	"$root/units/dnspin-sync.service" > "$root/security" 2>&1 ||
	wrong "exposure above 2.0: $(cat "$root/security")"
tail -n 1 "$root/security"

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
	[ "$(stat -c %u "$root/system$state")" = 0 ] ||
		wrong "the owner of $state"
	[ "$(stat -c '%U' "$root/system$state/unbound")" != root ] ||
		wrong "the owner of $state/unbound"
else
	echo "not root: owners were not tried"
fi
exit "$failed"
