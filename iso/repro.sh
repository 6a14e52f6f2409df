#!/bin/sh
# repro.sh BUILD [COMPONENT...]: is the same built twice, in two places?  Our
# programs and what is assembled for shipping, from the last commit; or
# third-party components.  Prints PASS or FAIL for each.
set -eu

top=$(pwd)
out=$top/$1/repro
shift
bad=0
rm -rf "$out"
mkdir -p "$out"

# same NAME FILE FILE
same()
{
	if cmp "$2" "$3" >"$out/cmp.log" 2>&1; then
		echo "PASS repro: $1"
	else
		echo "FAIL repro: $1: $(head -n 1 "$out/cmp.log")"
		bad=1
	fi
}

# make_in DIR GOAL...
make_in()
{
	dir=$1
	shift
	"${MAKE:-make}" -C "$dir" -j "$(nproc)" --no-print-directory "$@" \
	    >"$dir.log" 2>&1 || { tail -n 30 "$dir.log"; exit 1; }
}

images()
{
	git clone -q "$top" "$out/one"
	git clone -q "$top" "$out/a-longer-name"
	make_in "$out/one" iso
	make_in "$out/a-longer-name" iso
	(cd "$out/one/build" && find musl rootfs.squashfs initrd.img slot.img \
	    bedplate.iso bedplate.cdx.json manifest.txt -maxdepth 1 -type f) |
	    sort >"$out/names"
	while read -r name; do
		same "$name" "$out/one/build/$name" \
		    "$out/a-longer-name/build/$name"
	done <"$out/names"
}

# sums FOLDER; .needs says where others are
sums()
{
	(cd "$1" && find . -type f ! -name .needs | LC_ALL=C sort |
	    xargs sha256sum)
}

# component NAME: built into a cache of its own, on what it needs from this one
component()
{
	cache=${BEDPLATE_CACHE:-$HOME/.cache/bedplate}
	kept=$(cat "build/deps/$1.done")
	fresh=$out/cache/deps/$(basename "$kept")
	mkdir -p "$out/cache/deps"
	for d in apt debs src; do
		ln -sfn "$cache/$d" "$out/cache/$d"
	done
	for d in "$cache"/deps/*; do
		[ "$d" = "$kept" ] || ln -sfn "$d" "$out/cache/deps/"
	done
	git clone -q "$top" "$out/$1"
	BEDPLATE_CACHE=$out/cache make_in "$out/$1" "build/deps/$1.done"
	sums "$kept" >"$out/$1.kept"
	sums "$fresh" >"$out/$1.fresh"
	same "$1" "$out/$1.kept" "$out/$1.fresh"
}

if [ $# = 0 ]; then
	images
else
	for name; do
		component "$name"
	done
fi
exit "$bad"
