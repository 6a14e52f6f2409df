#!/bin/sh
# Installs the Debian packages listed in the file $1 when run by root; for
# anybody else it names what is missing and fails.
set -eu

list=$1
wanted=$(sed -n 's/^\([a-z0-9][^[:space:]]*\).*/\1/p' "$list")
missing=
for p in $wanted; do
	case $p in
	*\?*)
		! command -v "${p#*\?}" >/dev/null || continue
		p=${p%\?*}
		;;
	esac
	s=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) || s=none
	[ "$s" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "please install as root: apt-get install$missing" >&2
	exit 1
fi

echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of words
if ! { apt-get -q update && apt-get -q -y -o Dpkg::Use-Pty=0 \
    -o DPkg::Lock::Timeout=300 install --no-install-recommends $missing; } \
    >"$log" 2>&1; then
	tail -n 40 "$log" >&2
	echo "cannot install:$missing" >&2
	exit 1
fi
