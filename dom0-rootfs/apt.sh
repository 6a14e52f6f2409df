#!/bin/sh
# Debian 13 packages and sources, through an apt state of our own, so that the
# build host's release does not matter and is not changed.  apt verifies every
# file against the signed indexes.  One instance at a time.
#
#   apt.sh update [now]          indexes, at most once a day unless `now`
#   apt.sh deb PKG[=VERSION]...  downloads; prints one path per package
#   apt.sh source [-o] PKG [PATTERN...]
#       downloads the newest source version matching the first PATTERN (shell
#       glob, default *) whose files the mirror still has; with -o the orig
#       tarball is enough.  A PATTERN VERSION@PATH@SHA256 is a file of the mirror
#       that the indexes have forgotten, with the sum they had for it.  Prints
#       the directory; its SHA256SUMS lists the files, its SOURCE has name and
#       version.
#   apt.sh show PKG              the control record of the newest binary
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${BEDPLATE_CACHE:-$HOME/.cache/bedplate}
state=$cache/apt
export APT_CONFIG="$state/apt.conf"

die()
{
	echo "apt.sh: $*" >&2
	exit 1
}

update()
{
	if [ "${1:-}" != now ] && [ -n "$(find "$state/updated" \
	    -mtime -1 2>/dev/null)" ]; then
		return 0
	fi
	"$here/apt-conf.sh" "$state"
	mkdir -p "$cache/debs" "$cache/src"
	apt-get -q -o APT::Update::Error-Mode=any update >"$state/update.log" \
	    2>&1 || {
		cat "$state/update.log" >&2
		[ -f "$state/updated" ] || die "cannot update"
		echo "apt.sh: cannot update, going on with old indexes" >&2
		return 0
	}
	touch "$state/updated"
}

# fetched FILE SHA256: it is there and is what the index says
fetched()
{
	[ -f "$1" ] && echo "$2  $1" | sha256sum --status -c -
}

debs()
{
	cd "$state/empty" # apt prints nothing for a file that is already here
	apt-get -q download --print-uris "$@" >"$state/uris" ||
	    die "unknown package among: $*"
	cd "$cache/debs"
	while read -r _ file _ sum; do
		fetched "$file" "${sum#SHA256:}" || echo "$file"
	done <"$state/uris" >"$state/wanted"
	if [ -s "$state/wanted" ]; then
		apt-get -q download "$@" >"$state/download.log" 2>&1 ||
		    { cat "$state/download.log" >&2; return 1; }
	fi
	while read -r _ file _ sum; do
		fetched "$file" "${sum#SHA256:}" || die "wrong sum: '$file'"
		echo "$cache/debs/$file"
	done <"$state/uris"
}

# shellcheck source=dom0-rootfs/apt-source.sh
. "$here/apt-source.sh"

cmd=${1:-}
[ $# -eq 0 ] || shift
mkdir -p "$state"
exec 9>"$state/lock"
flock 9
case $cmd in
update) update "$@" ;;
deb)
	update
	debs "$@" || { update now && debs "$@"; } || die "cannot download $*"
	;;
source) update; source_ "$@" ;;
show) update; apt-cache show --no-all-versions "$@" ;;
*) die "usage: apt.sh update | deb PKG... | source [-o] PKG [PATTERN...] | show PKG" ;;
esac
