#!/bin/sh
# build.sh NAME: builds the third-party component NAME for the image, unless
# the cache has it already, and lays the result into build/sysroot.  Reads
#   build/deps/NAME.sh     the recipe, run in the unpacked source
#   build/deps/NAME.in     lines: `licence ..`, `need NAME`, `file PATH`
#   build/deps/NAME.src    lines: the source's directory, `deb PATH`
# The recipe's world: P (install here: bin include lib), OUT (what it needs,
# same shape), MCC (compiler for musl), OPT, J (flag for make), NA, FILES, DEBS.
# The cache's key is a hash over everything that decides the result.
set -eu

name=$1
top=$(cd "$(dirname "$0")/../.." && pwd)
b=$top/build
in=$b/deps/$name
cache=${BEDPLATE_CACHE:-$HOME/.cache/bedplate}
src=$(sed -n 1p "$in.src")
needs=$(sed -n 's/^need //p' "$in.in")
FILES=$(sed -n "s,^file ,$top/,p" "$in.in")
DEBS=$(sed -n 's/^deb //p' "$in.src")
[ -f "$src/SHA256SUMS" ] || { rm -f "$in.src"; echo "$name: source is gone, run make again" >&2; exit 1; }

# kernel headers (deb) are left out: within one series they only grow
hash=$({
	gcc --version | head -n 1
	cat "$top/dom0-rootfs/deps/build.sh" "$in.sh" "$src/SHA256SUMS"
	for f in $FILES; do cat "$f"; done
	for n in $needs; do basename "$(cat "$b/deps/$n.done")"; done
} | sha256sum | cut -c 1-16)
prefix=$cache/deps/$name-$hash
work=$cache/work/$name-$hash

# compiler ROOT DIR: DIR/musl-cc compiles against ROOT/include and ROOT/lib
compiler()
{
	mkdir -p "$2"
	sed "s,/MUSLROOT,$1,g" "$1/lib/musl-gcc.specs" >"$2/musl.specs"
	printf '#!/bin/sh\nexec gcc "$@" -specs "%s" -ffile-prefix-map="%s=."\n' \
	    "$2/musl.specs" "$3" >"$2/musl-cc"
	chmod +x "$2/musl-cc"
}

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
	    compiler "$work/root" "$work/tools" "$work"
	P=$work/out OUT=$work/root MCC=$work/tools/musl-cc
	OPT='-O2 -g0 -ffunction-sections -fdata-sections'
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
	export P OUT MCC OPT NA J FILES DEBS MAKEFLAGS LC_ALL=C TZ=UTC
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
	if ! (cd "$work/src" && sh -eux "$in.sh") >>"$work/log" 2>&1; then
		tail -n 30 "$work/log" >&2
		echo "$name: failed; log: $work/log" >&2
		exit 1
	fi
	# shellcheck disable=SC2016 # for pkg-config to expand
	for f in "$P"/lib/pkgconfig/*.pc; do
		[ ! -f "$f" ] || sed -i \
		    's,^prefix=.*,prefix=${pcfiledir}/../..,' "$f"
	done
	for f in "$P"/bin/*; do
		[ ! -f "$f" ] || [ -h "$f" ] || strip "$f" || exit 1
	done
	{
		echo "name: $name"
		echo "source: $(basename "$src")"
		sed -n 's/^licence /licence: /p' "$in.in"
		sed 's/^/sha256: /' "$src/SHA256SUMS"
		for f in $DEBS; do echo "deb: $(basename "$f")"; done
	} >"$P/ORIGIN"
	echo "$name: built in $(($(date +%s) - start)) s"
	mkdir -p "$cache/deps"
	mv "$P" "$prefix"
	rm -rf "$work"
}

mkdir -p "$cache/work"
exec 8>"$cache/work/$name.lock"
flock 8
[ -d "$prefix" ] || build 8>&-

# into the sysroot, in place of what an earlier version left there
mkdir -p "$b/sysroot/share/origin" "$b/tools"
if [ -f "$in.files" ]; then
	(cd "$b/sysroot" && xargs -r -d '\n' rm -f) <"$in.files"
fi
(cd "$prefix" && find bin include lib ! -type d 2>/dev/null) >"$in.files" || :
for d in bin include lib; do
	[ ! -d "$prefix/$d" ] || cp -a "$prefix/$d" "$b/sysroot/"
done
cp "$prefix/ORIGIN" "$b/sysroot/share/origin/$name"
[ "$name" != musl ] || compiler "$b/sysroot" "$b/tools" "$top"
echo "$prefix" >"$in.done.tmp"
mv "$in.done.tmp" "$in.done"
