#!/bin/sh
# unpack.sh DEBS OUT: unpacks the packages listed in DEBS into OUT and writes
# OUT/ORIGIN, a line `path<TAB>package version` for each file.
set -eu

debs=$1
out=$2
rm -rf "$out" "$out.tmp"
mkdir -p "$out.tmp"
while read -r deb; do
	origin=$(dpkg-deb -f "$deb" Package)\ $(dpkg-deb -f "$deb" Version)
	dpkg-deb --fsys-tarfile "$deb" | tar -C "$out.tmp" -x \
	    --no-same-owner --exclude='./usr/share/doc' -v |
	    sed -n "s,^\./\(.*[^/]\)\$,\1	$origin,p" >>"$out.tmp/ORIGIN"
done <"$debs"
mv "$out.tmp" "$out"
