#!/bin/sh
# relink.sh MUSL-CC OUT: links our programs anew, from the objects beside this
# file, with the libraries that MUSL-CC finds.  To change one of those: unpack
# own/bedplate-*.tar.xz, change its recipe or source, `make deps`, and give the
# build/tools/musl-cc of that tree.  Programs without an object here are compiled
# from their sources in one step by `make rootfs`.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cc=$1 out=$2
mkdir -p "$out"
for link in "$here"/*.link; do
	name=$(basename "$link" .link)
	# shellcheck disable=SC2046 # flags
	"$cc" $(sed -n 1p "$link") -o "$out/$name" "$here/$name.whole.o" \
	    $(sed -n 2p "$link")
	echo "$out/$name"
done
