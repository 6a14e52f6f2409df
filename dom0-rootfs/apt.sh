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
#       tarball is enough.  Prints the directory; its SHA256SUMS lists the files,
#       its SOURCE has name and version.
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

# one_source VERSION ORIG_ONLY: 1 when the mirror lacks a file of it
one_source()
{
	dir=$cache/src/${pkg}_$(echo "$1" | tr ':' '_')
	[ ! -f "$dir/SHA256SUMS" ] || return 0
	rm -rf "$dir" # apt says nothing of files that are already here
	mkdir -p "$dir"
	echo "$pkg $1" >"$dir/SOURCE"
	cd "$dir"
	apt-get -q source --print-uris "$pkg=$1" >uris 2>/dev/null || return 1
	# fails when one file of several is gone, and keeps the others
	apt-get -q source --download-only "$pkg=$1" >log 2>&1 || :
	sed -n "s/^'[^']*' //p" uris | while read -r file _ sum; do
		case $file in
		*.asc) continue ;;
		*.orig.tar.*) ;;
		*) [ -z "$2" ] || [ -f "$file" ] || continue ;;
		esac
		fetched "$file" "${sum#SHA256:}" || exit 1
		echo "${sum#SHA256:}  $file"
	done >SHA256SUMS.tmp || return 1
	[ -s SHA256SUMS.tmp ] || return 1
	rm -f uris log
	mv SHA256SUMS.tmp SHA256SUMS
}

source_()
{
	orig=
	if [ "${1:-}" = -o ]; then
		orig=1
		shift
	fi
	pkg=${1:?package}
	shift
	[ $# -gt 0 ] || set -- '*'
	# newest first
	versions=$(apt-cache showsrc --only-source "$pkg" |
	    awk '$1 == "Version:" { print $2 }' | sort -ru |
	    sort_versions)
	for pattern; do
		for v in $versions; do
			# shellcheck disable=SC2254 # it is a pattern
			case $v in $pattern) ;; *) continue ;; esac
			if one_source "$v" "$orig"; then
				echo "$dir"
				return 0
			fi
			rm -rf "$dir"
		done
	done
	die "no complete source of $pkg $* among: $versions"
}

# versions on stdin, newest first on stdout, in dpkg's order
sort_versions()
{
	perl -e 'print sort { system("dpkg", "--compare-versions",
	    $a =~ s/\n//r, "gt", $b =~ s/\n//r) ? 1 : -1 } <>'
}

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
