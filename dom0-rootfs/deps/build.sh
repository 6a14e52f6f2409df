#!/bin/sh
# build.sh NAME: builds the third-party component NAME for the image, unless
# the cache has it already, and lays the result into build/sysroot.  Reads
#   build/deps/NAME.sh     the recipe, run in the unpacked source
#   build/deps/NAME.in     lines `licence ..`, `need NAME`, `file PATH`, `host PACKAGE`
#   build/deps/NAME.src    lines: the source's directory, `deb PATH`
# The recipe's world: P (install here: bin include lib), OUT (what it needs,
# same shape), MCC (compiler for musl), OPT, J (flag for make), NA, FILES, DEBS.
# The cache's key is a hash over everything that decides the result.
set -eu
export LC_ALL=C

name=$1
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
b=$top/build
in=$b/deps/$name
cache=${BEDPLATE_CACHE:-$HOME/.cache/bedplate}
src=$(sed -n 1p "$in.src")
needs=$(sed -n 's/^need //p' "$in.in")
FILES=$(sed -n "s,^file ,$top/,p" "$in.in")
DEBS=$(sed -n 's/^deb //p' "$in.src")
for n in $needs; do
	[ -d "$(cat "$b/deps/$n.done")" ] || src=
done
if [ ! -f "$src/SHA256SUMS" ]; then
	echo "$name: the cache '$cache' was emptied; run make clean first" >&2
	exit 1
fi

# packages of the build host that end up in the result, with versions
host_packages()
{
	sed -n 's/^host //p' "$in.in" | xargs -r dpkg-query -W |
	    sed 's/:amd64//; s/\t/ /'
}

hash=$({
	gcc --version | head -n 1
	host_packages
	cat "$here/build.sh" "$here/compiler.sh" "$in.sh" "$src/SHA256SUMS"
	# DEBS are left out: within one series kernel headers only grow
	for f in $FILES; do cat "$f"; done
	for n in $needs; do basename "$(cat "$b/deps/$n.done")"; done
} | sha256sum | cut -c 1-16)
prefix=$cache/deps/$name-$hash
work=$cache/work/$name-$hash

unpack()
{
	if ls "$src"/*.dsc >/dev/null 2>&1; then
		dpkg-source --no-check -x "$src"/*.dsc "$work/src"
	else
		mkdir "$work/src"
		tar -C "$work/src" --strip-components=1 \
		    -xf "$(find "$src" -name "*.orig.tar.?z*" ! -name "*.asc")"
	fi
	# one time for all, or generated files look out of date
	find "$work/src" -exec touch -h -d @1700000000 {} +
}

environment()
{
	mkdir -p "$work/out" "$work/root/lib"
	: >"$work/out/.needs"
	for n in $needs; do
		p=$(cat "$b/deps/$n.done")
		{ cat "$p/.needs"; echo "$p"; } >>"$work/out/.needs"
	done
	sort -u -o "$work/out/.needs" "$work/out/.needs"
	while read -r p; do
		for d in bin include lib; do
			[ ! -d "$p/$d" ] || cp -as "$p/$d" "$work/root/"
		done
	done <"$work/out/.needs"
	[ ! -f "$work/root/lib/musl-gcc.specs" ] ||
	    "$here/compiler.sh" "$work/root" "$work/tools" "$work"
	# by name, not by path: some programs record how they were compiled
	P=$work/out OUT=$work/root MCC=musl-cc PATH=$work/tools:$PATH
	OPT='-O2 -g0 -ffunction-sections -fdata-sections -fstack-protector-strong'
	NA='ACLOCAL=: AUTOCONF=: AUTOMAKE=: AUTOHEADER=: MAKEINFO=:'
	# of our make's flags only the job server is for theirs
	J=-j$(nproc)
	case ${MAKEFLAGS:-} in
	*--jobserver-auth=*)
		MAKEFLAGS="-j $(echo "$MAKEFLAGS" |
		    grep -o -- '--jobserver-auth=[^ ]*')"
		J= ;;
	*) MAKEFLAGS= ;;
	esac
	unset MFLAGS MAKELEVEL MAKEOVERRIDES CDPATH
	export P OUT MCC PATH OPT NA J FILES DEBS MAKEFLAGS TZ=UTC
	export PKG_CONFIG_LIBDIR="$OUT/lib/pkgconfig" SOURCE_DATE_EPOCH=1700000000
}

build()
{
	rm -rf "$work"
	mkdir -p "$work"
	unpack >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	environment
	start=$(date +%s)
	echo "$name: building"
	(cd "$work/src" && sh -eux "$in.sh") >>"$work/log" 2>&1 || {
		tail -n 30 "$work/log" >&2
		echo "$name: failed; log: $work/log" >&2
		exit 1
	}
	for f in "$P"/lib/pkgconfig/*.pc; do
		# shellcheck disable=SC2016 # for pkg-config to expand
		[ ! -f "$f" ] || sed -i -e 's,^prefix=.*,prefix=${pcfiledir}/../..,' \
		    -e "s,$P,\${prefix},g" "$f"
	done
	for f in "$P"/bin/*; do
		[ ! -f "$f" ] || [ -h "$f" ] || strip "$f" || exit 1
	done
	{
		echo "name: $name"
		echo "source: $(cat "$src/SOURCE")"
		sed -n 's/^licence /licence: /p' "$in.in"
		sed 's/^/sha256: /' "$src/SHA256SUMS"
		for f in $DEBS; do echo "deb: $(basename "$f")"; done
		host_packages | sed 's/^/host: /'
	} >"$P/ORIGIN"
	echo "$name: built in $(($(date +%s) - start)) s"
	mv "$P" "$prefix"
	rm -rf "$work"
}

mkdir -p "$cache/work" "$cache/deps" "$b/sysroot/share/origin" "$b/tools"
exec 8>"$cache/work/$name.lock"
flock 8
[ -d "$prefix" ] || build 8>&-

# into the sysroot; what only an earlier version had goes
(cd "$prefix" && find bin include lib ! -type d 2>/dev/null) |
    sort >"$in.files.tmp" || :
if [ -f "$in.files" ]; then
	comm -23 "$in.files" "$in.files.tmp" |
	    (cd "$b/sysroot" && xargs -r -d '\n' rm -f)
fi
mv "$in.files.tmp" "$in.files"
for d in bin include lib; do
	[ ! -d "$prefix/$d" ] ||
	    cp -a --remove-destination "$prefix/$d" "$b/sysroot/"
done
cp "$prefix/ORIGIN" "$b/sysroot/share/origin/$name"
[ "$name" != musl ] || "$here/compiler.sh" "$b/sysroot" "$b/tools" "$top"
echo "$prefix" >"$in.done.tmp"
mv "$in.done.tmp" "$in.done"
