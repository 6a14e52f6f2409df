#!/bin/sh
# sources.sh OUT VERSION DEBS LICENCES GRUB...: the corresponding sources of what
# is in the image, into the folder OUT; started at the top of the built tree.
#   OUT/own/        this tree, with the recipes that build the rest
#   OUT/SOURCE_VERSION/   each source package, as Debian has it
#   OUT/relink/     our programs before they are linked, and how that is done
#   OUT/SUBSTITUTED       what the archive has lost in part, and what is there
#   OUT/MISSING           what it has lost altogether, if anything: then this
#                         fails in the end
#   OUT/SHA256SUMS
# DEBS lists the packages whose files are in the image as they are; GRUB are
# packages of the build host.  What has no source (LICENCES: LicenseRef) is
# left out.
set -eu

out=$1 version=$2 debs=$3 licences=$4
shift 4
apt=dom0-rootfs/apt.sh
rm -rf "$out"
mkdir -p "$out/own" "$out/relink"

# lay DIR: a source package of the cache
lay()
{
	to=$out/$(basename "$1")
	mkdir -p "$to"
	while read -r _ file; do
		ln -f "$1/$file" "$to/" 2>/dev/null || cp "$1/$file" "$to/"
	done <"$1/SHA256SUMS"
}

# source_of PACKAGE VERSION: that one; where the archive has lost a file of it, what
# is next to it: another revision of the same upstream version, or that without
# Debian's part
source_of()
{
	dir=$("$apt" source "$1" "$2" 2>/dev/null) ||
	    dir=$("$apt" source "$1" "${2%-*}-*" 2>/dev/null) ||
	    dir=$("$apt" source -o "$1" "$2" "${2%-*}-*" 2>/dev/null) ||
	    { echo "$1 $2" >>"$out/MISSING"; return; }
	lay "$dir"
	if [ "$(cat "$dir/SOURCE")" != "$1 $2" ] ||
	    ! grep -q '\.dsc$' "$dir/SHA256SUMS"; then
		echo "$1 $2: $(cd "$dir" && echo ./*.*)" >>"$out/SUBSTITUTED"
	fi
}

# is_free PACKAGE: has it a source?
is_free()
{
	while read -r pattern licence; do
		# shellcheck disable=SC2254 # it is a pattern
		case $1 in
		$pattern)
			case $licence in LicenseRef-*) return 1 ;; esac
			return 0
			;;
		esac
	done <"$licences"
}

git archive --prefix="bedplate-$version/" HEAD |
    xz -T0 >"$out/own/bedplate-$version.tar.xz"

for src in build/deps/*.src; do
	lay "$(sed -n 1p "$src")"
done

# what a signed kernel was signed of is what it was built of
while read -r deb; do
	is_free "$(dpkg-deb -f "$deb" Package)" || continue
	# shellcheck disable=SC2016 # fields of dpkg
	dpkg-deb --showformat='${source:Package} ${source:Version} ${Built-Using}\n' \
	    -W "$deb"
done <"$debs" | sed 's/^\([^ ]*\)-signed-amd64 .* \1 (= \([^)]*\)).*/\1 \2/' |
    cut -d ' ' -f 1,2 | sort -u >"$out/.wanted"
host=$(sed -n 's/^host: \([^ ]*\) .*/\1/p' build/sysroot/share/origin/*)
# shellcheck disable=SC2016,SC2086 # fields of dpkg; a list of words
dpkg-query -W -f '${source:Package} ${source:Version}\n' "$@" $host \
    >>"$out/.wanted"
sort -u "$out/.wanted" | while read -r name of; do
	source_of "$name" "$of"
done
rm "$out/.wanted"

cp build/musl/obj/*.whole.o "$out/relink/"
cp iso/relink.sh "$out/relink/"
cp build/musl/*.link "$out/relink/"
(cd "$out" && find . -type f | LC_ALL=C sort | xargs sha256sum) \
    >"$out.sums.tmp" # not in itself
mv "$out.sums.tmp" "$out/SHA256SUMS"
[ ! -s "$out/MISSING" ] || {
	echo "the archive has no source of:" >&2
	cat "$out/MISSING" >&2
	exit 1
}
du -sh "$out" | sed 's/\t.*/ of sources/'
