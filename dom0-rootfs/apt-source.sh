# The part of apt.sh that finds sources; it sets state, cache and die.
# shellcheck shell=sh disable=SC2154

# one_source VERSION ORIG_ONLY: 1 when the mirror lacks a file of it
one_source()
{
	dir=$cache/src/${pkg}_$(echo "$1" | tr ':' '_')
	[ ! -f "$dir/SHA256SUMS" ] || return 0
	rm -rf "$dir" # apt says nothing of files that are already here
	mkdir -p "$dir"
	echo "$pkg $1" >"$dir/SOURCE"
	cd "$dir" || return 1
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

# forgotten_source VERSION@PATH@SHA256: as one_source
forgotten_source()
{
	dir=$cache/src/${pkg}_$(echo "${1%%@*}" | tr ':' '_')
	[ ! -f "$dir/SHA256SUMS" ] || return 0
	mkdir -p "$dir"
	path=${1#*@} sum=${1##*@}
	path=${path%@*}
	mirror=$(awk '$1 == "deb" { print $3; exit }' "$state/sources.list")
	/usr/lib/apt/apt-helper download-file "${mirror%/}/$path" \
	    "$dir/${path##*/}" "SHA256:$sum" >"$state/download.log" 2>&1 ||
	    return 1
	echo "$pkg ${1%%@*}" >"$dir/SOURCE"
	echo "$sum  ${path##*/}" >"$dir/SHA256SUMS"
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
		case $pattern in
		*@*)
			! forgotten_source "$pattern" || { echo "$dir"; return 0; }
			continue
			;;
		esac
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
