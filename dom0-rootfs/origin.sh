#!/bin/sh
# origin.sh DEPS: for each file in the sysroot `file<TAB>source version`.
set -eu

for files in "$1"/*.files; do
	name=$(basename "$files" .files)
	source=$(sed -n 's/^source: //p' "$1/../sysroot/share/origin/$name")
	sed "s|^\./||; s|\$|	$source|" "$files"
done
